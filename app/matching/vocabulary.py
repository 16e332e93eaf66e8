"""The grams that the knowledge holds, how much each of them tells, and texts read as lists of them."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from math import log
from typing import NamedTuple, TypeVar

from app.matching.features import WINDOW, pairs, syllable

Gram = TypeVar("Gram", bound=Hashable)

NOTHING = -1
"""Stands for a gram that no phrasing holds."""


class Reading(NamedTuple):
    """What a vocabulary knows of a text: numbers of its known grams, each once."""

    characters: list[int]
    pairs: list[int]
    syllables: list[int]
    strangers: int
    """How many different characters of the text no phrasing holds."""


class Character(NamedTuple):
    """All that starts from a character, so that reading a text takes one look-up for each."""

    number: int
    syllable: int
    neighbours: dict[str, int]
    """The other character of a known pair → number of the pair."""


class Vocabulary:
    """All grams of the phrasings. Immutable."""

    def __init__(self, texts: Sequence[str]) -> None:
        characters = _count(texts)
        couples = _count(map(pairs, texts))
        syllables = _count(map(syllable, text) for text in texts)
        frequencies = [*characters.values(), *couples.values(), *syllables.values()]
        self.rarities = [log((1 + len(texts)) / (1 + n)) + 1 for n in frequencies]
        """By number of the gram: inverse document frequency, 1 where every phrasing holds it, more the rarer it is."""
        self.rarity_of_strangers = log(1 + len(texts)) + 1
        self._syllables = _number(syllables, len(characters) + len(couples))
        self._characters = {
            character: Character(number, self._syllables[syllable(character)], {})
            for character, number in _number(characters, 0).items()
        }
        for (first, second), number in _number(couples, len(characters)).items():
            self._characters[first].neighbours[second] = number
            self._characters[second].neighbours[first] = number

    def read(self, text: str) -> Reading:
        found = [self._characters.get(character) or self._stranger(character) for character in text]
        characters = {number for number, _, _ in found}
        syllables = {sound for _, sound, _ in found}
        couples = {
            number
            for distance in range(1, WINDOW + 1)
            for (_, _, neighbours), second in zip(found, text[distance:], strict=False)
            if (number := neighbours.get(second)) is not None
        }
        characters.discard(NOTHING)
        syllables.discard(NOTHING)
        return Reading(list(characters), list(couples), list(syllables), len(set(text)) - len(characters))

    def _stranger(self, character: str) -> Character:
        return Character(NOTHING, self._syllables.get(syllable(character), NOTHING), {})


def _count(texts: Iterable[Iterable[Gram]]) -> Counter[Gram]:
    """How many of the texts hold each gram."""
    return Counter(gram for text in texts for gram in dict.fromkeys(text))


def _number(grams: Iterable[Gram], start: int) -> dict[Gram, int]:
    return {gram: number for number, gram in enumerate(grams, start)}
