"""How alike a text is to every phrasing at once: an inverted index in flat arrays.

A phrasing is a vector of length 1, so the product of two texts is a cosine, 0 to 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from app.matching.entries import Entries, runs
from app.matching.vocabulary import Floats, Integers, Vector

BUDGET = 5_000
"""Postings that are read for a question, those of the rarest grams first: what most phrasings hold tells little and
costs most. On our questions it changes no figure, and time hardly grows with the knowledge."""
POOL = 96
"""Phrasings that stand out by these, and are then compared in full."""
LEAST = 4
"""Grams that are read even beyond the budget."""


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

    def nearest(self, vector: Vector, gone: Integers) -> tuple[Integers, Floats]:
        """The phrasings that are most like a text, ``POOL`` at the most and none of ``gone``: rows, and cosines."""
        vector = self._known(vector)
        first = self._products(*self._rarest(*vector))
        first[gone] = 0
        pool = (first > 0).nonzero()[0]  # three times as quick as that of the numbers themselves
        if len(pool) > POOL:
            pool = pool[first[pool].argpartition(-POOL)[-POOL:]]
        return pool, self._cosines(vector, pool)

    def cosines(self, vector: Vector, rows: Integers) -> Floats:
        """Of a text with some phrasings."""
        return self._cosines(self._known(vector), rows)

    def entries(self, rows: Integers) -> Entries:
        """The vectors of some phrasings."""
        sizes = self._sizes[rows]
        places = runs(self.arrays.stops[rows], sizes)
        return Entries(sizes, self.arrays.grams.take(places), self.arrays.weights.take(places))

    def between(self, rows: Integers) -> Floats:
        """Cosines between phrasings."""
        return self.entries(rows).between(len(self._lengths))

    def grams_of(self, rows: Integers) -> Integers:
        """All of some phrasings, sorted."""
        return np.unique(self.entries(rows).grams)

    def grams(self, row: int) -> list[int]:
        stop = self.arrays.stops[row]
        found: list[int] = self.arrays.grams[stop - self._sizes[row] : stop].tolist()
        return found

    def _known(self, vector: Vector) -> Vector:
        """Without grams that came with a later edit."""
        if (known := vector.grams < len(self._lengths)).all():
            return vector
        return Vector(vector.grams[known], vector.weights[known])

    def _cosines(self, vector: Vector, rows: Integers) -> Floats:
        full = np.zeros(len(self._lengths), np.float32)
        full[vector.grams] = vector.weights
        return self.entries(rows).times(full)

    def _rarest(self, grams: Integers, weights: Floats) -> tuple[Integers, Floats, Integers]:
        """Grams and weights within the budget, with the lengths of their postings."""
        lengths = self._lengths[grams]
        if lengths.sum() <= BUDGET:
            return grams, weights, lengths
        order = lengths.argsort(kind="stable")
        kept = order[: max(LEAST, int(lengths[order].cumsum().searchsorted(BUDGET)))]
        return grams[kept], weights[kept], lengths[kept]

    def _products(self, grams: Integers, weights: Floats, lengths: Integers) -> Floats:
        places = runs(self.arrays.gram_stops[grams], lengths)
        products = self.arrays.row_weights.take(places) * weights.astype(np.float32).repeat(lengths)
        return sums(products, self.arrays.rows.take(places), len(self))


def sums(values: Floats, groups: Integers, size: int) -> Floats:
    """By number of the group."""
    return cast("Floats", np.bincount(groups, values, size))  # numpy's types forget that weights make floats
