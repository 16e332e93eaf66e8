"""Cuts a message into clauses: a long one holds a story, and one or two things that are asked. Pure, linear time.

A cut stands where the writer made one: punctuation, a line break, a blank between two words of Chinese, a word that
begins something new (另外, 顺便). 还有 and 以及 mostly do not (会员还有广告), so they cut only between two questions.
"""

import re
from collections.abc import Callable

from app.matching.normalise import clean

MOST = 8
"""Clauses of a message; what follows the seventh is one clause."""
LONGEST = 600
"""Characters of a message that are cut; what comes after them is a story's end."""
SHORTEST = 4
"""Letters and digits of a clause that can ask something by itself; a shorter one belongs to its neighbour."""

_STOP = re.compile(
    r"[，。！？；：…\n\r!?;]+|[,.:~]+(?!\w)|(?<=[\u3400-\u9fff]),"
    r"|(?<=[\u3400-\u9fff])[ \t\u3000]+(?=[\u3400-\u9fff《])"
)
_BEGINNING = re.compile(
    r"(?:另外|顺便|順便|顺带|對了|对了|而且|并且|並且|但是|可是|然后|然後|就是想问|就是想問|还想问|還想問|再问|再問|再请问)"
    r"(?:再?问一下|再?問一下|问下|問下|一下|呢)?"
)
_BETWEEN = re.compile(r"还有(?:就是)?|還有(?:就是)?|以及|再就是|顺路")
_ASKING = re.compile(
    r"[么吗麼嗎哪谁誰几幾啥咋呢]|多少|多久|如何|为何|為何|能不|可不|是不|有没|有沒|会不|會不|可以|能否"
)


def split(text: str, stands: Callable[[str], bool] = lambda clause: False) -> list[str]:
    """The clauses in their order, as written, eight at most; one for a text without cuts, none for an empty one.

    ``stands``: whether a clause says something whatever its length (退订); it stays by itself.
    """
    pieces = [piece for stop in _STOP.split(text[:LONGEST]) for piece in _opened(stop) if clean(piece)]
    return _bounded(_merged(pieces, stands))


def asks(clause: str) -> bool:
    """Whether a clause has a word that asks: what only tells (奖品寄到了) may still be likely to match something."""
    return _ASKING.search(clause) is not None


def _opened(piece: str) -> list[str]:
    """Cut where something new begins."""
    found = [part.strip() for part in _BEGINNING.split(piece)]
    return [half for part in found if part for half in _halves(part)]


def _halves(piece: str) -> list[str]:
    """Cut at the first word that stands between two questions."""
    for between in _BETWEEN.finditer(piece):
        before, after = piece[: between.start()], piece[between.end() :]
        if not asks(before):
            continue
        return [before, after] if asks(after) else [piece]
    return [piece]


def _merged(pieces: list[str], stands: Callable[[str], bool]) -> list[str]:
    """A fragment joins what follows it, the last one what stands before it."""
    clauses: list[str] = []
    waiting = ""
    for piece in pieces:
        if stands(piece):
            clauses += [waiting, piece] if waiting else [piece]
            waiting = ""
            continue
        joined = f"{waiting}，{piece}" if waiting else piece
        if len(clean(joined)) < SHORTEST:
            waiting = joined
        else:
            clauses.append(joined)
            waiting = ""
    if waiting and clauses and not stands(clauses[-1]):
        clauses[-1] = f"{clauses[-1]}，{waiting}"
    elif waiting:
        clauses.append(waiting)
    return clauses


def _bounded(clauses: list[str]) -> list[str]:
    return clauses if len(clauses) <= MOST else [*clauses[: MOST - 1], "，".join(clauses[MOST - 1 :])]
