"""What the index holds of a text: each two neighbours, and each last character of a run, as numbers."""

from collections.abc import Sequence
from itertools import pairwise

from app.desk.search.letters import fold, runs

BITS = 21
"""Of one code point."""


def grams(text: str) -> set[int]:
    """Of a text that is stored. Each character begins at least one: so what holds it is a range of numbers."""
    found: set[int] = set()
    for run in runs(fold(text)):
        codes = list(map(ord, run))
        found.update(_pairs(codes))
        found.add(codes[-1] << BITS)
    return found


def wanted(terms: Sequence[str]) -> list[int]:
    """What the index must hold of a text with all these folded terms; nothing for single characters."""
    found = [pair for term in terms for run in runs(term) for pair in _pairs(list(map(ord, run)))]
    return list(dict.fromkeys(found))


def ranges(terms: Sequence[str]) -> list[tuple[int, int]]:
    """For single characters: the first and the last number that begin with each."""
    letters = dict.fromkeys(letter for term in terms for run in runs(term) for letter in run)
    return [(ord(letter) << BITS, ((ord(letter) + 1) << BITS) - 1) for letter in letters]


def _pairs(codes: list[int]) -> list[int]:
    return [first << BITS | second for first, second in pairwise(codes)]
