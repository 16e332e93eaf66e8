"""The times that tickets must keep: which, and how each stands."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, Id, UtcDateTime, where


class Metric(StrEnum):
    """What a clock measures."""

    first_response = "first_response"
    """Until a person answers the viewer for the first time."""
    next_response = "next_response"
    """Until a person answers what the viewer wrote since."""
    resolution = "resolution"
    promise = "promise"
    """Until the time that the viewer was told."""


class TicketClock(Base):
    """A time that a ticket must keep, from its start until it is met, in service time; a row each, kept as it ended."""

    __tablename__ = "ticket_clocks"
    __table_args__ = (
        Index("uq_ticket_clocks_running", "ticket_id", "metric", unique=True, **where("ended_at IS NULL")),
        Index("ix_ticket_clocks_ticket_id", "ticket_id", "id"),
        Index("ix_ticket_clocks_due_at", "due_at", "id", **where("ended_at IS NULL AND breached_at IS NULL")),
        Index("ix_ticket_clocks_warn_at", "warn_at", "id", **where("warn_at IS NOT NULL")),
        Index("ix_ticket_clocks_ended_at", "metric", "ended_at", "breached_at", "ticket_id",
              **where("ended_at IS NOT NULL")),
        Index("ix_ticket_clocks_late", "metric", "breached_at", "ticket_id", **where("breached_at IS NOT NULL")),
        CheckConstraint("due_at IS NULL OR left_s IS NULL", name="paused"),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(Id, ForeignKey("tickets.id"))
    metric: Mapped[str] = mapped_column(String(16))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    work_s: Mapped[int | None]
    """Seconds of service time that it allows; None: a time of the calendar, as a promise is."""
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """None while it stands still."""
    left_s: Mapped[int | None]
    """What was left when it was stopped."""
    resumed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Since when it runs, where that is not since its start: after a stop, or by other hours."""
    resumed_s: Mapped[int | None]
    """What was left then."""
    warn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When its owner is warned; None: he was, or will not be."""
    breached_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SlaPolicy(Base):
    """Which times a ticket must keep. Of those that fit a ticket the first in ``position`` counts."""

    __tablename__ = "sla_policies"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    position: Mapped[int]
    kind: Mapped[str | None] = mapped_column(String(12))
    """None: of any; so with the others."""
    priority: Mapped[str | None] = mapped_column(String(8))
    source: Mapped[str | None] = mapped_column(String(32))
    first_response_m: Mapped[int | None]
    """Minutes of service time; None: no limit."""
    next_response_m: Mapped[int | None]
    resolution_m: Mapped[int | None]
    warn_percent: Mapped[int] = mapped_column(SmallInteger)
    """After so much of the time the owner is warned; 0: he is not."""
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    """Another after each change of what it says; its place is none."""
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
