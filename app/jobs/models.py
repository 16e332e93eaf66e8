"""Lanes and jobs as they are stored.

A lane is a strict order (a conversation, a campaign, a timer); jobs of one lane run one after the other, lanes run
beside each other. A worker leases lanes, not jobs; a lease that ends is taken over by another worker.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, Id, Json, UtcDateTime, where


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
        # One range for each channel and class, so that what waits in one never lies in the way of another.
        Index("ix_lanes_ready", "topic", "channel_id", "priority", "ready_at",
              **where("ready_at IS NOT NULL")),
        Index("ix_lanes_leased_until", "leased_until", **where("leased_until IS NOT NULL")),
        {"postgresql_with": {"fillfactor": 70}},
    )  # fmt: skip
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    topic: Mapped[str] = mapped_column(String(16))
    """What the lane orders: ``conversation``, ``campaign``, ``timer``."""
    subject_id: Mapped[int] = mapped_column(Id)
    channel_id: Mapped[int | None] = mapped_column(Id, ForeignKey("channels.id"))
    """Whose rate its work uses up; None where none is used."""
    priority: Mapped[int] = mapped_column(SmallInteger)
    """That of the most urgent job in it: the lane moves as fast as that one deserves."""
    ready_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it can be claimed: the time of its first job, the end of its lease while it is leased, None while empty.

    That makes it the only thing to look at when work is claimed.
    """
    leased_by: Mapped[str | None] = mapped_column(String(64))
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class JobState(StrEnum):
    queued = "queued"
    running = "running"
    dead = "dead"
    """Given up; visible and re-drivable. A job that is done has no row."""


class Waits(StrEnum):
    """Why a job waits for longer than its turn."""

    retry = "retry"
    """It failed in a way that trying again can mend."""
    rate = "rate"
    quota = "quota"
    window = "window"
    """The viewer cannot be reached until he writes again."""
    quiet = "quiet"
    """Quiet hours."""
    operator = "operator"
    """A person must mend something first."""


class Job(Base):
    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_lane_id_id", "lane_id", "id"),
        Index("ix_jobs_dead", "id", **where("state = 'dead'")),
        Index("ix_jobs_waits_id", "waits", "id", **where("waits IS NOT NULL")),
        CheckConstraint("state IN ('queued', 'running', 'dead')", name="state"),
        CheckConstraint(
            "waits IS NULL OR waits IN ('retry', 'rate', 'quota', 'window', 'quiet', 'operator')", name="waits"
        ),
        {"postgresql_with": {"fillfactor": 70}},
    )  # fmt: skip
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    lane_id: Mapped[int] = mapped_column(Id, ForeignKey("lanes.id"))
    kind: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[int] = mapped_column(Id)
    """What the kind works on (for ``message``: the message's id)."""
    payload: Mapped[dict[str, Any] | None] = mapped_column(Json)
    unique_key: Mapped[str | None] = mapped_column(String(128), unique=True)
    """Of two jobs with the same key one exists."""
    state: Mapped[str] = mapped_column(String(8))
    priority: Mapped[int] = mapped_column(SmallInteger, server_default="2")
    not_before: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(SmallInteger)
    waits: Mapped[str | None] = mapped_column(String(8))
    """Why it waits; None: only for its turn and its time."""
    doubtful: Mapped[bool] = mapped_column(server_default=sql("false"))
    """An earlier attempt may have succeeded, so that a later failure does not say that nothing happened."""
    keyed: Mapped[bool] = mapped_column(server_default=sql("false"))
    """The attempt under way is made under a key by which the platform recognises a repeat."""
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
    unique_key: str | None = None
    """Where a job of this key waits already, this one is left out."""
