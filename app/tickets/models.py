"""Tickets: what a viewer reported, followed to its end."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, Id, UtcDateTime


class TicketKind(StrEnum):
    inquiry = "inquiry"
    fault = "fault"
    suggestion = "suggestion"
    complaint = "complaint"
    refund = "refund"
    data = "data"
    """A request about the viewer's own personal data."""


class TicketStatus(StrEnum):
    open = "open"
    """Registered; nobody works on it yet."""
    in_progress = "in_progress"
    waiting = "waiting"
    """For the viewer's answer to ``asked``."""
    closed = "closed"


class TicketPriority(StrEnum):
    normal = "normal"
    high = "high"


class Ticket(Base):
    __tablename__ = "tickets"
    __table_args__ = (Index("uq_tickets_event_id", "event_id", unique=True),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
    """What the viewer is told, as ``T-<number>``: of the sequence ``ticket_numbers``; on SQLite of a counter."""
    viewer_id: Mapped[int] = mapped_column(Id, ForeignKey("viewers.id"), index=True)
    conversation_id: Mapped[int] = mapped_column(Id, ForeignKey("conversations.id"), index=True)
    event_id: Mapped[int | None] = mapped_column(Id)
    """The event whose message opened it. No foreign key: tickets outlive the raw events."""
    kind: Mapped[str] = mapped_column(String(12))
    status: Mapped[str] = mapped_column(String(12))
    priority: Mapped[str] = mapped_column(String(8))
    subject: Mapped[str] = mapped_column(String(200))
    category: Mapped[str | None] = mapped_column(String(64))
    """The entry that it is about."""
    asked: Mapped[str | None] = mapped_column(Text)
    """What the viewer is to answer, while it waits for him."""
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Until when the viewer was promised an answer."""
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TicketEvent(Base):
    """The immutable history of a ticket."""

    __tablename__ = "ticket_events"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(Id, ForeignKey("tickets.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    """``opened``; by the viewer ``added``, ``answered``, ``wants_notice``; ``raised`` (now urgent); by whoever works on
    it ``started``, ``noted`` (internal), ``replied``, ``asked``; ``closed``, ``reopened``."""
    author: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text)
    seq: Mapped[int | None]
    """The message of the ticket's conversation that it came with."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)
