"""Tickets: what a viewer reported, followed to its end."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, Id, Json, UtcDateTime, where


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
    """For the viewer's answer to ``asked``: its clocks stand still."""
    closed = "closed"


class TicketPriority(StrEnum):
    low = "low"
    normal = "normal"
    high = "high"
    """What the bot finds urgent."""
    urgent = "urgent"
    """Only people say so."""


PRESSING: Final = (TicketPriority.high, TicketPriority.urgent)
_RANK = "CASE priority WHEN 'urgent' THEN 3 WHEN 'high' THEN 2 WHEN 'normal' THEN 1 ELSE 0 END"


class Dimension(StrEnum):
    """Of the quality that is spoken of: to whom in production and operation it goes back."""

    script = "script"
    acting = "acting"
    picture = "picture"
    sound = "sound"
    subtitles = "subtitles"
    dubbing = "dubbing"
    platform = "platform"
    schedule = "schedule"
    promotion = "promotion"
    service = "service"
    payment = "payment"


PHONE, DESK = "phone", "desk"
"""Where a ticket comes from, besides the platforms: a call that somebody took, or a colleague's own finding."""


_NARROWED = ("merged_into_id", "kind", "source", "team_id", "title")
"""Which of all the tickets figures are of; and the owner."""
_IS_OPEN = "status <> 'closed'"
"""Not by ``closed_at``, as the way in asks: PostgreSQL, planning while tables are empty, would walk these there."""


class Ticket(Base):
    __tablename__ = "tickets"
    __table_args__ = (
        Index("uq_tickets_event_id", "event_id", unique=True),
        # Lists walk the first columns of these three; figures are read from them alone.
        Index("ix_tickets_opened_at", "opened_at", "id", *_NARROWED, "owner_id", "closed_at", "response_s", "reopened",
              "category", "dimension"),
        Index("ix_tickets_closed_at", "closed_at", "id", *_NARROWED, "owner_id", "opened_at", "resolution_s",
              **where("closed_at IS NOT NULL")),
        Index("ix_tickets_owner_id", "owner_id", "closed_at", "id", *_NARROWED, "opened_at", "resolution_s", "breaches",
              **where("owner_id IS NOT NULL")),
        Index("ix_tickets_updated_at", "updated_at", "id"),
        Index("ix_tickets_next_due_at", "next_due_at", "id", **where(_IS_OPEN)),
        Index("ix_tickets_rank", "rank", "id", **where(_IS_OPEN)),
        Index("ix_tickets_unowned", "rank", "opened_at", **where(f"owner_id IS NULL AND {_IS_OPEN}")),
        Index("ix_tickets_title", "title", "id", **where("title IS NOT NULL")),
        Index("ix_tickets_parent_id", "parent_id", **where("parent_id IS NOT NULL")),
        Index("ix_tickets_merged_into_id", "merged_into_id", **where("merged_into_id IS NOT NULL")),
        CheckConstraint("status IN ('open', 'in_progress', 'waiting', 'closed')", name="status"),
        CheckConstraint("priority IN ('low', 'normal', 'high', 'urgent')", name="priority"),
        CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name="closed"),
        CheckConstraint("parent_id IS NULL OR parent_id <> id", name="parent"),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
    """What the viewer is told, as ``T-<number>``: of the sequence ``ticket_numbers``; on SQLite of a counter."""
    viewer_id: Mapped[int | None] = mapped_column(Id, ForeignKey("viewers.id"), index=True)
    """None: nobody whom we know wrote, as with a call."""
    conversation_id: Mapped[int | None] = mapped_column(Id, ForeignKey("conversations.id"), index=True)
    """In which it was opened, and where its viewer is answered."""
    event_id: Mapped[int | None] = mapped_column(Id)
    """The event whose message opened it. No foreign key: tickets outlive the raw events."""
    source: Mapped[str] = mapped_column(String(32), server_default=DESK)
    """A platform's name, ``phone`` or ``desk``."""
    contact: Mapped[str | None] = mapped_column(String(64))
    """Who called and how he is reached, where no conversation is."""
    kind: Mapped[str] = mapped_column(String(12))
    status: Mapped[str] = mapped_column(String(12))
    priority: Mapped[str] = mapped_column(String(8))
    rank: Mapped[int] = mapped_column(SmallInteger, Computed(_RANK, persisted=True))
    """``priority`` as a number, for the order of lists: 0 low … 3 urgent."""
    opening_key: Mapped[str | None] = mapped_column(String(80), unique=True)
    """What the page called it that a person opened it with: a second tap, or a repeat, opens none."""
    subject: Mapped[str] = mapped_column(String(200))
    category: Mapped[str | None] = mapped_column(String(64))
    """The entry that it is about."""
    dimension: Mapped[str | None] = mapped_column(String(12))
    title: Mapped[str | None] = mapped_column(String(64))
    season: Mapped[int | None] = mapped_column(SmallInteger)
    episode: Mapped[int | None]
    timecode_s: Mapped[int | None]
    """Seconds from the episode's beginning."""
    owner_id: Mapped[int | None] = mapped_column(Id, ForeignKey("agents.id"))
    """Who follows it to its end."""
    team_id: Mapped[int | None] = mapped_column(Id, ForeignKey("teams.id"), index=True)
    skill: Mapped[str | None] = mapped_column(String(32))
    """What its owner must be able to do."""
    created_by: Mapped[int | None] = mapped_column(Id, ForeignKey("agents.id"))
    """None: the bot, from what the viewer wrote."""
    parent_id: Mapped[int | None] = mapped_column(Id, ForeignKey("tickets.id"))
    merged_into_id: Mapped[int | None] = mapped_column(Id, ForeignKey("tickets.id"))
    """It is closed then; its viewer hears how that one stands."""
    asked: Mapped[str | None] = mapped_column(Text)
    """What the viewer is to answer, while it waits for him."""
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Until when the viewer was promised an answer."""
    next_due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """The first of its running clocks to end, ``due_at`` among them; None while none runs."""
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When anything of it changed or was said last."""
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    waiting_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Since when it waits for the viewer."""
    waited_s: Mapped[int] = mapped_column(server_default="0")
    """Service time that does not count: while it waited for the viewer, or was closed before it was opened again."""
    responded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When a person answered its viewer first."""
    response_s: Mapped[int | None]
    """Service time until then, in seconds of its calendar."""
    resolution_s: Mapped[int | None]
    """Service time until it was closed, without what it waited for the viewer."""
    breaches: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    """How many of its clocks ran out."""
    reopened: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    """How often it was opened again."""


class TicketEvent(Base):
    """The immutable history of a ticket."""

    __tablename__ = "ticket_events"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(Id, ForeignKey("tickets.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    """``opened``; by the viewer ``added``, ``answered``, ``wants_notice``, ``accepted``, ``refused``, ``scored``,
    ``confirmed``; ``raised`` (now urgent); by whoever works on it ``started``, ``noted`` (internal), ``replied``,
    ``asked``, ``changed``, ``linked``, ``unlinked``, ``filed``, ``merged``, ``unmerged``, ``split``, ``decided``;
    ``closed``, ``reopened``; by the clock ``warned``, ``breached``, ``recounted``."""
    author: Mapped[str] = mapped_column(String(16))
    """``viewer``, ``bot``, ``clock``, or the id of a person."""
    text: Mapped[str] = mapped_column(Text)
    seq: Mapped[int | None]
    """The message of the ticket's conversation that it came with."""
    message_id: Mapped[int | None] = mapped_column(Id)
    """By which the viewer was told. No foreign key: histories outlive conversations."""
    detail: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """Of ``changed``: by field what it was and is. Of ``recounted``: ``why``, and by metric when it was and is due."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class TicketWatcher(Base):
    """Who wants to hear of a ticket that another person has."""

    __tablename__ = "ticket_watchers"
    ticket_id: Mapped[int] = mapped_column(Id, ForeignKey("tickets.id"), primary_key=True, autoincrement=False)
    agent_id: Mapped[int] = mapped_column(
        Id, ForeignKey("agents.id"), primary_key=True, autoincrement=False, index=True
    )


class TicketTag(Base):
    __tablename__ = "ticket_tags"
    __table_args__ = (Index("ix_ticket_tags_tag_ticket_id", "tag", "ticket_id"),)
    ticket_id: Mapped[int] = mapped_column(Id, ForeignKey("tickets.id"), primary_key=True, autoincrement=False)
    tag: Mapped[str] = mapped_column(String(32), primary_key=True)


class TicketLink(Base):
    """A conversation that speaks of a ticket, besides the one in which it was opened."""

    __tablename__ = "ticket_links"
    ticket_id: Mapped[int] = mapped_column(Id, ForeignKey("tickets.id"), primary_key=True, autoincrement=False)
    conversation_id: Mapped[int] = mapped_column(
        Id, ForeignKey("conversations.id"), primary_key=True, autoincrement=False, index=True
    )


class TicketFile(Base):
    """A file that belongs to a ticket: brought or sent by a colleague. What viewers send stays with their messages."""

    __tablename__ = "ticket_files"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(Id, ForeignKey("tickets.id"), index=True)
    event_id: Mapped[int] = mapped_column(Id, ForeignKey("ticket_events.id"))
    """The line of the history with which it came."""
    key: Mapped[str] = mapped_column(String(80))
    """In the storage."""
    name: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(Id)
    content_type: Mapped[str] = mapped_column(String(64))
    is_evidence: Mapped[bool]
    message_id: Mapped[int | None] = mapped_column(Id)
    """By which the viewer got it; None: it is for colleagues alone. No foreign key: as with ``ticket_events``."""


class ComplaintState(StrEnum):
    examining = "examining"
    """Nothing is decided so far."""
    decided = "decided"
    """The viewer has the written decision, and has not said yes or no."""
    pending = "pending"
    """He accepts it once what was decided has been done: a refund is booked."""
    accepted = "accepted"
    refused = "refused"


class Complaint(Base):
    """The formal side of a ticket of that kind: who answers for it, until when, and what was decided."""

    __tablename__ = "complaints"
    __table_args__ = (
        CheckConstraint("state IN ('examining', 'decided', 'pending', 'accepted', 'refused')", name="state"),
        Index("ix_complaints_remind_at", "remind_at", **where("remind_at IS NOT NULL")),
    )
    ticket_id: Mapped[int] = mapped_column(Id, ForeignKey("tickets.id"), primary_key=True, autoincrement=False)
    office: Mapped[str] = mapped_column(String(64))
    deadline_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Never after what its viewer was told."""
    days: Mapped[int | None] = mapped_column(SmallInteger)
    """Working days from the opening, of which it is the last; None: a time that somebody set."""
    remind_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """A day before; None: the reminder was given, or is not needed any more."""
    state: Mapped[str] = mapped_column(String(12))
    wanted: Mapped[str | None] = mapped_column(Text)
    """What the viewer wants."""
    decision: Mapped[str | None] = mapped_column(Text)
    remedies: Mapped[str | None] = mapped_column(Text)
    """The further ways that are open to him."""
    decided_by: Mapped[int | None] = mapped_column(Id, ForeignKey("agents.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TicketNotice(Base):
    """What somebody should look at, because he has the ticket, watches it, or leads those who have."""

    __tablename__ = "ticket_notices"
    __table_args__ = (
        Index("ix_ticket_notices_unseen", "agent_id", "event_id", **where("seen_at IS NULL")),
        Index("ix_ticket_notices_ticket_id", "ticket_id", "agent_id"),
    )
    agent_id: Mapped[int] = mapped_column(Id, ForeignKey("agents.id"), primary_key=True, autoincrement=False)
    event_id: Mapped[int] = mapped_column(Id, ForeignKey("ticket_events.id"), primary_key=True, autoincrement=False)
    """The line of the history that it tells of."""
    ticket_id: Mapped[int] = mapped_column(Id, ForeignKey("tickets.id"))
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Satisfaction(Base):
    """The one question after a ticket was closed, and its answer."""

    __tablename__ = "ticket_satisfaction"
    __table_args__ = (
        Index("ix_ticket_satisfaction_ask_at", "ask_at", **where("ask_at IS NOT NULL")),
        Index("ix_ticket_satisfaction_viewer_id", "viewer_id", "asked_at"),
        CheckConstraint("score BETWEEN 1 AND 5", name="score"),
        CheckConstraint("later_score BETWEEN 1 AND 5", name="later_score"),
    )
    ticket_id: Mapped[int] = mapped_column(Id, ForeignKey("tickets.id"), primary_key=True, autoincrement=False)
    viewer_id: Mapped[int] = mapped_column(Id, ForeignKey("viewers.id"))
    ask_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it is to be asked; None: it was, or will not be."""
    asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    score: Mapped[int | None] = mapped_column(SmallInteger)
    scored_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str | None] = mapped_column(Text)
    later_score: Mapped[int | None] = mapped_column(SmallInteger)
    """Given after it was opened again; the first one stays."""
    later_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TicketMacro(Base):
    """Several changes and an answer under one name."""

    __tablename__ = "ticket_macros"
    __table_args__ = (UniqueConstraint("name"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(32))
    team_id: Mapped[int | None] = mapped_column(Id, ForeignKey("teams.id"))
    """Whose it is; None: everybody's."""
    changes: Mapped[dict[str, Any]] = mapped_column(Json)
    """By field what it becomes, as the ticket's form names them."""
    reply: Mapped[str] = mapped_column(Text)
    """What the viewer is told; empty: nothing."""
    closes: Mapped[bool]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    """Another after each change."""
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
