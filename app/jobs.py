"""Lanes, jobs and leases on the same database as everything else.

A lane is a strict order (a conversation, a campaign, a timer); jobs of one lane run one after the other, lanes run
beside each other. A worker leases lanes, not jobs; a lease that ends is taken over by another worker.

``ready_at`` of a lane is the time of its first job, None while it is empty: that makes it the only thing to look at
when work is claimed.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, SmallInteger, String, UniqueConstraint, bindparam, func, select, update
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db.base import Base, Id, Json, UtcDateTime
from app.db.rows import Insert, table_of
from app.db.sql import for_update, is_any


class Priority(StrEnum):
    """Classes of what leaves, most urgent first; stored as their position."""

    urgent = "urgent"
    agent = "agent"
    bot = "bot"
    notice = "notice"
    campaign = "campaign"

    @property
    def rank(self) -> int:
        return list(Priority).index(self)


class Lane(Base):
    __tablename__ = "lanes"
    __table_args__ = (
        UniqueConstraint("topic", "subject_id"),
        Index("ix_lanes_ready", "priority", "ready_at", sqlite_where=sql("ready_at IS NOT NULL"),
              postgresql_where=sql("ready_at IS NOT NULL")),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    topic: Mapped[str] = mapped_column(String(16))
    """What the lane orders: ``conversation``, ``campaign``, ``timer``."""
    subject_id: Mapped[int] = mapped_column(Id)
    channel_id: Mapped[int | None] = mapped_column(Id, ForeignKey("channels.id"))
    """Whose rate its work uses up; None where none is used."""
    priority: Mapped[int] = mapped_column(SmallInteger)
    ready_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    leased_by: Mapped[str | None] = mapped_column(String(64))
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class JobState(StrEnum):
    queued = "queued"
    running = "running"
    dead = "dead"
    """Given up; visible and re-drivable. A job that is done has no row."""


class Job(Base):
    __tablename__ = "jobs"
    __table_args__ = (Index("ix_jobs_lane_id_id", "lane_id", "id"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    lane_id: Mapped[int] = mapped_column(Id, ForeignKey("lanes.id"))
    kind: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[int] = mapped_column(Id)
    """What the kind works on (for ``message``: the message's id)."""
    payload: Mapped[dict[str, Any] | None] = mapped_column(Json)
    unique_key: Mapped[str | None] = mapped_column(String(128), unique=True)
    """Of two jobs with the same key one exists."""
    state: Mapped[str] = mapped_column(String(8))
    not_before: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(SmallInteger)
    error: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True)
class LaneKey:
    topic: str
    subject_id: int
    channel_id: int | None


@dataclass(frozen=True, slots=True)
class NewJob:
    lane: LaneKey
    kind: str
    subject_id: int
    not_before: datetime
    priority: Priority
    payload: dict[str, Any] | None = None


_insert_lanes = Insert(table_of(Lane), ("topic", "subject_id", "channel_id", "priority"), or_ignore=True)
_insert_jobs = Insert(
    table_of(Job), ("lane_id", "kind", "subject_id", "payload", "state", "not_before", "attempts", "created_at")
)

_LANES = for_update(
    select(Lane).where(Lane.topic == bindparam("topic"), is_any(Lane.subject_id, "subjects")).order_by(Lane.subject_id)
)


_lane = table_of(Lane).c
HAS_WORK = _lane.ready_at.is_not(None)
"""Condition on ``lanes``: something waits there."""


def busy_lanes(session: Session, topic: str, subject_ids: Collection[int]) -> dict[int, Lane]:
    """Lock the lanes of these subjects and return those in which something waits, by subject."""
    return {k: lane for k, lane in lock_lanes(session, topic, subject_ids).items() if lane.ready_at}


def lock_lanes(session: Session, topic: str, subject_ids: Collection[int]) -> dict[int, Lane]:
    """Lock the lanes that exist, in id order, by subject."""
    given = {"topic": topic, "subjects": list(subject_ids)}
    rows = session.scalars(_LANES, given, execution_options={"populate_existing": True})
    return {lane.subject_id: lane for lane in rows}


def enqueue(session: Session, jobs: Sequence[NewJob], *, now: datetime) -> None:
    """Append jobs to their lanes, in the order given.

    The lane is locked before its job is inserted: ids are handed out before the commit, so a later job of another
    transaction could otherwise be seen, and run, first.
    """
    if not jobs:
        return
    lanes = sorted({(job.lane.topic, job.lane.subject_id, job.lane.channel_id) for job in jobs}, key=lambda k: k[:2])
    _insert_lanes(session, [(*lane, Priority.campaign.rank) for lane in lanes])
    locked = {
        (topic, subject_id): lane
        for topic in dict.fromkeys(lane[0] for lane in lanes)
        for subject_id, lane in lock_lanes(session, topic, [lane[1] for lane in lanes if lane[0] == topic]).items()
    }
    for job in jobs:
        lane = locked[job.lane.topic, job.lane.subject_id]
        if lane.ready_at is None:
            lane.ready_at, lane.priority = job.not_before, job.priority.rank
        else:
            lane.priority = min(lane.priority, job.priority.rank)
    rows = [
        (locked[job.lane.topic, job.lane.subject_id].id, job.kind, job.subject_id, job.payload, JobState.queued,
         job.not_before, 0, now)
        for job in jobs
    ]  # fmt: skip
    session.flush()
    _insert_jobs(session, rows)


def claim(session: Session, *, topic: str, worker: str, now: datetime, lease: timedelta, limit: int) -> list[int]:
    """Lease up to ``limit`` ready lanes to ``worker`` and return their ids; lanes of a dead worker are taken over."""
    free = (Lane.topic == topic, Lane.ready_at <= now, (Lane.leased_until.is_(None)) | (Lane.leased_until < now))
    ready = select(Lane.id).where(*free).order_by(Lane.priority, Lane.ready_at).limit(limit)
    ids = list(session.scalars(for_update(ready, skip_locked=True)))
    if ids:
        leased = {"leased_by": worker, "leased_until": now + lease}
        session.execute(update(Lane).where(is_any(Lane.id, ids)).values(leased))
    return ids


def hold(session: Session, lane_id: int, worker: str) -> Lane | None:
    """Lock a leased lane; None where the lease was lost to another worker."""
    return session.scalars(for_update(select(Lane).where(Lane.id == lane_id, Lane.leased_by == worker))).one_or_none()


def first_job(session: Session, lane_id: int) -> Job | None:
    """The job whose turn it is; dead ones do not hold up the lane."""
    alive = (Job.lane_id == lane_id, Job.state != JobState.dead)
    return session.scalar(select(Job).where(*alive).order_by(Job.id).limit(1))


def release(session: Session, lane: Lane) -> None:
    """Give the lane back; it is ready again when its first job is."""
    session.flush()
    first = first_job(session, lane.id)
    lane.leased_by = lane.leased_until = None
    lane.ready_at = first.not_before if first else None


def depth(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Job).where(Job.state != JobState.dead)) or 0
