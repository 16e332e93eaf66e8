"""The grams that the knowledge holds, how much each of them tells, and texts read as vectors over them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from math import log
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.matching.features import SHARES, pairs, syllable
from app.matching.language import Language

Floats = NDArray[np.floating[Any]]
Integers = NDArray[np.integer[Any]]

NOTHING = -1
"""Stands for a gram that no phrasing holds."""


@dataclass(frozen=True, slots=True)
class Grams:
    """All grams in the order of their numbers: characters, syllables, groups, pairs; and how many phrasings hold each.

    There are ten times as many pairs as all others, so they are kept as a sorted array of codes and not as objects.
    """

    characters: list[str]
    syllables: list[str]
    groups: list[str]
    pairs: Integers
    frequencies: Integers
    texts: int
    """Phrasings that were counted."""

    @classmethod
    def count(cls, texts: Sequence[str], language: Language) -> "Grams":
        characters, groups = _count(texts), _count(map(language.groups, texts))
        syllables = _count(map(syllable, text) for text in texts)
        codes, held = np.unique(np.concatenate([_NO_PAIRS, *map(pairs, texts)]), return_counts=True)
        frequencies = [*characters.values(), *syllables.values(), *groups.values(), *held.tolist()]
        return cls(list(characters), list(syllables), list(groups), codes, np.array(frequencies, np.int32), len(texts))


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


class Pairs(NamedTuple):
    """Codes in ascending order, and the number of each."""

    codes: Integers
    numbers: Integers

    def find(self, codes: Integers) -> list[int]:
        """Numbers of those that are known."""
        if not len(self.codes):
            return []
        places = self.codes.searchsorted(codes)
        known = self.codes.take(places, mode="clip") == codes
        found: list[int] = self.numbers[places[known]].tolist()
        return found


class Vocabulary:
    """Numbers and rarities of grams. Immutable."""

    def __init__(self, grams: Grams, language: Language) -> None:
        self.grams = grams
        self.rarities: Floats = np.log((1 + grams.texts) / (1 + grams.frequencies)) + 1
        """By number of the gram: inverse document frequency, 1 where every phrasing holds it, more the rarer it is."""
        self.rarity_of_strangers = log(1 + grams.texts) + 1
        self._language = language
        self._characters = _number(grams.characters, 0)
        self._syllables = _number(grams.syllables, len(grams.characters))
        self._groups = _number(grams.groups, len(grams.characters) + len(grams.syllables))
        first = len(grams.frequencies) - len(grams.pairs)
        self._pairs = [Pairs(grams.pairs, np.arange(first, len(grams.frequencies)))]

    @classmethod
    def of(cls, texts: Sequence[str], language: Language) -> "Vocabulary":
        return cls(Grams.count(texts, language), language)

    def extended(self, texts: Sequence[str]) -> "Vocabulary":
        """The same with the grams of ``texts`` that are new, numbered after the known ones; the rarities stay."""
        larger = object.__new__(Vocabulary)
        larger.grams, larger._language = self.grams, self._language
        larger.rarity_of_strangers = self.rarity_of_strangers
        count = len(self.rarities)
        new = Grams.count(texts, self._language)
        larger._characters, count = _add(self._characters, new.characters, count)
        larger._syllables, count = _add(self._syllables, new.syllables, count)
        larger._groups, count = _add(self._groups, new.groups, count)
        codes = new.pairs
        for known in self._pairs:
            codes = np.setdiff1d(codes, known.codes, assume_unique=True)
        larger._pairs = [*self._pairs, Pairs(codes, np.arange(count, count + len(codes)))]
        added = count + len(codes) - len(self.rarities)
        rarity = log((1 + self.grams.texts) / 2) + 1
        larger.rarities = np.concatenate([self.rarities, np.full(added, rarity)])
        return larger

    def read(self, text: str) -> Reading:
        found = {self._characters.get(character, NOTHING) for character in text}
        sounds = {self._syllables.get(syllable(character), NOTHING) for character in text}
        groups = {number for group in self._language.groups(text) if (number := self._groups.get(group)) is not None}
        found.discard(NOTHING)
        sounds.discard(NOTHING)
        codes = pairs(text)
        couples = [number for known in self._pairs for number in known.find(codes)]
        return Reading(list(found), couples, list(sounds), list(groups), len(set(text)) - len(found))

    def vector(self, reading: Reading) -> Vector:
        """Each block is scaled to the length of its share; a block without known grams adds nothing."""
        blocks = reading.blocks()
        grams = np.array([*chain(*blocks)], np.intp)
        weights = self.rarities.take(grams)
        stop = 0
        for block, share in zip(blocks, SHARES, strict=True):
            if block:
                start, stop = stop, stop + len(block)
                part = weights[start:stop]
                part *= (share / float(part.dot(part))) ** 0.5
        return Vector(grams, weights)


_NO_PAIRS = np.array([], np.int64)


def _count(texts: Iterable[Iterable[str]]) -> Counter[str]:
    """How many of the texts hold each gram."""
    return Counter(gram for text in texts for gram in dict.fromkeys(text))


def _number(grams: Sequence[str], start: int) -> dict[str, int]:
    return {gram: number for number, gram in enumerate(grams, start)}


def _add(known: dict[str, int], grams: Iterable[str], start: int) -> tuple[dict[str, int], int]:
    """With those that are new, and the next number after them."""
    new = [gram for gram in grams if gram not in known]
    return known | _number(new, start), start + len(new)
