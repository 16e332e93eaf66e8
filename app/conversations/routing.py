"""Who waits for a person, and how long the queue is."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, literal_column, select
from sqlalchemy.orm import Session

from app.conversations.models import Conversation

# Literals, so that the planner sees that the partial index of the queue fits.
_WAITING: Select[Any] = select(literal_column("1")).where(
    Conversation.owner == literal_column("'queue'"), Conversation.closed_at.is_(None)
)


def queue_length(session: Session, *, most: int) -> int:
    """Conversations that wait for an agent, counted up to ``most``."""
    return _count(session, _WAITING, most)


def ahead_of(session: Session, queued_at: datetime, *, most: int) -> int:
    """Conversations that have waited longer, counted up to ``most``."""
    return _count(session, _WAITING.where(Conversation.queued_at < queued_at), most)


def _count(session: Session, waiting: Select[Any], most: int) -> int:
    return session.scalar(select(func.count()).select_from(waiting.limit(most).subquery())) or 0
