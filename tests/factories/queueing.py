"""Conversations that wait for a person, and those that agents have."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.conversations.history import HistoryEntry
from app.conversations.models import Conversation
from app.db.database import Database
from tests.factories import conversations as make
from tests.factories.conversations import NOW


async def waiting(
    db: Database, channel_id: int, viewer: str, *, at: datetime = NOW, waits_since: datetime | None = None,
    **values: Any,
) -> int:  # fmt: skip
    """In the queue since ``at``; ``values``: further columns, such as ``priority``, ``team_id``, ``last_agent_id``."""
    talk = await make.conversation(db, channel_id, viewer, owner="queue", queued_at=at)
    await db.write(change, talk, waits_since=waits_since or at, **values)
    return talk


async def held(db: Database, channel_id: int, viewer: str, agent_id: int, **values: Any) -> int:
    talk = await make.conversation(db, channel_id, viewer)
    await db.write(change, talk, owner="agent", agent_id=agent_id, last_agent_id=agent_id, **values)
    return talk


def change(session: Session, conversation_id: int, /, **values: Any) -> None:
    session.execute(update(Conversation).where(Conversation.id == conversation_id).values(values))


def find(session: Session, conversation_id: int) -> Conversation:
    return session.get_one(Conversation, conversation_id)


def told(session: Session, conversation_id: int) -> list[tuple[str, Any]]:
    """(Kind, data) of each entry of the history, in order."""
    own = select(HistoryEntry.kind, HistoryEntry.data).where(HistoryEntry.conversation_id == conversation_id)
    return [(kind, data) for kind, data in session.execute(own.order_by(HistoryEntry.id))]


def holders(session: Session) -> dict[int, int]:
    """By agent, the open conversations that he has."""
    own = select(Conversation.agent_id, func.count()).where(
        Conversation.agent_id.is_not(None), Conversation.closed_at.is_(None)
    )
    return {agent: count for agent, count in session.execute(own.group_by(Conversation.agent_id)) if agent is not None}
