"""Who has a conversation open at the moment, and who is writing: so that two do not answer at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from app import events
from app.agents import rights
from app.agents.models import Agent
from app.agents.rights import Action, Actor
from app.db.base import UtcDateTime
from app.db.driver import Prepared
from app.db.rows import table_of
from app.db.sql import changed
from app.db.upserts import Upsert
from app.desk import threads
from app.desk.models import Viewing

FRESH = timedelta(seconds=45)
"""For so long a look counts; pages look again well before."""
WRITING = timedelta(seconds=8)
_write = Upsert(table_of(Viewing), ("conversation_id", "agent_id"), ("seen_at", "wrote_at"))


@dataclass(frozen=True, slots=True)
class Beside:
    agent_id: int
    name: str
    writing: bool


def look(session: Session, conversation_id: int, *, by: Actor, writing: bool, now: datetime) -> None:
    """``by`` has it open; the others are told only where that is new, or he begins or stops to write."""
    rights.require(by, Action.see_conversations)
    threads.get_for(session, by, conversation_id)
    before = session.get(Viewing, (conversation_id, by.id), populate_existing=True)
    known = None if before is None or before.seen_at <= now - FRESH else _is_writing(before.wrote_at, now)
    _write(session, [(conversation_id, by.id, now, now if writing else None)])
    if known is not writing:
        events.publish(session, events.Kind.viewing, [conversation_id], now=now)


def leave(session: Session, conversation_id: int, *, by: Actor, now: datetime) -> None:
    rights.require(by, Action.see_conversations)
    own = (Viewing.conversation_id == conversation_id, Viewing.agent_id == by.id)
    if changed(session.execute(delete(Viewing).where(*own))):
        events.publish(session, events.Kind.viewing, [conversation_id], now=now)


_OTHERS = Prepared(
    select(Viewing.agent_id, Agent.name, Viewing.wrote_at)
    .join(Agent, Agent.id == Viewing.agent_id)
    .where(
        Viewing.conversation_id == bindparam("id"), Viewing.agent_id != bindparam("reader"),
        Viewing.seen_at > bindparam("since", type_=UtcDateTime),
    )
    .order_by(Viewing.agent_id)
)  # fmt: skip


def who_else(session: Session, conversation_id: int, *, by: Actor, now: datetime) -> Sequence[Beside]:
    """The colleagues who have it open, who writes first."""
    rights.require(by, Action.see_conversations)
    rows = _OTHERS(session, id=conversation_id, reader=by.id, since=now - FRESH)
    found = [Beside(agent_id, name, _is_writing(wrote_at, now)) for agent_id, name, wrote_at in rows]
    return tuple(sorted(found, key=lambda each: not each.writing))


def _is_writing(wrote_at: datetime | None, now: datetime) -> bool:
    return wrote_at is not None and wrote_at > now - WRITING


def forget(session: Session, *, before: datetime) -> int:
    """Drop looks from long ago; returns how many."""
    return changed(session.execute(delete(Viewing).where(Viewing.seen_at < before)))
