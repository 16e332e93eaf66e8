"""What happened in a conversation beside what was said: who took it, handed it on or put it off, and people's notes."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.conversations.models import Conversation
from app.db.base import Base, Id, Json, UtcDateTime
from app.db.rows import Insert, Write, table_of


class Kind(StrEnum):
    note = "note"
    """Internal, with ``text``."""
    taken = "taken"
    """``data.former``: from whom, where a colleague had it; ``data.waited``: see ``waited``."""
    assigned = "assigned"
    """Given by the service; ``data.to``: the agent's id; ``data.waited``: see ``waited``."""
    stepped_in = "stepped_in"
    """A colleague wrote although another agent has the conversation."""
    transferred = "transferred"
    """``data``: ``to`` (agent), ``team`` or ``skill``; ``text`` is the note to whoever gets it."""
    released = "released"
    """To the bot."""
    queued = "queued"
    """Among those who wait, for the first time or again; ``data.former``: whose it was, where he is gone;
    ``data.why``: ``gone``, or ``asked`` where he asked for a person when nobody was there."""
    left = "left"
    """The viewer does not want to wait any more."""
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
    __table_args__ = (
        Index("ix_conversation_history_conversation_id", "conversation_id", "after_seq", "id"),
        Index("ix_conversation_history_at", "at"),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    conversation_id: Mapped[int] = mapped_column(Id, ForeignKey("conversations.id"))
    after_seq: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    agent_id: Mapped[int | None] = mapped_column(Id, ForeignKey("agents.id"))
    """Who did it; None: the service."""
    text: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any] | None] = mapped_column(Json)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Entry(NamedTuple):
    """An entry as it is written in a batch."""

    conversation_id: int
    after_seq: int
    kind: Kind
    at: datetime
    data: dict[str, Any] | None = None
    agent_id: int | None = None
    text: str = ""


_insert = Insert(table_of(HistoryEntry), Entry._fields)


def entries(new: Sequence[Entry]) -> Write:
    """What adds these entries, to conversations whose rows are locked."""
    return _insert, new


def waited(conversation: Conversation, now: datetime) -> dict[str, Any]:
    """``waited``: seconds in the queue within the service hours, for the entry of who takes it out; else nothing.

    Who asked at night waits since then in the queue's order, but is counted from when somebody could come.
    """
    if conversation.queued_at is None:
        return {}
    since = max(conversation.queued_at, conversation.waits_since or conversation.queued_at)
    return {"waited": max(0.0, round((now - since).total_seconds(), 1))}


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
