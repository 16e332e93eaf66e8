"""Texts as the search compares them: one writing for all, character by character.

The matcher's ``normalise`` looks at whole words (軟體 is 软件) and drops what stands between them. A search cannot: a
part of a word may be typed. So each character is folded by itself; then a part of a text is folded to a part of the
folded text, and each place in that belongs to a place in the text.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from app.matching.normalise import simplify

_MOST = 50_000
"""Characters whose folding is kept; all that are in use are fewer."""
_DROPPED = frozenset({"Mn", "Me", "Cf"})
"""Accents, variation selectors, joiners and other marks that nobody sees."""
_RUN = re.compile(r"[^\W_]+")


class _Foldings(dict[int, str]):
    def __missing__(self, code: int) -> str:
        if len(self) >= _MOST:
            self.clear()
        folded = self[code] = _fold(chr(code))
        return folded


def _fold(character: str) -> str:
    parts = unicodedata.normalize("NFKD", character)
    kept = "".join([part for part in parts if unicodedata.category(part) not in _DROPPED])
    return "".join(map(_simplify, kept.casefold()))


def _simplify(character: str) -> str:
    if character.isascii() or unicodedata.category(character) != "Lo":
        return character
    plain = simplify(character)
    return plain if len(plain) == 1 else character  # 埠 is 码头, but only as a word


_FOLDINGS = _Foldings()


def fold(text: str) -> str:
    """Plain width, lower case, simplified, without accents."""
    return text.translate(_FOLDINGS)


def runs(folded: str) -> list[str]:
    """What a folded text has of letters, digits and Han between all else."""
    return _RUN.findall(folded)


def find(text: str, terms: Sequence[str]) -> list[tuple[int, int]]:
    """Where folded ``terms`` stand in a text: (start, end), in order, those that touch in one."""
    folded = fold(text)
    spans = sorted(span for term in terms for span in _spans(folded, term))
    places = _places(text) if spans else []
    found: list[tuple[int, int]] = []
    for first, last in spans:
        start, end = places[first][0], places[last - 1][1]
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found


def _places(text: str) -> list[tuple[int, int]]:
    """For each character of the folded text, where the one that it came from begins and ends, with its marks."""
    seen = [at for at, character in enumerate(text) if _FOLDINGS[ord(character)]]
    ends = dict(zip(seen, [*seen[1:], len(text)], strict=True))
    return [(at, ends[at]) for at in seen for _ in _FOLDINGS[ord(text[at])]]


def _spans(folded: str, term: str) -> Iterator[tuple[int, int]]:
    at = folded.find(term)
    while at >= 0:
        yield at, at + len(term)
        at = folded.find(term, at + len(term))
