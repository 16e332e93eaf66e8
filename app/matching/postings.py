"""How alike a text is to every phrasing at once: an inverted index in flat arrays.

A phrasing is a vector of length 1, so the product of two texts is a cosine, 0 to 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from app.matching.vocabulary import Floats, Integers, Vector

BUDGET = 60_000
"""Postings that are read for a question. Beyond it the rarest grams are read first and the best phrasings, ``POOL`` of
them, are then compared in full: what most phrasings hold tells little and costs most."""
POOL = 256


@dataclass(frozen=True, slots=True)
class Arrays:
    """What is kept of a set of phrasings: their vectors, one after the other, and the same sorted by gram."""

    stops: Integers
    """Where each phrasing's vector ends."""
    grams: Integers
    weights: Floats
    gram_stops: Integers
    """Where each gram's postings end."""
    rows: Integers
    row_weights: Floats

    @classmethod
    def of(cls, vectors: Sequence[Vector], grams: int) -> "Arrays":
        """``grams``: how many there are."""
        sizes = np.array([len(vector.grams) for vector in vectors], np.intp)
        numbers = np.concatenate([np.empty(0, np.intp), *(vector.grams for vector in vectors)]).astype(np.int32)
        weights = np.concatenate([np.empty(0), *(vector.weights for vector in vectors)]).astype(np.float32)
        order = numbers.argsort(kind="stable")
        rows = np.arange(len(vectors), dtype=np.int32).repeat(sizes)[order]
        gram_stops = np.bincount(numbers, minlength=grams).cumsum()
        return cls(sizes.cumsum(), numbers, weights, gram_stops, rows, weights[order])


class Postings:
    """For each gram the phrasings that hold it, and for each phrasing its vector. Immutable."""

    def __init__(self, arrays: Arrays) -> None:
        self.arrays = arrays
        self._sizes = np.diff(arrays.stops, prepend=0)
        self._lengths = np.diff(arrays.gram_stops, prepend=0)

    def __len__(self) -> int:
        return len(self._sizes)

    def likeness(self, vector: Vector) -> Floats:
        """Cosine of a text with each phrasing."""
        grams, weights = vector
        if (known := grams < len(self._lengths)).all():
            lengths = self._lengths[grams]
        else:  # grams that came with a later edit
            grams, weights = grams[known], weights[known]
            lengths = self._lengths[grams]
        if lengths.sum() > BUDGET:
            return self._pruned(grams, weights, lengths)
        return self._products(grams, weights, lengths)

    def vectors(self, rows: Integers) -> tuple[Integers, Integers, Floats]:
        """The vectors of some phrasings, one after the other: which of ``rows``, gram, weight."""
        sizes = self._sizes[rows]
        places = runs(self.arrays.stops[rows], sizes)
        return np.arange(len(rows)).repeat(sizes), self.arrays.grams[places], self.arrays.weights[places]

    def grams(self, row: int) -> list[int]:
        stop = self.arrays.stops[row]
        found: list[int] = self.arrays.grams[stop - self._sizes[row] : stop].tolist()
        return found

    def _products(self, grams: Integers, weights: Floats, lengths: Integers) -> Floats:
        places = runs(self.arrays.gram_stops[grams], lengths)
        products = self.arrays.row_weights[places] * weights.astype(np.float32).repeat(lengths)
        return sums(products, self.arrays.rows[places], len(self))

    def _pruned(self, grams: Integers, weights: Floats, lengths: Integers) -> Floats:
        order = lengths.argsort(kind="stable")
        kept = order[: max(4, int(np.searchsorted(lengths[order].cumsum(), BUDGET)))]
        first = self._products(grams[kept], weights[kept], lengths[kept])
        pool = first.argpartition(-POOL)[-POOL:]
        full = np.zeros(len(self._lengths), np.float32)
        full[grams] = weights
        owners, held, weighed = self.vectors(pool)
        likeness = np.zeros(len(self))
        likeness[pool] = sums(full[held] * weighed, owners, len(pool))
        return likeness


def sums(values: Floats, groups: Integers, size: int) -> Floats:
    """By number of the group."""
    return cast("Floats", np.bincount(groups, values, size))  # numpy's types forget that weights make floats


def runs(stops: Integers, lengths: Integers) -> Integers:
    """stop - length, …, stop - 1 of each run, one run after the other, without a loop over them."""
    ends = lengths.cumsum()
    if not len(ends):
        return ends
    places: Integers = np.arange(ends[-1]) + (stops - ends).repeat(lengths)
    return places
