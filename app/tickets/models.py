"""Tickets: what a viewer reported, followed to its end."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, Id, UtcDateTime


class TicketKind(StrEnum):
    inquiry = "inquiry"
    fault = "fault"
    suggestion = "suggestion"
    complaint = "complaint"
    refund = "refund"


class TicketStatus(StrEnum):
    open = "open"
    closed = "closed"


class TicketPriority(StrEnum):
    normal = "normal"
    high = "high"


class Ticket(Base):
    __tablename__ = "tickets"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
    """What the viewer is told, as ``T-<number>``: of the sequence ``ticket_numbers``; on SQLite of a counter."""
    viewer_id: Mapped[int] = mapped_column(Id, ForeignKey("viewers.id"), index=True)
    conversation_id: Mapped[int] = mapped_column(Id, ForeignKey("conversations.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    status: Mapped[str] = mapped_column(String(12))
    priority: Mapped[str] = mapped_column(String(8))
    subject: Mapped[str] = mapped_column(String(200))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TicketEvent(Base):
    """The immutable history of a ticket."""

    __tablename__ = "ticket_events"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(Id, ForeignKey("tickets.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    """``opened``, ``added``, ``closed``."""
    author: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
