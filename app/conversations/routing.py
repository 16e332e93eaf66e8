"""Who speaks in a conversation, who waits for a person, and how long the queue is."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, bindparam, func, literal_column, select, update
from sqlalchemy.orm import Session

from app.conversations.models import Conversation, Owner
from app.db.driver import Prepared
from app.db.sql import changed

_WAITS = (Conversation.owner == literal_column("'queue'"), Conversation.closed_at.is_(None))
"""Literals, so that the planner sees that the partial index of the queue fits."""


def waiting(*conditions: ColumnElement[bool]) -> Select[int]:
    """How many conversations wait for an agent, counted up to the parameter ``most``."""
    rows: Select[Any] = select(literal_column("1")).where(*_WAITS, *conditions).limit(bindparam("most", type_=Integer))
    return select(func.count()).select_from(rows.subquery())


_LENGTH = Prepared(waiting())
_AHEAD = Prepared(waiting(Conversation.queued_at < bindparam("queued_at")))


def queue_length(session: Session, *, most: int) -> int:
    """Conversations that wait for an agent, counted up to ``most``."""
    return int(_LENGTH(session, most=most)[0][0])


def ahead_of(session: Session, queued_at: datetime, *, most: int) -> int:
    """Conversations that have waited longer, counted up to ``most``."""
    return int(_AHEAD(session, queued_at=queued_at, most=most)[0][0])


def take_over(session: Session, conversation_id: int) -> bool:
    """An agent speaks from now on, and the bot no more. False where one speaks already, or it is closed."""
    free = (Conversation.id == conversation_id, Conversation.owner != Owner.agent, Conversation.closed_at.is_(None))
    values = {"owner": Owner.agent, "queued_at": None, "awaiting": None}
    return changed(session.execute(update(Conversation).where(*free).values(values))) == 1


def release(session: Session, conversation_id: int) -> bool:
    """The bot speaks again, and remembers nothing of what it asked before. False where no agent speaks."""
    held = (Conversation.id == conversation_id, Conversation.owner == Owner.agent, Conversation.closed_at.is_(None))
    values = {"owner": Owner.bot, "queued_at": None, "awaiting": None, "failures": 0, "acknowledged": False}
    return changed(session.execute(update(Conversation).where(*held).values(values))) == 1
