"""What happened in a conversation beside what was said: who took it, handed it on or put it off, and people's notes."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.conversations.models import Conversation
from app.db.base import Base, Id, Json, UtcDateTime


class Kind(StrEnum):
    note = "note"
    """Internal, with ``text``."""
    taken = "taken"
    """``data.former``: from whom, where a colleague had it."""
    assigned = "assigned"
    """Given by the service; ``data.to``: the agent's id."""
    stepped_in = "stepped_in"
    """A colleague wrote although another agent has the conversation."""
    transferred = "transferred"
    """``data``: ``to`` (agent), ``team`` or ``skill``; ``text`` is the note to whoever gets it."""
    released = "released"
    """To the bot."""
    queued = "queued"
    """Back among those who wait; ``data.former``: whose it was, where he is gone."""
    snoozed = "snoozed"
    """``data.until``: ISO 8601."""
    woken = "woken"
    resolved = "resolved"
    reopened = "reopened"
    prioritised = "prioritised"
    """``data.priority``."""
    undelivered = "undelivered"
    """A message will not arrive; ``data.message``: its id."""


class HistoryEntry(Base):
    """Never changed. In a thread it stands behind the message ``after_seq``; those of one place in the order of ids."""

    __tablename__ = "conversation_history"
    __table_args__ = (Index("ix_conversation_history_conversation_id", "conversation_id", "after_seq", "id"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    conversation_id: Mapped[int] = mapped_column(Id, ForeignKey("conversations.id"))
    after_seq: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    agent_id: Mapped[int | None] = mapped_column(Id, ForeignKey("agents.id"))
    """Who did it; None: the service."""
    text: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any] | None] = mapped_column(Json)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


def write(
    session: Session, conversation: Conversation, kind: Kind, *, by: int | None, now: datetime, text: str = "",
    **data: Any,
) -> HistoryEntry:  # fmt: skip
    """Add an entry to a conversation whose row is locked."""
    entry = HistoryEntry(
        conversation_id=conversation.id, after_seq=conversation.last_seq, kind=kind, agent_id=by, text=text,
        data=data or None, at=now,
    )  # fmt: skip
    session.add(entry)
    return entry
