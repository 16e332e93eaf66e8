"""What people have begun to write: kept as they type, the later revision wins."""

from datetime import datetime

from sqlalchemy import ColumnElement, Select, delete, select, update
from sqlalchemy.orm import Session

from app.agents import rights
from app.agents.rights import Action, Actor
from app.channels.text import carriable
from app.db.rows import table_of
from app.db.sql import changed, is_any
from app.db.upserts import Upsert
from app.desk import threads
from app.desk.models import Draft
from app.errors import AppError

LONGEST = 20_000
_write = Upsert(
    table_of(Draft), ("agent_id", "conversation_id"), ("text", "seen_seq", "revision", "updated_at"),
    only="drafts.revision < excluded.revision",
)  # fmt: skip


class DraftTooLong(AppError):
    status_code, message = 422, f"草稿太长，最多 {LONGEST} 字"


def save(
    session: Session, conversation_id: int, *, by: Actor, text: str, seen_seq: int, revision: int, now: datetime
) -> Draft:
    """Keep it unless a later revision is there; the draft that is. An empty text empties it.

    ``seen_seq``: ``seq`` of the viewer's newest message when it was begun.
    """
    rights.require(by, Action.speak)
    if len(text) > LONGEST:
        raise DraftTooLong
    threads.get_for(session, by, conversation_id)
    kept = carriable(text) if text.strip() else ""
    _write(session, [(by.id, conversation_id, kept, seen_seq, revision, now)])
    return session.scalars(_own(by, conversation_id), execution_options={"populate_existing": True}).one()


def find(session: Session, conversation_id: int, *, by: Actor) -> Draft | None:
    rights.require(by, Action.speak)
    found = session.scalars(_own(by, conversation_id)).one_or_none()
    return found if found is not None and found.text else None


def _own(by: Actor, conversation_id: int) -> Select[Draft]:
    return select(Draft).where(Draft.agent_id == by.id, Draft.conversation_id == conversation_id)


def empty(session: Session, conversation_id: int, *, by: Actor, revision: int | None, now: datetime) -> None:
    """It was sent, as it stood in this revision; None: in whichever is kept."""
    own: list[ColumnElement[bool]] = [Draft.agent_id == by.id, Draft.conversation_id == conversation_id]
    if revision is not None:
        _write(session, [(by.id, conversation_id, "", 0, revision, now)])
        own.append(Draft.revision <= revision)
    session.execute(update(Draft).where(*own).values(text="", updated_at=now))


def forget(session: Session, *, before: datetime, limit: int = 1000) -> int:
    """Drop those that were emptied long ago; returns how many."""
    old = select(Draft.agent_id, Draft.conversation_id).where(Draft.text == "", Draft.updated_at < before).limit(limit)
    rows = session.execute(old).all()
    own = (is_any(Draft.conversation_id, [row[1] for row in rows]), Draft.text == "", Draft.updated_at < before)
    return changed(session.execute(delete(Draft).where(*own))) if rows else 0
