"""Vectors of some phrasings, one after the other in flat arrays, and their products."""

from typing import NamedTuple, cast

import numpy as np

from app.matching.vocabulary import Floats, Integers


class Entries(NamedTuple):
    """Each vector is of length 1 at the most and has an entry at least, each gram once."""

    sizes: Integers
    """How many entries each vector has."""
    grams: Integers
    weights: Floats

    def times(self, full: Floats) -> Floats:
        """The product of each with a vector that is given for all grams."""
        return self._sums(full.take(self.grams) * self.weights)

    def between(self, grams: int) -> Floats:
        """The product of each with each; ``grams``: how many there are.

        Grams that only one of them holds make no product: without them the matrix is small enough to multiply.
        """
        count = len(self.sizes)
        last = np.empty(grams, np.int32)  # not cleared: only what is written below is read
        last[self.grams] = np.arange(len(self.grams), dtype=np.int32)
        alike = last.take(self.grams)
        """The same number for the same gram."""
        held = np.bincount(alike, minlength=1) > 1
        columns = held.cumsum()
        width = int(columns[-1]) + 1
        shared = held.take(alike).nonzero()[0]
        places = (width * np.arange(count)).repeat(self.sizes).take(shared) + columns.take(alike.take(shared))
        flat = np.zeros(count * width, np.float32)
        flat[places] = self.weights.take(shared)
        texts = flat.reshape(count, width)
        products: Floats = texts @ texts.T
        products.flat[:: count + 1] = self._sums(self.weights * self.weights)
        return products

    def _sums(self, values: Floats) -> Floats:
        """By vector."""
        return cast("Floats", np.add.reduceat(values, self.sizes.cumsum() - self.sizes))


def runs(stops: Integers, lengths: Integers) -> Integers:
    """stop - length, …, stop - 1 of each run, one run after the other, without a loop over them."""
    ends = lengths.cumsum()
    if not len(ends):
        return ends
    places: Integers = np.arange(ends[-1]) + (stops - ends).repeat(lengths)
    return places
