"""Kernel ridge regression: for which targets do the phrasings that resemble the question speak?

With the kernel k = exp(2 (cosine - 1)) between texts, a question's score for a target is kᵀ (K + λI)⁻¹ b, where b marks
the target's own phrasings. Against taking the most alike phrasing, this discounts phrasings that resemble everything
and lets several phrasings of one target support each other.
"""

from collections.abc import Callable
from math import exp

import numpy as np

from app.matching.postings import Floats, Integers, sums

SHARPNESS = 2.0
NOISE = 0.1
"""λ: how far a phrasing may be wrong about its own target."""

UNLIKE = exp(-SHARPNESS)
"""The kernel between texts that have nothing in common."""

PRECOMPUTED = 1000
"""Up to this many phrasings everything that does not depend on the question is computed once, in 0.2 s at most."""

NEAREST = 48
"""Above it, each question is solved over this many phrasings, the most alike."""


def kernel(likeness: Floats) -> Floats:
    between: Floats = np.exp(SHARPNESS * (likeness - 1))
    return between


def solve(between: Floats, likeness: Floats) -> Floats:
    """What each phrasing adds to its target's score, given the cosines between them and of the question with them."""
    system = kernel(between) + NOISE * np.eye(len(between))
    return np.linalg.solve(system, kernel(likeness))


class Whole:
    """All phrasings at once; a question costs one product of a vector and a matrix. Exact."""

    def __init__(self, between: Floats, owners: Integers, targets: int) -> None:
        """``between``: cosines of the phrasings with each other; ``owners``: the number of each phrasing's target."""
        system = kernel(between.astype(np.float64)) + NOISE * np.eye(len(between))
        weights = np.linalg.solve(system, np.eye(targets)[owners])
        self._weights = np.ascontiguousarray(weights.T, np.float32)
        self._floor = (UNLIKE * weights.sum(axis=0)).astype(np.float32)

    def scores(self, likeness: Floats) -> Floats:
        """By target. What even unlike phrasings add is summed beforehand, so that single precision suffices."""
        scores: Floats = self._floor + self._weights @ (kernel(likeness.astype(np.float32)) - UNLIKE)
        return scores


class Nearest:
    """Only the phrasings most like the question: some 0.4 ms, however many there are."""

    def __init__(self, between: Callable[[Integers], Floats], owners: Integers, targets: int) -> None:
        """``between`` gives the cosines of some phrasings with each other."""
        self._between, self._owners, self._targets = between, owners, targets

    def scores(self, likeness: Floats) -> Floats:
        near = np.argpartition(likeness, -NEAREST)[-NEAREST:]
        support = solve(self._between(near), likeness[near])
        return sums(support, self._owners[near], self._targets)
