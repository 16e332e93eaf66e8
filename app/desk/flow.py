"""What came to the queue and left it, from the history of conversations: the ground of all its figures."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.conversations.history import HistoryEntry, Kind

MOST = 20_000
"""Entries that are looked at, the newest first."""
_TO_A_PERSON = (Kind.taken, Kind.assigned, Kind.transferred)


class Exit(NamedTuple):
    """Somebody left the queue to a person."""

    at: datetime
    waited: timedelta
    agent_id: int | None

    @property
    def since(self) -> datetime:
        return self.at - self.waited


class Flow(NamedTuple):
    arrivals: int
    exits: tuple[Exit, ...]
    given_up: int
    """Viewers who did not want to wait any more."""


_KINDS = (*_TO_A_PERSON, Kind.queued, Kind.left)


def read(session: Session, *, since: datetime, until: datetime) -> Flow:
    """Within [since, until)."""
    rows = (
        select(HistoryEntry.kind, HistoryEntry.at, HistoryEntry.data, HistoryEntry.agent_id)
        .where(
            HistoryEntry.at >= since, HistoryEntry.at < until, HistoryEntry.kind.in_([kind.value for kind in _KINDS])
        )
        .order_by(HistoryEntry.at.desc())
        .limit(MOST)
    )
    arrivals = given_up = 0
    exits: list[Exit] = []
    for kind, at, data, by in session.execute(rows):
        data = data or {}
        if kind in _TO_A_PERSON and "waited" in data:
            exits.append(Exit(at, timedelta(seconds=data["waited"]), data.get("to", by)))
        given_up += kind == Kind.left
        arrivals += kind == Kind.queued or (kind == Kind.transferred and "to" not in data)
    return Flow(arrivals, tuple(exits), given_up)


def busy(spans: Iterable[tuple[datetime, datetime]]) -> timedelta:
    """How long at least one of the spans lasted: the union's length. Pure."""
    total, end = timedelta(), None
    for start, stop in sorted(spans):
        begin = start if end is None or start > end else end
        total += max(timedelta(), stop - begin)
        end = stop if end is None or stop > end else end
    return total


def quantile(sorted_values: Sequence[timedelta], share: float) -> timedelta | None:
    """The least value that so large a share does not exceed; None of none. Pure."""
    if not sorted_values:
        return None
    return sorted_values[max(0, -(-len(sorted_values) * int(share * 100) // 100) - 1)]
