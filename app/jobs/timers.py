"""What happens by the clock: a row each, run once however many processes there are.

A timer that recurs is a job that is put off instead of ended; its row is the memory of when it ran last, through all
restarts. What happens once (a reminder, a deadline) is an ordinary job with a time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zlib import crc32

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.db.sql import changed, for_update
from app.jobs import lanes
from app.jobs.clocks import TOLERATED
from app.jobs.models import Job, JobState, Lane, LaneKey, NewJob, Priority

TOPIC = "timer"


class Missed(StrEnum):
    """What becomes of runs whose time passed while no process was there."""

    skip = "skip"
    """The next run is the next one in time: for what looks at the state of things, however old."""
    catch_up = "catch_up"
    """Each is run, one after the other: for what belongs to its own time."""


@dataclass(frozen=True, slots=True)
class Timer:
    name: str
    """Also the kind of its job, ``what.is_done``: the point tells it from what is done once. At most 32 characters."""
    every: timedelta
    missed: Missed = Missed.skip

    def next_after(self, planned: datetime, now: datetime) -> datetime:
        """The run after the one that was planned for then, on the same grid."""
        if self.missed is Missed.catch_up:
            return planned + self.every
        passed = (now - planned) // self.every + 1
        return planned + self.every * (passed if self._is_ahead(planned, now) else max(1, passed))

    def pulled_back(self, planned: datetime, now: datetime) -> datetime:
        """The next run, where the clock may have been set back since it was planned."""
        if self.missed is Missed.catch_up or not self._is_ahead(planned - self.every, now):
            return planned
        return self.next_after(planned, now)

    def _is_ahead(self, planned: datetime, now: datetime) -> bool:
        """It ran then, but that is still to come: the clock was set back by more than clocks differ."""
        return planned - now > TOLERATED


_OURS = Job.lane_id.in_(select(Lane.id).where(Lane.topic == TOPIC))
"""Found by their lanes: the keys of a million other jobs would be looked through."""


def ensure(session: Session, timers: Iterable[Timer], *, now: datetime) -> None:
    """Give each timer its row; those that have one keep their time."""
    known = set(session.scalars(select(Job.unique_key).where(_OURS)))
    new: Sequence[NewJob] = [
        NewJob(LaneKey(TOPIC, _number(timer.name), None), timer.name, 0, now, Priority.bot, unique_key=key)
        for timer in timers
        if (key := f"timer:{timer.name}") not in known
    ]
    lanes.enqueue(session, new, now=now)


def retire(session: Session, timers: Iterable[Timer]) -> int:
    """Drop the rows of timers that this version no longer has."""
    kept = [f"timer:{timer.name}" for timer in timers]
    gone = (_OURS, Job.unique_key.not_in(kept), Job.state != JobState.running)
    return changed(session.execute(delete(Job).where(*gone)))


def pull_back(session: Session, timers: Iterable[Timer], *, now: datetime) -> None:
    """After the clock was set back: no run waits for longer than it would have, on the same grid."""
    by_kind = {timer.name: timer for timer in timers}
    locked = session.scalars(for_update(select(Lane).where(Lane.topic == TOPIC).order_by(Lane.id)))
    free = {lane.id for lane in locked if lane.leased_by is None}
    jobs = session.scalars(select(Job).where(_OURS, Job.kind.in_(by_kind))).all()
    for job in jobs:
        job.not_before = by_kind[job.kind].pulled_back(job.not_before, now)
    lanes.release_all(session, [job.lane_id for job in jobs if job.lane_id in free])


def at(
    session: Session, kind: str, subject_id: int, when: datetime, *, now: datetime, key: str | None = None,
    payload: dict[str, Any] | None = None, priority: Priority = Priority.notice,
) -> None:  # fmt: skip
    """Run ``kind`` for a subject once, not before then. Of two with the same ``key`` the first one counts."""
    lane = LaneKey(topic_of(kind), subject_id, None)
    lanes.enqueue(session, [NewJob(lane, kind, subject_id, when, priority, payload, key)], now=now)


def topic_of(kind: str) -> str:
    """Jobs of a kind have a topic of their own, and a lane each: they need no order among each other."""
    return f"work:{kind}"[:16]


def cancel(session: Session, key: str) -> bool:
    """Whether the job of this key was still waiting; it does not run then."""
    waiting = (Job.unique_key == key, Job.state == JobState.queued)
    return changed(session.execute(delete(Job).where(*waiting))) == 1


def _number(name: str) -> int:
    """A lane's subject is a number; a timer's has none but its name."""
    return crc32(name.encode())
