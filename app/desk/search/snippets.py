"""The part of a long text that shows what was found in it."""

import unicodedata
from collections.abc import Sequence

from app.desk.search.found import Snippet
from app.desk.search.letters import find

BEFORE, LENGTH = 20, 120
"""Characters: so much at most before the first hit, and in all."""
_JOINER = "\u200d"


def cut(text: str, terms: Sequence[str]) -> Snippet:
    """The surroundings of the first hit, with all hits in it."""
    marks = find(text, terms)
    first = marks[0][0] if marks else 0
    start = 0 if len(text) <= LENGTH else _boundary(text, max(0, min(first - BEFORE, len(text) - LENGTH)))
    end = _boundary(text, min(start + LENGTH, len(text)))
    inside = [(max(one, start) - start, min(other, end) - start) for one, other in marks if one < end and other > start]
    return Snippet(text[start:end], inside, start > 0, end < len(text))


def _boundary(text: str, at: int) -> int:
    """Not amid what is one character to the eye."""
    while 0 < at < len(text) and (
        unicodedata.combining(text[at]) or text[at] in ("\ufe0f", _JOINER) or text[at - 1] == _JOINER
        or "\U0001f3fb" <= text[at] <= "\U0001f3ff"
    ):  # fmt: skip
        at -= 1
    return at
