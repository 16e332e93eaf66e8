"""The queue minute by minute, kept small, so that the picture of a day costs little."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, func, literal_column, select
from sqlalchemy.orm import Session

from app.agents import duty, rights
from app.agents.calendars import BEIJING
from app.agents.models import Agent
from app.agents.rights import Action, Actor
from app.conversations.models import Conversation
from app.db.rows import Insert, table_of
from app.db.sql import changed
from app.desk import flow
from app.desk.models import QueueSample

MINUTE = timedelta(minutes=1)
KEPT = timedelta(days=400)
STEP = timedelta(minutes=5)

_insert = Insert(
    table_of(QueueSample), ("at", "waiting", "longest_wait_s", "agents_there", "arrivals", "taken"), or_ignore=True
)
_SINCE = func.coalesce(Conversation.waits_since, Conversation.queued_at)


def sample(session: Session, *, now: datetime) -> None:
    """Write the minute that ended last; one that is written stays."""
    at = now.replace(second=0, microsecond=0)
    waits = (Conversation.owner == literal_column("'queue'"), Conversation.closed_at.is_(None))
    oldest = func.min(_SINCE, type_=Conversation.queued_at.type)
    waiting, since = session.execute(select(func.count(), oldest).where(*waits)).one()
    there = session.scalar(select(func.count()).select_from(Agent).where(*duty.is_online(now)))
    passed = flow.read(session, since=at - MINUTE, until=at)
    longest = max(0, int((now - since).total_seconds())) if since else 0
    _insert(session, [(at, waiting, longest, there, passed.arrivals, len(passed.exits))])


def forget(session: Session, *, before: datetime, limit: int = 5000) -> int:
    """Drop samples from before that time, a page at most; how many."""
    old = select(QueueSample.at).where(QueueSample.at < before).order_by(QueueSample.at).limit(limit)
    return changed(session.execute(delete(QueueSample).where(QueueSample.at.in_(old))))


@dataclass(frozen=True, slots=True)
class Point:
    """Five minutes of a day."""

    at: datetime
    """When they began."""
    waiting: int
    """The most at a time."""
    longest_wait: timedelta
    agents_there: int
    """The most at a time."""
    arrivals: int
    taken: int


def queue_over_day(session: Session, *, by: Actor, day: date, now: datetime) -> tuple[Point, ...]:
    """Of a day of Beijing, in order; times of which nothing was written are missing."""
    rights.require(by, Action.see_queue)
    begin = datetime(day.year, day.month, day.day, tzinfo=BEIJING)
    own = (QueueSample.at > begin, QueueSample.at <= min(begin + timedelta(days=1), now))
    rows = session.scalars(select(QueueSample).where(*own).order_by(QueueSample.at))
    steps: dict[int, list[QueueSample]] = {}
    for row in rows:
        steps.setdefault((row.at - begin - MINUTE) // STEP, []).append(row)
    return tuple(_point(begin + number * STEP, found) for number, found in steps.items())


def _point(at: datetime, rows: Sequence[QueueSample]) -> Point:
    return Point(
        at, max(row.waiting for row in rows), timedelta(seconds=max(row.longest_wait_s for row in rows)),
        max(row.agents_there for row in rows), sum(row.arrivals for row in rows), sum(row.taken for row in rows),
    )  # fmt: skip
