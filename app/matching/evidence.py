"""What speaks for and against the first candidate, in numbers that the confidence weighs.

Tried without gain: the predictive variance of the ridge, similarities by edit distance, sums over all scores.
"""

from dataclasses import dataclass
from math import log
from typing import NamedTuple

import numpy as np

from app.matching import elsewhere
from app.matching.postings import Floats, Integers
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
    """Logarithm of the question's length."""
    elsewhere: float
    """1 when the question has words of other people's business that no phrasing of the target has."""


@dataclass(frozen=True, slots=True)
class Target:
    """What may be matched, and what its phrasings are made of."""

    name: str
    rows: Integers
    """Where its phrasings stand among all."""
    phrasings: list[str]
    characters: list[frozenset[int]]
    """By phrasing."""
    all_characters: frozenset[int]

    @classmethod
    def of(cls, name: str, rows: list[int], phrasings: list[str], readings: list[Reading]) -> "Target":
        characters = [frozenset(reading.characters) for reading in readings]
        return cls(name, np.array(rows, np.intp), phrasings, characters, frozenset().union(*characters))

    def has(self, word: str) -> bool:
        return any(word in phrasing for phrasing in self.phrasings)


class Question(NamedTuple):
    text: str
    """Normalised, not empty."""
    reading: Reading
    likeness: Floats
    """To each phrasing."""


def weigh(question: Question, target: Target, score: float, second: float, vocabulary: Vocabulary) -> Evidence:
    """``score``, above 0, is the target's, ``second`` the next one's or 0."""
    text, reading, likeness = question
    characters, rarities = reading.characters, vocabulary.rarities
    nearest = target.characters[likeness[target.rows].argmax()]
    total = sum([rarities[number] for number in characters]) + reading.strangers * vocabulary.rarity_of_strangers
    return Evidence(
        strength=log(score),
        runner_up=second / score,
        shared=sum([rarities[number] for number in characters if number in nearest]),
        cover=sum([rarities[number] for number in characters if number in target.all_characters]) / total,
        length=log(1 + len(text)),
        elsewhere=float(any(not target.has(word) for word in elsewhere.words(text))),
    )
