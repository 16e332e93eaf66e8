"""The grams that the knowledge holds, how much each of them tells, and texts read as vectors over them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log, sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.matching.features import SHARES, WINDOW, pairs, syllable
from app.matching.language import Language

Floats = NDArray[np.floating[Any]]
Integers = NDArray[np.integer[Any]]

NOTHING = -1
"""Stands for a gram that no phrasing holds."""


@dataclass(frozen=True, slots=True)
class Grams:
    """All grams in the order of their numbers, block after block, and how many phrasings hold each."""

    blocks: tuple[list[str], list[str], list[str], list[str]]
    """Characters, pairs, syllables, groups."""
    frequencies: Integers
    texts: int
    """Phrasings that were counted."""

    @classmethod
    def count(cls, texts: Sequence[str], language: Language) -> "Grams":
        counted = (
            _count(texts),
            _count(map(pairs, texts)),
            _count(map(syllable, text) for text in texts),
            _count(map(language.groups, texts)),
        )
        frequencies = np.fromiter((n for block in counted for n in block.values()), np.int32)
        characters, couples, syllables, groups = map(list, counted)
        return cls((characters, couples, syllables, groups), frequencies, len(texts))


class Reading(NamedTuple):
    """What a vocabulary knows of a text: numbers of its known grams, each once."""

    characters: list[int]
    pairs: list[int]
    syllables: list[int]
    groups: list[int]
    strangers: int
    """How many different characters of the text no phrasing holds."""

    def blocks(self) -> tuple[list[int], ...]:
        """In the order of ``features.SHARES``."""
        return self.characters, self.pairs, self.syllables, self.groups

    def is_empty(self) -> bool:
        return not (self.characters or self.syllables or self.groups)


class Vector(NamedTuple):
    """A text of length 1: numbers of grams and what each weighs."""

    grams: Integers
    weights: Floats


class Character(NamedTuple):
    """All that starts from a character, so that reading a text takes one look-up for each."""

    number: int
    syllable: int
    neighbours: dict[str, int]
    """The other character of a known pair → number of the pair."""


class Vocabulary:
    """Numbers and rarities of grams. Immutable."""

    def __init__(self, grams: Grams, language: Language) -> None:
        self.grams = grams
        self.rarities = [log((1 + grams.texts) / (1 + n)) + 1 for n in grams.frequencies.tolist()]
        """By number of the gram: inverse document frequency, 1 where every phrasing holds it, more the rarer it is."""
        self.rarity_of_strangers = log(1 + grams.texts) + 1
        self._language = language
        self._squares = [rarity * rarity for rarity in self.rarities]
        characters, couples, syllables, groups = grams.blocks
        self._syllables = _number(syllables, len(characters) + len(couples))
        self._groups = _number(groups, len(characters) + len(couples) + len(syllables))
        self._characters = {
            character: Character(number, self._syllables[syllable(character)], {})
            for character, number in _number(characters, 0).items()
        }
        for couple, number in _number(couples, len(characters)).items():
            first, second = couple[0], couple[1]
            self._characters[first].neighbours[second] = number
            self._characters[second].neighbours[first] = number

    @classmethod
    def of(cls, texts: Sequence[str], language: Language) -> "Vocabulary":
        return cls(Grams.count(texts, language), language)

    def extended(self, texts: Sequence[str]) -> "Vocabulary":
        """The same with the grams of ``texts`` that are new, numbered after the known ones; the rarities stay."""
        larger = object.__new__(Vocabulary)
        larger.grams, larger._language = self.grams, self._language
        larger.rarity_of_strangers = self.rarity_of_strangers
        larger._characters, larger._syllables = dict(self._characters), dict(self._syllables)
        larger._groups = dict(self._groups)
        numbers = _Numbers(len(self.rarities))
        for text in texts:
            larger._learn(text, numbers)
        rarity = log((1 + self.grams.texts) / 2) + 1
        larger.rarities = [*self.rarities, *[rarity] * numbers.given]
        larger._squares = [*self._squares, *[rarity * rarity] * numbers.given]
        return larger

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
        groups = {number for group in self._language.groups(text) if (number := self._groups.get(group)) is not None}
        characters.discard(NOTHING)
        syllables.discard(NOTHING)
        strangers = len(set(text)) - len(characters)
        return Reading(list(characters), list(couples), list(syllables), list(groups), strangers)

    def vector(self, reading: Reading) -> Vector:
        """Each block is scaled to the length of its share; a block without known grams adds nothing."""
        rarities, squares = self.rarities, self._squares
        grams: list[int] = []
        weights: list[float] = []
        for block, share in zip(reading.blocks(), SHARES, strict=True):
            if block:
                scale = sqrt(share / sum([squares[gram] for gram in block]))
                grams += block
                weights += [scale * rarities[gram] for gram in block]
        return Vector(np.array(grams, np.intp), np.array(weights))

    def _stranger(self, character: str) -> Character:
        return Character(NOTHING, self._syllables.get(syllable(character), NOTHING), {})

    def _learn(self, text: str, numbers: "_Numbers") -> None:
        """Copies what it changes: the vocabulary that it came from goes on reading."""
        for character in text:
            sound = self._syllables.setdefault(syllable(character), numbers.peek)
            numbers.take(sound)
            known = self._characters.get(character)
            if known is None:
                self._characters[character] = Character(numbers.next(), sound, {})
        for first, second in map(tuple, pairs(text)):
            if second not in self._characters[first].neighbours:
                number = numbers.next()
                self._join(first, second, number)
                self._join(second, first, number)
        for group in self._language.groups(text):
            numbers.take(self._groups.setdefault(group, numbers.peek))

    def _join(self, first: str, second: str, number: int) -> None:
        number_, sound, neighbours = self._characters[first]
        self._characters[first] = Character(number_, sound, {**neighbours, second: number})


class _Numbers:
    """Gives new numbers, one after the other."""

    def __init__(self, start: int) -> None:
        self.peek, self._start = start, start

    @property
    def given(self) -> int:
        return self.peek - self._start

    def next(self) -> int:
        self.peek += 1
        return self.peek - 1

    def take(self, number: int) -> None:
        """Note that ``number`` was used, if it was the next one."""
        self.peek += number == self.peek


def _count(texts: Iterable[Iterable[str]]) -> Counter[str]:
    """How many of the texts hold each gram."""
    return Counter(gram for text in texts for gram in dict.fromkeys(text))


def _number(grams: Sequence[str], start: int) -> dict[str, int]:
    return {gram: number for number, gram in enumerate(grams, start)}
