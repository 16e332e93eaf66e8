"""The rules of running jobs that are no messages: claimed with their lane, ended, put off or given up."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db.sql import changed
from app.jobs import lanes, timers
from app.jobs.models import Job, JobState, Lane, Waits

ATTEMPTS = 8
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Running:
    """A job in the hands of this worker."""

    lane_id: int
    job_id: int
    kind: str
    subject_id: int
    payload: Mapping[str, Any]
    planned: datetime
    """When it was to run."""
    attempts: int


class Later(Exception):
    """Raised by a job: not now, but after so many seconds; the attempt is no failure."""

    def __init__(self, seconds: float, reason: str = "") -> None:
        super().__init__(reason)
        self.seconds = seconds


def topics_ready(session: Session, topics: Sequence[str], now: datetime) -> list[str]:
    """Those of the topics (without a channel) in which something is due. One statement, since it is asked all day."""
    return [row[0] for row in lanes.look(session, _look(tuple(topics)), now)]


@lru_cache
def _look(topics: tuple[str, ...]) -> str:
    """Topics are names in the code."""
    named = " UNION ALL ".join(f"SELECT '{topic}' AS name" for topic in topics)
    due = lanes.is_due("topic = topics.name AND channel_id IS NULL")
    return f"SELECT DISTINCT topics.name FROM ({named}) AS topics CROSS JOIN {lanes.RANKS} WHERE {due}"


def claim(
    session: Session, topics: Iterable[str], *, worker: str, now: datetime, lease: timedelta, limit: int
) -> list[Running]:
    """Lease lanes and begin the first job of each; one that a dead worker had begun is begun again."""
    ids: dict[int, str] = {}
    for topic in topics:
        if len(ids) < limit:
            found = lanes.claim(session, topic=topic, worker=worker, now=now, lease=lease, limit=limit - len(ids))
            ids |= dict.fromkeys(found, topic)
    begun: list[Running] = []
    for lane_id, job in lanes.first_jobs(session, ids).items():
        if job.not_before > now:
            continue
        if job.state == JobState.running and job.attempts >= ATTEMPTS and ids[lane_id] != timers.TOPIC:
            # It may be what kills them.
            job.state, job.waits, job.error = JobState.dead, None, "each worker that ran it ended before it did"
            continue
        job.state, job.attempts = JobState.running, job.attempts + 1
        begun.append(
            Running(lane_id, job.id, job.kind, job.subject_id, job.payload or {}, job.not_before, job.attempts)
        )
    ours = {running.lane_id for running in begun}
    lanes.release_all(session, [lane_id for lane_id in ids if lane_id not in ours])
    return begun


def extend(session: Session, running: Running, *, worker: str, until: datetime) -> bool:
    """Keep the lane for longer; False where it was taken over."""
    own = (Lane.id == running.lane_id, Lane.leased_by == worker)
    values = {"leased_until": until, "ready_at": until + timedelta(microseconds=1)}
    return changed(session.execute(update(Lane).where(*own).values(values))) == 1


def end(session: Session, running: Running, *, worker: str) -> None:
    """It is done."""
    held = _hold(session, running, worker)
    if held is not None:
        session.delete(held[1])
        lanes.release(session, held[0])


def put_off(session: Session, running: Running, *, worker: str, until: datetime) -> None:
    """It runs again then; that is no failure."""
    held = _hold(session, running, worker)
    if held is not None:
        lane, job = held
        job.state, job.not_before, job.attempts, job.waits, job.error = JobState.queued, until, 0, None, None
        lanes.release(session, lane)


def fail(session: Session, running: Running, error: str, *, worker: str, now: datetime, recurs: bool = False) -> bool:
    """Try again later and later; False where it was given up. What recurs is never given up."""
    held = _hold(session, running, worker)
    if held is None:
        return True
    lane, job = held
    job.error = error[:200]
    if job.attempts >= ATTEMPTS and not recurs:
        job.state, job.waits = JobState.dead, None
    else:
        wait = min(FIRST_WAIT * 2 ** min(job.attempts - 1, 16), LONGEST_WAIT)
        job.state, job.not_before, job.waits = JobState.queued, now + wait, Waits.retry
    alive = job.state != JobState.dead
    lanes.release(session, lane)
    return alive


def _hold(session: Session, running: Running, worker: str) -> tuple[Lane, Job] | None:
    lane = lanes.hold(session, running.lane_id, worker)
    job = session.get(Job, running.job_id, populate_existing=True)
    return None if lane is None or job is None else (lane, job)


def redrive(session: Session, kind: str, *, now: datetime, limit: int = 500) -> int:
    """Queue dead jobs of a kind again; returns how many."""
    dead = list(session.scalars(select(Job).where(Job.state == JobState.dead, Job.kind == kind).limit(limit)))
    for job in dead:
        job.state, job.not_before, job.attempts = JobState.queued, now, 0
    session.flush()
    for lane in session.scalars(select(Lane).where(Lane.id.in_({job.lane_id for job in dead})).with_for_update()):
        lanes.refresh(session, lane)
    return len(dead)
