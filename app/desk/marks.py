"""How far each person has read."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agents import rights
from app.agents.rights import Action, Actor
from app.conversations.models import Conversation
from app.conversations.refusals import ConversationNotFound
from app.db.rows import table_of
from app.db.upserts import Upsert
from app.desk.models import ReadMark

_write = Upsert(table_of(ReadMark), ("agent_id", "conversation_id"), ("seq",), only="read_marks.seq < excluded.seq")


def mark_read(session: Session, conversation_id: int, *, by: Actor, seq: int) -> None:
    """Up to this message, but no further than to the newest; a mark never goes back."""
    rights.require(by, Action.see_conversations)
    newest = session.scalar(select(Conversation.last_seq).where(Conversation.id == conversation_id))
    if newest is None:
        raise ConversationNotFound
    reach(session, conversation_id, by=by, seq=min(max(seq, 0), newest))


def reach(session: Session, conversation_id: int, *, by: Actor, seq: int) -> None:
    """``mark_read`` of what is known to be there."""
    _write(session, [(by.id, conversation_id, seq)])
