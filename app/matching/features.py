"""Text → grams, in four blocks that are weighed apart.

Characters carry most of the meaning; pairs of near characters, in either order (怎么关 and 关怎么), tell phrases from
heaps of characters; syllables forgive homophone typos (投频 for 投屏); groups of the thesaurus see that 退钱 and 返还
are one. How often a text repeats a gram is not counted: it did not help.
"""

import numpy as np
from numpy.typing import NDArray

from app.matching.syllables import SYLLABLES

WINDOW = 2
"""Two characters at most this far apart make a pair."""

_PARTS = (2.0, 1.0, 0.4, 0.3)
SHARES = tuple(part / sum(_PARTS) for part in _PARTS)
"""How much of the likeness of two texts comes from their characters, pairs, syllables and groups."""


def syllable(character: str) -> str:
    """The sound of a character; letters and digits stand for themselves."""
    return SYLLABLES[character] or character


def pairs(text: str) -> NDArray[np.int64]:
    """Codes of the pairs, each once and in ascending order: the smaller character's number, then the larger one's."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64)
    one = np.concatenate([points[:-distance] for distance in range(1, WINDOW + 1)])
    other = np.concatenate([points[distance:] for distance in range(1, WINDOW + 1)])
    codes = np.minimum(one, other) << 32 | np.maximum(one, other)
    codes.sort()
    first = np.ones(len(codes), bool)
    np.not_equal(codes[1:], codes[:-1], out=first[1:])
    unique: NDArray[np.int64] = codes[first]  # as np.unique, which takes twice the time
    return unique
