"""What did not leave, for people: what waits and why, what was given up, what nobody knows of; and what they decide."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import Session

from app.agents import audit
from app.agents.rights import Action, Actor, require_here
from app.conversations import gates, outbox
from app.conversations.models import Channel, Conversation, Message, MessageState, Via
from app.conversations.outbox import Queued
from app.conversations.pending import KIND, TOPIC
from app.db.sql import for_update, is_any
from app.events import Kind, publish
from app.jobs.models import Job, JobState, Lane, Priority, Waits

PAGE = 500
"""Rows of one transaction: what takes thousands is done in pages."""
NAMED = 20
"""Messages that an entry of the record names."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A message that did not leave, as a person sees it."""

    message_id: int
    conversation_id: int
    channel: str
    state: str
    waits: str | None
    until: datetime | None
    attempts: int
    text: str
    error: str | None
    kind: str
    platform: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Summary:
    """Counted up to ``MOST`` each."""

    queued: int
    """Messages that leave by themselves, now or once what they wait for has come."""
    dead: int
    unknown: int
    waiting: dict[str, int]
    """By why they wait."""
    closed: list[tuple[str, str, str, datetime | None, str]]
    """Gates that are closed: channel, API, why, until when (None: until somebody mends it), the platform's words."""
    dead_work: dict[str, int]
    """What was given up and is no message, by kind."""
    channel_ids: list[int]
    """Whose they are, in the same order."""


MOST = 100_000
"""Rows that are counted at the most."""


def summary(session: Session, now: datetime, *, by: Actor | None = None) -> Summary:
    """``by`` None, here and below: a command on the server."""
    require_here(by, Action.see_outbox)
    names = {channel.id: channel.name for channel in session.scalars(select(Channel))}
    closed = gates.closed(session, now)
    shut = [
        (names[gate.channel_id], gate.api, gate.waits or "", _until(gate.closed_until), gate.reason or "")
        for gate in closed
    ]
    unknown = select(Message.id).where(Message.state == MessageState.unknown)
    queued = select(Job.id).where(Job.kind == KIND, Job.state != JobState.dead)
    return Summary(
        _count(session, queued), count_dead(session), _count(session, unknown), count_waiting(session), shut,
        _count_dead_work(session), [gate.channel_id for gate in closed],
    )  # fmt: skip


_DEAD = (Job.state == JobState.dead, Job.kind == KIND)


def count_dead(session: Session) -> int:
    return _count(session, select(Job.id).where(*_DEAD))


def _count_dead_work(session: Session) -> dict[str, int]:
    others = select(Job.kind, func.count()).where(Job.state == JobState.dead, Job.kind != KIND)
    return {row[0]: row[1] for row in session.execute(others.group_by(Job.kind).order_by(Job.kind))}


def count_waiting(session: Session) -> dict[str, int]:
    """By why they wait; what waits for nothing but its turn is missing."""
    waiting = select(Job.id).where(Job.kind == KIND)
    counts = {reason.value: _count(session, waiting.where(Job.waits == reason)) for reason in Waits}
    return {reason: count for reason, count in counts.items() if count}


def count_closed(session: Session, now: datetime) -> Counter[str]:
    """Gates that are closed, by why."""
    return Counter(gate.waits or "" for gate in gates.closed(session, now))


def _count(session: Session, rows: Select[int]) -> int:
    return session.scalar(select(func.count()).select_from(rows.limit(MOST).subquery())) or 0


def _until(at: datetime | None) -> datetime | None:
    return None if at is None or at >= gates.UNTIL_MENDED else at


_ROW = (
    Message.id, Message.conversation_id, Channel.name, Message.state, Job.waits, Job.not_before, Job.attempts,
    Message.text, Message.error, Job.error, Message.kind, Channel.platform, Message.created_at,
)  # fmt: skip


def list_undelivered(
    session: Session, *, state: str, by: Actor | None = None, after: int = 0, limit: int = 50
) -> list[Listed]:
    """``state``: ``dead``, ``unknown`` or ``waiting``; by message id, those after ``after``."""
    require_here(by, Action.see_outbox)
    statement = (
        select(*_ROW)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(Channel, Channel.id == Conversation.channel_id)
        .outerjoin(Job, (Job.subject_id == Message.id) & (Job.kind == KIND))
        .where(Message.id > after)
        .order_by(Message.id)
        .limit(limit)
    )
    statement = {
        "dead": statement.where(Message.id.in_(select(Job.subject_id).where(*_DEAD))),
        "unknown": statement.where(Message.state == MessageState.unknown),
        "waiting": statement.where(
            Message.id.in_(select(Job.subject_id).where(Job.waits.is_not(None), Job.kind == KIND))
        ),
    }[state]
    return [
        Listed(*row[:5], _until(row[5]), row[6] or 0, row[7], row[8] or row[9], row[10], row[11], row[12])
        for row in session.execute(statement)
    ]


# -------------------- what people decide


def redrive(
    session: Session, *, by: Actor | None, now: datetime, message_ids: Collection[int] | None = None, limit: int = PAGE
) -> int:
    """Queue dead messages again, at the end of their lanes: all of them, or these. Returns how many, a page at most."""
    require_here(by, Action.decide_outbox)
    dead = select(Job.id).where(*_DEAD)
    if message_ids is not None:
        dead = dead.where(is_any(Job.subject_id, message_ids))
    page = list(session.scalars(for_update(dead.order_by(Job.id).limit(limit), skip_locked=True)))
    # Taken by deleting them: of two people who do this at once, one gets a job.
    taken = session.execute(
        delete(Job).where(is_any(Job.id, page), Job.state == JobState.dead).returning(Job.subject_id, Job.priority)
    ).all()
    _queue(session, {row[0]: list(Priority)[row[1]] for row in taken}, now)
    _record_all(session, by, "outbox.redrive", [row[0] for row in taken], now)
    return len(taken)


def send_again(session: Session, message_id: int, *, by: Actor | None, now: datetime) -> bool:
    """A person decides that an unknown message is sent once more: the viewer may see it twice."""
    decided = _decide(session, message_id, MessageState.queued, "outbox.again", by, now)
    return decided and _queue(session, {message_id: Priority.agent}, now)


def mark_arrived(session: Session, message_id: int, *, by: Actor | None, now: datetime) -> bool:
    """A person knows that an unknown message arrived."""
    return _decide(session, message_id, MessageState.sent, "outbox.arrived", by, now)


def mark_lost(session: Session, message_id: int, *, by: Actor | None, now: datetime) -> bool:
    """A person knows that an unknown message did not arrive, and leaves it so."""
    return _decide(session, message_id, MessageState.failed, "outbox.lost", by, now)


def drop(session: Session, message_ids: Collection[int], *, by: Actor | None, now: datetime) -> int:
    """Dead messages that nobody wants to send any more: they stay ``failed``, their jobs go."""
    require_here(by, Action.decide_outbox)
    gone = delete(Job).where(*_DEAD, is_any(Job.subject_id, message_ids)).returning(Job.subject_id)
    dropped = session.scalars(gone).all()
    theirs = session.scalars(select(Message.conversation_id).where(is_any(Message.id, dropped)))
    publish(session, Kind.conversation, theirs, now=now)
    _record_all(session, by, "outbox.drop", dropped, now)
    return len(dropped)


def _decide(
    session: Session, message_id: int, state: MessageState, action: str, by: Actor | None, now: datetime
) -> bool:
    require_here(by, Action.decide_outbox)
    unknown = (Message.id == message_id, Message.state == MessageState.unknown)
    decided = update(Message).where(*unknown).values(state=state).returning(Message.conversation_id)
    conversations = session.scalars(decided).all()
    publish(session, Kind.conversation, conversations, now=now)
    if conversations:
        audit.record(session, by, action, now=now, subject="message", subject_id=message_id)
    return bool(conversations)


def _record_all(session: Session, by: Actor | None, action: str, message_ids: Sequence[int], now: datetime) -> None:
    """One entry for a page, which names the first messages."""
    if message_ids:
        audit.record(session, by, action, now=now, count=len(message_ids), messages=sorted(message_ids)[:NAMED])


def _queue(session: Session, priorities: dict[int, Priority], now: datetime) -> bool:
    ids = is_any(Message.id, list(priorities))
    found = session.execute(
        select(Message.id, Message.conversation_id, Conversation.channel_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(ids)
        .order_by(Message.conversation_id, Message.seq)
    )
    queued = [Queued(*row, now, priorities[row[0]]) for row in found]
    values = {"state": MessageState.queued, "error": None, "via": Via.outbox}
    session.execute(update(Message).where(ids).values(values))
    outbox.enqueue(session, queued, now=now)
    publish(session, Kind.conversation, [m.conversation_id for m in queued], now=now)
    return True


def reopen(session: Session, channel_id: int, *, by: Actor | None, now: datetime, limit: int = PAGE) -> int:
    """Somebody mended what closed a channel's gates: they open, and what waited for it may go. A page at most."""
    require_here(by, Action.decide_outbox)
    if gates.reopen(session, channel_id, now=now):
        audit.record(session, by, "outbox.reopen", now=now, subject="channel", subject_id=channel_id)
    waiting = (
        select(Job.id, Lane.id, Lane.subject_id)
        .join(Lane, Lane.id == Job.lane_id)
        .where(Lane.channel_id == channel_id, Lane.topic == TOPIC, Job.waits.in_((Waits.operator, Waits.quota)))
        .limit(limit)
    )
    rows = session.execute(waiting).all()
    _release(session, [(row[0], row[1]) for row in rows], now)
    publish(session, Kind.conversation, {row[2] for row in rows}, now=now)
    return len(rows)


def _release(session: Session, rows: Sequence[tuple[int, int]], now: datetime) -> None:
    lanes_ = sorted({row[1] for row in rows})
    session.scalars(for_update(select(Lane.id).where(is_any(Lane.id, lanes_)).order_by(Lane.id))).all()
    jobs = (is_any(Job.id, [row[0] for row in rows]), Job.state == JobState.queued)
    session.execute(update(Job).where(*jobs).values(not_before=now, waits=None))
    free = (is_any(Lane.id, lanes_), Lane.leased_by.is_(None), Lane.ready_at.is_not(None))
    session.execute(update(Lane).where(*free).values(ready_at=now))
