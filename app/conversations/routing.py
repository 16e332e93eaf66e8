"""Who waits for a person, and how long the queue is."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.conversations.models import Conversation, Owner

_WAITS = (Conversation.owner == Owner.queue, Conversation.closed_at.is_(None))


def queue_length(session: Session, *, most: int) -> int:
    """Conversations that wait for an agent, counted up to ``most``."""
    return _count(session, most)


def ahead_of(session: Session, queued_at: datetime, *, most: int) -> int:
    """Conversations that have waited longer, counted up to ``most``."""
    return _count(session, most, Conversation.queued_at < queued_at)


def _count(session: Session, most: int, *more: object) -> int:
    waits = select(Conversation.id).where(*_WAITS, *more).limit(most).subquery()  # type: ignore[arg-type]
    return session.scalar(select(func.count()).select_from(waits)) or 0
