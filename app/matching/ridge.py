"""Kernel ridge regression: for which targets do the phrasings that resemble the question speak?

With the kernel k = exp(2 (cosine - 1)) between texts, a question's score for a target is kᵀ (K + λI)⁻¹ b, where b marks
the target's own phrasings. Against taking the most alike phrasing, this discounts phrasings that resemble everything
and lets several phrasings of one target support each other. It is solved over the phrasings nearest to the question:
all of them would be no better, and an edit would have to solve everything anew.

Source: Saunders, Gammerman, Vovk: Ridge regression learning algorithm in dual variables (1998); solved locally after
Bottou, Vapnik: Local learning algorithms (1992).
"""

import numpy as np

from app.matching.vocabulary import Floats, Integers

SHARPNESS = 2.0
NOISE = 0.1
"""λ: how far a phrasing may be wrong about its own target."""

NEAREST = 48
"""Phrasings over which a question is solved."""


def kernel(likeness: Floats) -> Floats:
    between: Floats = np.exp(SHARPNESS * (likeness - 1))
    return between


def solve(between: Floats, likeness: Floats) -> Floats:
    """What each phrasing adds to its target's score, given the cosines between them and of the question with them."""
    system = kernel(between)
    system.flat[:: len(system) + 1] += NOISE
    return np.linalg.solve(system, kernel(likeness))


def nearest(likeness: Floats) -> Integers:
    """The rows of the ``NEAREST`` phrasings, in no order."""
    return likeness.argpartition(-NEAREST)[-NEAREST:] if len(likeness) > NEAREST else np.arange(len(likeness))


def cosines(owners: Integers, grams: Integers, weights: Floats, shape: tuple[int, int]) -> Floats:
    """Between vectors of length 1 that are given one after the other; ``shape``: how many, and how many grams exist.

    Grams that only one of them holds make no product: without them the matrix is small enough to multiply.
    """
    count, size = shape
    last = np.empty(size, np.int32)  # not cleared: only what is written below is read
    last[grams] = np.arange(len(grams), dtype=np.int32)
    alike = last[grams]
    """The same number for the same gram."""
    held = np.bincount(alike, minlength=1) > 1
    shared = held[alike]
    columns = held.cumsum()
    texts = np.zeros((count, columns[-1] + 1), np.float32)
    texts[owners[shared], columns[alike[shared]]] = weights[shared]
    between = texts @ texts.T
    between.flat[:: count + 1] = np.bincount(owners, weights * weights, count)
    return between
