"""The phrasings of a base and those that a delta adds, as if they were one: the delta's rows follow the base's."""

import numpy as np

from app.matching.entries import Entries
from app.matching.postings import Postings
from app.matching.vocabulary import Floats, Integers, Vector


class Joined:
    """What ``Postings`` answer of one set, of two. Immutable."""

    def __init__(self, base: Postings, delta: Postings, grams: int) -> None:
        """``grams``: how many there are in both."""
        self._base, self._delta, self._grams = base, delta, grams
        self._first = len(base)
        """Row of the delta's first phrasing."""

    def nearest(self, vector: Vector, gone: Integers) -> tuple[Integers, Floats]:
        old, olds = self._base.nearest(vector, gone[gone < self._first])
        new, news = self._delta.nearest(vector, gone[gone >= self._first] - self._first)
        return np.concatenate([old, new + self._first]), np.concatenate([olds, news])

    def cosines(self, vector: Vector, rows: Integers) -> Floats:
        old = rows < self._first
        found = np.zeros(len(rows))
        found[old] = self._base.cosines(vector, rows[old])
        found[~old] = self._delta.cosines(vector, rows[~old] - self._first)
        return found

    def between(self, rows: Integers) -> Floats:
        old = rows < self._first
        parts = [self._base.entries(rows[old]), self._delta.entries(rows[~old] - self._first)]
        found = Entries(*map(np.concatenate, zip(*parts, strict=True))).between(self._grams)
        places = np.argsort(np.argsort(~old, kind="stable"))
        return found[np.ix_(places, places)]

    def grams(self, row: int) -> list[int]:
        return self._base.grams(row) if row < self._first else self._delta.grams(row - self._first)

    def grams_of(self, rows: Integers) -> Integers:
        old = rows < self._first
        return np.union1d(self._base.grams_of(rows[old]), self._delta.grams_of(rows[~old] - self._first))
