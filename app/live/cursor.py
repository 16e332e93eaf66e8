"""Reading on: how far this process has read the live events, and which ids it has still to look for.

On PostgreSQL ids are handed out before the commit, so a lower id can be committed after a higher one has been read.
Each look therefore asks for what is beyond the last id, and for the ids that were missing before it (*gaps*), until
those are so old that their transaction cannot have survived: a rolled-back id stays a gap until then. (Waiting until no
older transaction runs any more, as snapshots could tell, would hold all events back behind a single long one.) On
SQLite ids are those of the commits, and there are no gaps.

An event may be delivered twice; that only costs a fetch.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import Integer, bindparam, func, select
from sqlalchemy.orm import Session

from app.db.driver import Prepared
from app.db.rows import table_of
from app.db.sql import is_any
from app.events import LiveEvent

PAGE = 1000
"""Events of one look."""
MOST_GAPS = 1000
UNDER_WAY = 100
"""Transactions at a time, of all processes together."""
GAP_SECONDS = 120.0
"""No transaction lives so long: a statement has 30 s, and so has the pause between two."""


class Event(NamedTuple):
    id: int
    kind: str
    ids: list[int]


_row = table_of(LiveEvent).c
_COLUMNS = (_row.id, _row.kind, _row.ids)
AFTER = Prepared(
    select(*_COLUMNS).where(_row.id > bindparam("after")).order_by(_row.id).limit(bindparam("limit", type_=Integer))
)
THESE = Prepared(select(*_COLUMNS).where(is_any(_row.id, "these")))
_NEWEST = Prepared(select(func.max(_row.id)))
_THERE = Prepared(select(_row.id).where(_row.id > bindparam("after")))


def look(session: Session, *, after: int, gaps: Collection[int]) -> list[Event]:
    """The next events in the order of their ids, a page at most, and those that were committed late."""
    late = THESE(session, these=list(gaps)) if gaps else []
    return [Event(*row) for row in (*late, *AFTER(session, after=after, limit=PAGE))]


def find_end(session: Session) -> tuple[int, set[int]]:
    """The newest id, and those shortly before it that are missing: some may belong to transactions under way."""
    newest = _NEWEST(session)[0][0] or 0
    there = {row[0] for row in _THERE(session, after=newest - MOST_GAPS)}
    oldest = min(there, default=0)  # what is missing long before it was dropped
    return newest, {*range(max(oldest - UNDER_WAY, newest - MOST_GAPS, 0) + 1, newest)} - there


@dataclass(slots=True)
class Cursor:
    last: int
    gaps: dict[int, float] = field(default_factory=dict)
    """By id, the time (of a monotonic clock) until which it is looked for; the oldest first."""

    @classmethod
    def at(cls, end: tuple[int, Iterable[int]], now: float) -> "Cursor":
        last, missing = end
        return cls(last, dict.fromkeys(sorted(missing), now + GAP_SECONDS))

    def advance(self, ids: Iterable[int], now: float) -> bool:
        """Go past these; False where more was missing than can be looked for, so that something may be missed."""
        whole = True
        for id_ in sorted(ids):
            if id_ < self.last:
                self.gaps.pop(id_, None)
                continue
            first = max(self.last + 1, id_ - MOST_GAPS)
            whole = whole and first == self.last + 1
            self.gaps |= dict.fromkeys(range(first, id_), now + GAP_SECONDS)
            self.last = id_
        return self._bound(now) and whole

    def _bound(self, now: float) -> bool:
        """Give up what is too old; False where younger ones must be given up too."""
        for id_ in [id_ for id_, until in self.gaps.items() if until <= now]:
            del self.gaps[id_]
        surplus = list(self.gaps)[: max(0, len(self.gaps) - MOST_GAPS)]
        for id_ in surplus:
            del self.gaps[id_]
        return not surplus
