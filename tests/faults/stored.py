"""What stands in the database, as the tests look at it."""

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from app.conversations.models import Channel, Conversation, Direction, InboundEvent, Message, MessageState
from app.db.database import Database
from app.dialogue.events import backlog_depth
from app.jobs.lanes import depth
from app.jobs.models import Job, JobState, Lane
from app.viewers.models import Identity

SETTLES = 0.05
"""Seconds within which PostgreSQL has done what a dead process asked of it, or has seen that it is gone."""


@dataclass(frozen=True, slots=True)
class Line:
    """A message of a conversation."""

    id: int
    conversation_id: int
    seq: int
    direction: str
    text: str
    state: str
    via: str | None

    @property
    def is_answer(self) -> bool:
        return self.direction == Direction.outbound


def lines(session: Session) -> dict[str, list[Line]]:
    """Messages by viewer, in the order of their conversation."""
    joined = select(Identity.external_id, Message).select_from(Message).join(Conversation).join(Identity)
    found = defaultdict(list)
    for viewer, m in session.execute(joined.order_by(Message.conversation_id, Message.seq)):
        found[viewer].append(Line(m.id, m.conversation_id, m.seq, m.direction, m.text, m.state, m.via))
    return found


def event_states(session: Session) -> Counter[str]:
    """How many events there are in each state."""
    counted = select(InboundEvent.state, func.count().label("count")).group_by(InboundEvent.state)
    return Counter({row.state: row.count for row in session.execute(counted)})


def damage_body(session: Session, message_id: int) -> None:
    """Make what was stored of a push unreadable, as a broken disk or a lost key would."""
    event = InboundEvent.dedupe_key == f"m:{message_id}"
    session.execute(update(InboundEvent).where(event).values(body=b"damaged"))


def end_leases(session: Session) -> None:
    """Let the time pass after which the lanes of a dead sender are taken over."""
    now = datetime.now(UTC)
    session.execute(update(Lane).where(Lane.leased_until.is_not(None)).values(leased_until=now, ready_at=now))


def last_lease(session: Session) -> datetime | None:
    """When the last lease ends."""
    return session.scalar(select(func.max(Lane.leased_until)))


def end_leases_of(session: Session, pid: int, now: datetime) -> None:
    """The same for the lanes of one process."""
    own = Lane.leased_by.like(f"%:{pid}:%")
    session.execute(update(Lane).where(own).values(leased_until=now, ready_at=now))


def _held_by(session: Session, pid: int) -> set[int]:
    running = select(Job.subject_id).join(Lane, Lane.id == Job.lane_id)
    own = (Lane.leased_by.like(f"%:{pid}:%"), Job.state == JobState.running, Job.kind == "message")
    return set(session.scalars(running.where(*own)))


async def held_by(database: Database, pid: int) -> set[int]:
    """Messages that a dead process was sending. What it asked for last may still be on its way to the database."""
    held: set[int] | None = None
    while (now := await database.read(_held_by, pid)) != held:
        held = now
        await asyncio.sleep(SETTLES)
    return held


@dataclass(frozen=True, slots=True)
class Row:
    """A message of ours and what became of it."""

    id: int
    platform: str
    viewer: str
    seq: int
    text: str
    state: str
    error: str | None
    sending_at: datetime | None

    @property
    def is_interrupted(self) -> bool:
        """Its lane was taken over in the middle of an attempt."""
        return self.state == MessageState.unknown and "interrupted" in (self.error or "")


def rows(session: Session) -> list[Row]:
    """All that leaves, in the order of the conversations."""
    joined = select(
        Message.id,
        Channel.platform,
        Identity.external_id,
        Message.seq,
        Message.text,
        Message.state,
        Message.error,
        Message.sending_at,
    ).select_from(Message)
    joined = joined.join(Conversation, Conversation.id == Message.conversation_id)
    joined = joined.join(Identity).join(Channel, Channel.id == Conversation.channel_id)
    out = joined.where(Message.direction == Direction.outbound)
    return [Row(*row) for row in session.execute(out.order_by(Message.conversation_id, Message.seq))]


def states(session: Session) -> Counter[str]:
    """How many of what leaves there are in each state."""
    out = Message.direction == Direction.outbound
    counted = select(Message.state, func.count().label("count")).where(out).group_by(Message.state)
    return Counter({row.state: row.count for row in session.execute(counted)})


def settled(session: Session) -> int:
    """How many will not leave by themselves any more."""
    found = states(session)
    return sum(found[state] for state in ("sent", "unknown", "failed"))


def is_idle(session: Session) -> bool:
    """Whether nothing waits to be decided or sent."""
    return not backlog_depth(session) and not depth(session)


def deadlocks(session: Session) -> int:
    """How many PostgreSQL met in this database."""
    met = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    return int(session.execute(text(met)).scalar_one())
