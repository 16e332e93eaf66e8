"""What speaks for and against the first candidate, in numbers that the confidence weighs.

Tried without gain: the predictive variance of the ridge, similarities by edit distance, sums over all scores, the
phrasings outside of everything as a target of their own.
"""

from math import log
from typing import NamedTuple, Protocol

from app.matching import elsewhere
from app.matching.vocabulary import Reading, Vocabulary


class Evidence(NamedTuple):
    """The names are those in ``weights.json``; changing what one means needs new weights."""

    strength: float
    """Logarithm of the score: between hardly and not at all lies more than between well and better."""
    runner_up: float
    """The second candidate's score as a share of the first's."""
    shared: float
    """Rarity of the characters that the nearest phrasing of the target has in common with the question, summed."""
    cover: float
    """Share of the question, by rarity, whose characters stand in some phrasing of the target."""
    length: float
    """Logarithm of how many different characters the question has: a text that repeats itself says no more."""
    elsewhere: float
    """1 when the question has words of other people's business that no phrasing of the target has."""


class Target(Protocol):
    """What the evidence asks of the first candidate."""

    def nearest(self) -> set[int]:
        """Grams of the phrasing that is most like the question."""
        ...

    def holds(self, grams: list[int]) -> list[bool]:
        """Which of the grams stand in some phrasing."""
        ...

    def has(self, word: str) -> bool:
        """Whether the word stands in some phrasing."""
        ...


def weigh(text: str, reading: Reading, target: Target, score: float, second: float, vocabulary: Vocabulary) -> Evidence:
    """``text`` is normalised and not empty; ``score``, above 0, is the target's, ``second`` the next one's or 0."""
    characters = reading.characters
    rarities: list[float] = vocabulary.rarities[characters].tolist() if characters else []
    nearest = target.nearest()
    total = sum(rarities) + reading.strangers * vocabulary.rarity_of_strangers
    held = target.holds(characters)
    return Evidence(
        strength=log(score),
        runner_up=second / score,
        shared=sum([rarity for number, rarity in zip(characters, rarities, strict=True) if number in nearest]),
        cover=sum([rarity for is_held, rarity in zip(held, rarities, strict=True) if is_held]) / total,
        length=log(1 + len(characters) + reading.strangers),
        elsewhere=float(any(not target.has(word) for word in elsewhere.words(text))),
    )
