"""Who asked for a person when nobody was there: a person speaks with him as soon as somebody is.

Beside the conversation, which stays the bot's meanwhile. Its row is dropped when it comes to the queue, once, or
when he does not want to wait. Who drops one holds the lock of the conversation that its viewer has open.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.conversations.models import Conversation
from app.db.base import Base, Id, UtcDateTime
from app.db.rows import Insert, table_of


class Callback(Base):
    __tablename__ = "callbacks"
    conversation_id: Mapped[int] = mapped_column(Id, ForeignKey(Conversation.id), primary_key=True, autoincrement=False)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    """When he asked first."""


_insert = Insert(table_of(Callback), ("conversation_id", "asked_at"), or_ignore=True)


def note(session: Session, conversation_ids: Sequence[int], *, now: datetime) -> None:
    """Of conversations whose rows are locked; who has asked already keeps his time."""
    _insert(session, [(conversation_id, now) for conversation_id in sorted(set(conversation_ids))])


def drop(session: Session, identity_id: int) -> None:
    """He wants none any more, whichever conversation he asked in; the one that he has now is locked."""
    own = select(Conversation.id).where(Conversation.identity_id == identity_id)
    session.execute(delete(Callback).where(Callback.conversation_id.in_(own)))
