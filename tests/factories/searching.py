"""What can be searched, and people who may."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.agents.rights import Actor, Role
from app.conversations.models import Conversation, Direction, Message, MessageState
from app.db.database import Database
from app.desk.search import indexing
from app.tickets import service as tickets
from app.tickets.service import NewTicket
from tests.factories.conversations import NOW

READER = Actor(1, "小林", frozenset({Role.agent}))


def say(session: Session, conversation_id: int, *texts: str, author: str = "viewer", at: datetime = NOW) -> list[int]:
    """Messages at the end of a conversation; their ids."""
    conversation = session.get_one(Conversation, conversation_id, with_for_update=True)
    is_inbound = author == "viewer"
    rows = [
        Message(
            conversation_id=conversation_id, seq=seq, author=author, kind="text", text=text, created_at=at,
            direction=Direction.inbound if is_inbound else Direction.outbound,
            state=MessageState.received if is_inbound else MessageState.sent,
        )
        for seq, text in enumerate(texts, conversation.last_seq + 1)
    ]  # fmt: skip
    conversation.last_seq += len(texts)
    session.add_all(rows)
    session.flush()
    return [row.id for row in rows]


def open_ticket(session: Session, conversation_id: int, viewer_id: int, subject: str) -> tuple[int, int]:
    """Its id and its number."""
    new = NewTicket(viewer_id, conversation_id, conversation_id, "fault", "normal", subject, None, None, NOW, "wechat")
    return tickets.open_many(session, [new])[conversation_id]


async def index(db: Database, rows: int = 100) -> None:
    """All of it, in pages of so many rows."""
    while await indexing.index(db, indexing.Pace(rows)):
        pass
