"""How alike a text is to every phrasing at once: an inverted index in flat arrays.

A text is a vector of three blocks. In a block each gram weighs its rarity; the block is then scaled to the length of
its share, so that the product of two texts is a cosine.
"""

from collections.abc import Sequence
from math import sqrt
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from app.matching.features import SHARES
from app.matching.vocabulary import Reading, Vocabulary

Floats = NDArray[np.floating[Any]]
Integers = NDArray[np.integer[Any]]


class Postings:
    """For each gram the phrasings that hold it, and for each phrasing its grams. Immutable."""

    def __init__(self, readings: Sequence[Reading], vocabulary: Vocabulary) -> None:
        """``readings`` of the phrasings."""
        rarities = np.array(vocabulary.rarities)
        self._squares = [rarity * rarity for rarity in vocabulary.rarities]
        scales = [scale for reading in readings for scale in self._scales(reading)]
        blocks = [block for reading in readings for block in _blocks(reading)]
        self._grams = np.array([gram for block in blocks for gram in block], np.intp)
        self._weights = np.repeat(scales, list(map(len, blocks))) * rarities[self._grams]
        self._sizes = np.array([sum(map(len, _blocks(reading))) for reading in readings], np.intp)
        order = self._grams.argsort(kind="stable")
        self._rows = np.arange(len(readings)).repeat(self._sizes)[order]
        self._products = (self._weights * rarities[self._grams])[order]
        """What a posting adds to the cosine with a text whose block has the scale 1."""
        self._lengths = np.bincount(self._grams, minlength=len(rarities))
        self._stops = self._lengths.cumsum()

    def likeness(self, reading: Reading) -> Floats:
        """Cosine, 0 to 1, of a text with each phrasing."""
        grams = np.array([*reading.characters, *reading.pairs, *reading.syllables], np.intp)
        lengths = self._lengths.take(grams)
        places = _runs(self._stops.take(grams), lengths)
        scales = np.repeat(self._scales(reading), [len(block) for block in _blocks(reading)])
        products = self._products.take(places) * scales.repeat(lengths)
        return sums(products, self._rows.take(places), len(self._sizes))

    def between(self, rows: Integers) -> Floats:
        """Cosines of some phrasings with each other."""
        sizes = self._sizes[rows]
        places = _runs(self._sizes.cumsum()[rows], sizes)
        grams = self._grams[places]
        held = np.zeros(len(self._lengths), bool)
        held[grams] = True
        columns = held.cumsum()[grams] - 1
        texts = np.zeros((len(rows), columns.max() + 1), np.float32)
        texts[np.arange(len(rows)).repeat(sizes), columns] = self._weights[places]
        return texts @ texts.T

    def _scales(self, reading: Reading) -> list[float]:
        """What brings each block to the length of its share; 0 for an empty one."""
        squares = self._squares
        lengths = [sum([squares[gram] for gram in block]) for block in _blocks(reading)]
        return [sqrt(share / length) if length else 0.0 for share, length in zip(SHARES, lengths, strict=True)]


def sums(values: Floats, groups: Integers, size: int) -> Floats:
    """By number of the group."""
    return cast("Floats", np.bincount(groups, values, size))  # numpy's types forget that weights make floats


def _runs(stops: Integers, lengths: Integers) -> Integers:
    """stop - length, …, stop - 1 of each run, one run after the other, without a loop over them."""
    ends = lengths.cumsum()
    places: Integers = np.arange(ends[-1]) + (stops - ends).repeat(lengths)
    return places


def _blocks(reading: Reading) -> tuple[list[int], list[int], list[int]]:
    """In the order of ``SHARES``."""
    return reading.characters, reading.pairs, reading.syllables
