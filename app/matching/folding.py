"""One writing for all, position for position: what is found in the folded text stands there in the text itself."""

from functools import lru_cache

from app.matching.normalise import simplify


def fold(text: str) -> str:
    """Lower case and simplified characters, of a text in NFKC; exactly as long as ``text``."""
    lower = text.lower()
    if len(lower) != len(text):
        lower = "".join(map(_lower, text))
    try:
        plain = simplify(lower)
    except UnicodeEncodeError:  # half of a surrogate pair, which no converter takes
        return lower
    return plain if len(plain) == len(text) else "".join(map(_simplify, lower))


def _lower(character: str) -> str:
    lower = character.lower()
    return lower if len(lower) == 1 else character


@lru_cache(4096)
def _simplify(character: str) -> str:
    plain = simplify(character)
    return plain if len(plain) == 1 else character
