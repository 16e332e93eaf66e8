"""What came to the queue and left it, from the history of conversations: the ground of all its figures."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar

from sqlalchemy import BigInteger, and_, bindparam, case, cast, func, literal_column, or_, select
from sqlalchemy.orm import Session

from app.conversations.history import HistoryEntry, Kind
from app.db.base import UtcDateTime
from app.db.driver import Prepared
from app.db.sql import is_any

MOST = 20_000
"""Entries that are looked at, the newest first."""
Length = TypeVar("Length", timedelta, int)
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


# -------------------- in figures


class Figures(NamedTuple):
    """What ``read`` finds, summed up: on a busy day its rows are twenty thousand, of which this takes a number each."""

    exits: int
    median: timedelta | None
    p90: timedelta | None
    """How long those waited, as ``quantile`` says."""
    given_up: int


_newest = (
    select(HistoryEntry.kind, HistoryEntry.data["waited"].as_float().label("waited"))
    .where(
        HistoryEntry.at >= bindparam("since", type_=UtcDateTime),
        HistoryEntry.at < bindparam("until", type_=UtcDateTime), is_any(HistoryEntry.kind, "kinds"),
    )
    .order_by(HistoryEntry.at.desc())
    .limit(literal_column(str(MOST)))
    .subquery()
)  # fmt: skip
_has_left = _newest.c.kind == literal_column(f"'{Kind.left.value}'")
_is_exit = and_(
    or_(*(_newest.c.kind == literal_column(f"'{kind.value}'") for kind in _TO_A_PERSON)), _newest.c.waited.is_not(None)
)
_microseconds = cast(func.round(_newest.c.waited * 1_000_000), BigInteger)
_WAITED = Prepared(select(case((_is_exit, _microseconds))).where(or_(_is_exit, _has_left)))
"""None for who gave up."""


def sum_up(session: Session, *, since: datetime, until: datetime) -> Figures:
    """Within [since, until)."""
    found = _WAITED(session, since=since, until=until, kinds=[kind.value for kind in _KINDS])
    waits = sorted(wait for (wait,) in found if wait is not None)
    return Figures(len(waits), _span(quantile(waits, 0.5)), _span(quantile(waits, 0.9)), len(found) - len(waits))


def _span(microseconds: int | None) -> timedelta | None:
    return None if microseconds is None else timedelta(microseconds=microseconds)


def busy(spans: Iterable[tuple[datetime, datetime]]) -> timedelta:
    """How long at least one of the spans lasted: the union's length. Pure."""
    total, end = timedelta(), None
    for start, stop in sorted(spans):
        begin = start if end is None or start > end else end
        total += max(timedelta(), stop - begin)
        end = stop if end is None or stop > end else end
    return total


def quantile(sorted_values: Sequence[Length], share: float) -> Length | None:
    """The least value that so large a share does not exceed; None of none. Pure."""
    if not sorted_values:
        return None
    return sorted_values[max(0, -(-len(sorted_values) * int(share * 100) // 100) - 1)]
