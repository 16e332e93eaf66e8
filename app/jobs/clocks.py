"""A clock that was set back: what was written before lies ahead of it, and would wait for as long again.

All processes go by the wall clock, since the platforms' windows and quotas do. The latest time that any of them has
seen is kept as a mark. Who finds the clock well before the mark knows that it was set back, and what was due by the
mark is due now.
"""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db.sql import Counter, counter, for_update, is_any, raise_to
from app.jobs import lanes
from app.jobs.models import Job, JobState, Lane, Waits

_MARK = "clock"
"""The counter that holds the latest time, in seconds."""
MARKED_EVERY = timedelta(seconds=10)
TOLERATED = timedelta(seconds=60)
"""Clocks of machines may differ by so much; what waits for so long too much is not worth a repair."""
GRACE = timedelta(seconds=30)
"""For so long before the clock was set back it may not have been marked."""
PAGE = 2_000
"""Jobs that one transaction looks at."""


def latest(session: Session) -> datetime:
    return datetime.fromtimestamp(counter(session, _MARK), UTC)


def is_set_back(latest: datetime, now: datetime) -> bool:
    return now < latest - TOLERATED


def mark(session: Session, now: datetime) -> None:
    raise_to(session, _MARK, int(now.timestamp()))


def mark_back(session: Session, now: datetime) -> None:
    """What was to be repaired is."""
    session.execute(update(Counter).where(Counter.name == _MARK).values(value=int(now.timestamp())))


def shorten_leases(session: Session, now: datetime, longest: timedelta) -> None:
    """No lease ends later than one that begins now: whoever holds it keeps the time that he may need."""
    until = now + longest
    ahead = select(Lane.id).where(Lane.leased_until > until).order_by(Lane.id)
    ids = session.scalars(for_update(ahead)).all()
    values = {"leased_until": until, "ready_at": until + timedelta(microseconds=1)}
    session.execute(update(Lane).where(is_any(Lane.id, ids)).values(values))


_ROW = (Job.id, Job.lane_id, Job.state, Job.not_before, Job.waits, Job.unique_key)


def bring_forward(session: Session, after: int, *, due_by: datetime, now: datetime) -> int | None:
    """Look at a page of jobs by id, those after ``after``; the last one's id, or None where there are no more.

    What was due by then is due now, and so is what only waits to be tried again; what runs is so too, or whoever took
    it over from a dead process would find that its time has not come. Timers keep their own grid.
    """
    page = session.execute(select(*_ROW).where(Job.id > after).order_by(Job.id).limit(PAGE)).all()
    late = {
        row.id: row.lane_id
        for row in page
        if row.state != JobState.dead and row.not_before > now
        and (row.not_before <= due_by + GRACE or row.waits in (Waits.retry, Waits.rate))
        and not (row.unique_key or "").startswith("timer:")
    }  # fmt: skip
    if late:
        _make_due(session, late, set(late.values()), now)
    return page[-1].id if page else None


def _make_due(session: Session, job_ids: Collection[int], lane_ids: Collection[int], now: datetime) -> None:
    locked = session.scalars(for_update(select(Lane).where(is_any(Lane.id, sorted(lane_ids))).order_by(Lane.id)))
    free = [lane.id for lane in locked if lane.leased_by is None]
    session.execute(update(Job).where(is_any(Job.id, list(job_ids))).values(not_before=now))
    lanes.release_all(session, free)
