"""Kernel ridge regression: for which targets do the phrasings that resemble the question speak?

With the kernel k = exp(1.5 (cosine - 1)) between texts, a question's score for a target is kᵀ (K + λI)⁻¹ b, where b
marks the target's own phrasings. Against taking the most alike phrasing, this discounts phrasings that resemble
everything and lets several phrasings of one target support each other. It is solved over the phrasings nearest to the
question: all of them would be no better, and an edit would have to solve everything anew.

Source: Saunders, Gammerman, Vovk: Ridge regression learning algorithm in dual variables (1998); solved locally after
Bottou, Vapnik: Local learning algorithms (1992).
"""

import numpy as np

from app.matching.vocabulary import Floats, Integers

SHARPNESS = 1.5
NOISE = 0.035
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
