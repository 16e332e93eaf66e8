"""Texts on their way out: what a platform cannot carry is left out, what is too long becomes several messages."""

import re
import unicodedata
from collections.abc import Iterator

_UNCARRIABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

# An ASCII mark inside an address or a number ("?id=3", "1,000") ends nothing.
_CLOSING = r"[”’」』）》】)\"']*"
_SENTENCE_END = re.compile(rf"(?:[。！？；\n]|[!?;](?![\w=&/#%.~+-])){_CLOSING}\n*", re.ASCII)
_PAUSE = re.compile(rf"(?:[，、：]|,(?!\w)){_CLOSING}|[ \t\u3000]+", re.ASCII)

_ZERO_WIDTH_JOINER = "\u200d"
_LONGEST_GRAPHEME = 32
"""Code points that we look back for a place between two graphemes; family emoji and flags of regions need 14."""


def carriable(text: str) -> str:
    """The text without control characters and lone surrogates.

    XML 1.0 forbids them, JSON can only carry them as escapes that some platforms refuse, PostgreSQL stores no NUL.
    Tabs and line breaks stay.
    """
    return _UNCARRIABLE.sub("", text)


def split_text(text: str, limit_bytes: int) -> list[str]:
    """Parts of at most ``limit_bytes`` UTF-8 bytes that joined give the text again; none is empty.

    A part ends after a sentence, else after a comma or blank, else anywhere, but not inside an emoji or an accented
    letter unless that alone exceeds the limit. A break in the first quarter of a part is passed over: each part costs
    one of the few messages that a platform allows. ValueError for a limit that cannot hold every character (under 4).
    """
    if limit_bytes < 4:
        raise ValueError(f"a limit of {limit_bytes} bytes cannot hold every character")
    return list(_parts(text, limit_bytes))


def _parts(text: str, limit: int) -> Iterator[str]:
    start = 0
    while start < len(text):
        end = _reach(text, start, limit)
        if end < len(text):
            end = _break(text, start, end)
        yield text[start:end]
        start = end


def _reach(text: str, start: int, limit: int) -> int:
    """The furthest end of a part that begins at ``start``."""
    # A character has at least one byte, so this much text is enough to fill a part.
    encoded = text[start : start + limit + 1].encode("utf-8", "surrogatepass")
    if len(encoded) <= limit:
        return len(text)
    while encoded[limit] & 0b1100_0000 == 0b1000_0000:
        limit -= 1
    return start + len(encoded[:limit].decode("utf-8", "surrogatepass"))


def _break(text: str, start: int, end: int) -> int:
    """The best place for a part to end, at most at ``end``."""
    worthwhile = start + (end - start) // 4
    for pattern in (_SENTENCE_END, _PAUSE):
        best = 0
        for match in pattern.finditer(text, worthwhile):
            if match.end() > end:
                break
            if not _inside_grapheme(text, match.end()):
                best = match.end()
        if best:
            return best
    return _between_graphemes(text, start, end)


def _between_graphemes(text: str, start: int, end: int) -> int:
    for index in range(end, max(start, end - _LONGEST_GRAPHEME), -1):
        if not _inside_grapheme(text, index):
            return index
    return end


def _inside_grapheme(text: str, index: int) -> bool:
    """Whether a cut before ``text[index]`` would tear one visible character; a cheap part of Unicode's rules."""
    before, after = text[index - 1], text[index]
    if after < "\u0300":
        return before == "\r" and after == "\n"
    if before == _ZERO_WIDTH_JOINER or _extends(after):
        return True
    return _is_flag_half(after) and _flag_halves_before(text, index) % 2 == 1


def _extends(character: str) -> bool:
    """Accents, variation selectors, joiners, skin tones and tags belong to the character before them."""
    return (
        character == _ZERO_WIDTH_JOINER
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or "\U000e0020" <= character <= "\U000e007f"
        or unicodedata.category(character).startswith("M")
    )


def _is_flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _flag_halves_before(text: str, index: int) -> int:
    first = index
    while first > 0 and _is_flag_half(text[first - 1]):
        first -= 1
    return index - first
