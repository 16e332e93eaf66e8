"""What people do at the desk, and how a conversation stands afterwards."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.agents.models import AuditEntry
from app.agents.rights import Actor
from app.conversations import routing
from app.conversations.history import HistoryEntry
from app.conversations.models import Conversation
from app.db.database import Database
from app.events import LiveEvent
from tests.factories import conversations as make
from tests.factories.conversations import NOW


async def taken(db: Database, by: Actor, viewer: str = "openid-1", *, channel: int | None = None) -> int:
    """A conversation that ``by`` has; its id."""
    own = channel if channel is not None else await make.channel(db, f"main-{viewer}")
    talk = await make.conversation(db, own, viewer)
    await db.write(routing.take_over, talk, by=by, now=NOW)
    return talk


async def change(db: Database, talk: int, **values: Any) -> None:
    def write(session: Session) -> None:
        session.execute(update(Conversation).where(Conversation.id == talk).values(values))

    await db.write(write)


async def hear(db: Database, talk: int, at: datetime = NOW, count: int = 1) -> None:
    """The viewer says something."""

    def write(session: Session) -> None:
        conversation = session.get_one(Conversation, talk)
        for _ in range(count):
            make.hear(session, conversation, at)
        conversation.viewer_wrote_at = at

    await db.write(write)


def talk_of(session: Session, talk: int) -> Conversation:
    return session.get_one(Conversation, talk)


def happened(session: Session, talk: int) -> list[tuple[str, int | None, dict[str, Any] | None]]:
    """(kind, by whom, data), oldest first."""
    own = select(HistoryEntry).where(HistoryEntry.conversation_id == talk).order_by(HistoryEntry.id)
    return [(entry.kind, entry.agent_id, entry.data) for entry in session.scalars(own)]


def audited(
    session: Session, action: str = "conversations.take_from"
) -> list[tuple[int | None, dict[str, Any] | None]]:
    own = select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id)
    return [(entry.agent_id, entry.detail) for entry in session.scalars(own)]


def told(session: Session) -> set[str]:
    """The kinds of all live events so far."""
    return set(session.scalars(select(LiveEvent.kind)))


def forget_told(session: Session) -> None:
    session.query(LiveEvent).delete()
