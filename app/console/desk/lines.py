"""A thread as it is read: its items with the days between them, groups of one author, and what is new. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from app.agents.calendars import BEIJING
from app.desk.threads import Happened, Said

TOGETHER = timedelta(minutes=5)
"""Messages of one author within it stand under one name."""
_FOLDS = 12
_WIDE = 40
"""Characters that are taken for a line, where a text is too long to be shown whole."""


class Day(NamedTuple):
    month: int
    day: int
    weekday: int
    today: bool
    yesterday: bool


@dataclass(frozen=True, slots=True)
class Line:
    key: str
    day: Day | None
    """Stands above it."""
    unread: bool
    """The first that was not read yet."""
    first: bool
    """The author's name stands above it."""
    said: Said | None
    happened: Happened | None


def lines(items: Sequence[Said | Happened], read_seq: int | None, now: datetime) -> Iterator[Line]:
    """``read_seq``: how far it was read when it was opened; None: nothing is marked as new."""
    before: Said | Happened | None = None
    marked = read_seq is None or read_seq == 0
    for item in items:
        day = _day(item, before, now)
        unread = not marked and isinstance(item, Said) and item.side == "viewer" and item.seq > (read_seq or 0)
        marked = marked or unread
        first = day is not None or unread or not _together(item, before)
        said, happened = (item, None) if isinstance(item, Said) else (None, item)
        yield Line(f"{'m' if said else 'h'}{item.id}", day, unread, first, said, happened)
        before = item


def is_long(text: str) -> bool:
    return sum(max(1, -(-len(line) // _WIDE)) for line in text.split("\n")) > _FOLDS


def _together(item: Said | Happened, before: Said | Happened | None) -> bool:
    if not isinstance(item, Said) or not isinstance(before, Said):
        return False
    same = (item.side, item.author_name) == (before.side, before.author_name)
    return same and item.created_at - before.created_at < TOGETHER


def _day(item: Said | Happened, before: Said | Happened | None, now: datetime) -> Day | None:
    today, on = now.astimezone(BEIJING).date(), _on(item)
    if before is not None and _on(before) == on:
        return None
    return Day(on.month, on.day, on.weekday(), on == today, on == today - timedelta(days=1))


def _on(item: Said | Happened) -> date:
    at = item.created_at if isinstance(item, Said) else item.at
    return at.astimezone(BEIJING).date()
