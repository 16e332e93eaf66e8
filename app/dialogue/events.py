"""Raw events: stored first, so that a repeat of the platform meets what was stored and not a second decision."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from operator import itemgetter

from sqlalchemy import func, literal_column, select, update
from sqlalchemy.orm import Session

from app.channels.base import Undecodable
from app.conversations.models import EventState, InboundEvent
from app.db.rows import Insert, Row, table_of
from app.db.sql import counter, for_update, is_any, raise_to
from app.dialogue.push import Key, Push

_insert = Insert(
    table_of(InboundEvent),
    ("channel_id", "dedupe_key", "sender", "state", "received_at", "body", "error"),
    or_ignore=True,
    returning=("id", "channel_id", "dedupe_key"),
)
INSERTION = _insert.text(first=1)
"""``store`` as a part of a larger statement for PostgreSQL; it gives (id, channel_id, dedupe_key) of what is new."""
_FORGOTTEN = "forgotten bodies"
"""The counter that holds the id up to which bodies were dropped."""
STORED = InboundEvent.state == literal_column("'stored'")
"""A literal, so that the planner sees that the partial index fits."""


def store(session: Session, pushes: Sequence[Push], state: EventState) -> dict[Key, int]:
    """Insert the events that are new; returns their ids by key."""
    return {(channel_id, key): event_id for event_id, channel_id, key in _insert(session, _rows(pushes, state))}


def columns(pushes: Sequence[Push], state: EventState) -> Row:
    """The parameters of ``INSERTION``."""
    return _insert.arrays(_rows(pushes, state))


def _rows(pushes: Sequence[Push], state: EventState) -> list[Row]:
    """Sorted by their key: two processes that store the same events must not wait for each other."""
    return sorted([_row(push, state) for push in pushes], key=itemgetter(1, 0))


def _row(push: Push, state: EventState) -> tuple[int, str, str, str, datetime, bytes, str | None]:
    bad = push.message if isinstance(push.message, Undecodable) else None
    state = EventState.undecodable if bad else state
    error = bad.reason if bad else None
    return push.channel_id, push.message.key, push.sender, state, push.received_at, push.sealed, error


def backlog(session: Session, *, limit: int) -> list[InboundEvent]:
    """The oldest events that wait for a decision."""
    return list(session.scalars(select(InboundEvent).where(STORED).order_by(InboundEvent.id).limit(limit)))


def backlog_depth(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(InboundEvent).where(STORED)) or 0


def postpone(session: Session, event_ids: Collection[int]) -> None:
    """Leave events that this transaction stored to the backlog."""
    waiting = (is_any(InboundEvent.id, event_ids), InboundEvent.state == EventState.handled)
    session.execute(update(InboundEvent).where(*waiting).values(state=EventState.stored))


def lock_stored(session: Session, event_ids: Collection[int]) -> set[int]:
    """Those of the events that are still undecided, locked."""
    statement = select(InboundEvent.id).where(is_any(InboundEvent.id, event_ids), STORED)
    return set(session.scalars(for_update(statement.order_by(InboundEvent.id))))


def finish(session: Session, event_ids: Collection[int]) -> None:
    done = update(InboundEvent).where(is_any(InboundEvent.id, event_ids))
    session.execute(done.values(state=EventState.handled))


def fail(session: Session, push: Push, error: str) -> None:
    """Keep the event of a push whose handling raised; it can be replayed."""
    store(session, [push], EventState.failed)
    channel_id, key = push.key
    own = (InboundEvent.channel_id == channel_id, InboundEvent.dedupe_key == key)
    waiting = InboundEvent.state.in_((EventState.stored, EventState.failed))
    values = {"state": EventState.failed, "error": error[:2000]}
    session.execute(update(InboundEvent).where(*own, waiting).values(values))


def fail_stored(session: Session, event_id: int, error: str) -> None:
    """Take an event that cannot be read out of the backlog."""
    waiting = (InboundEvent.id == event_id, STORED)
    session.execute(update(InboundEvent).where(*waiting).values(state=EventState.failed, error=error[:2000]))


def forget_bodies(session: Session, *, now: datetime, days: int, limit: int = 1000) -> int:
    """Drop the bodies of the next page of old events, in the order they came; returns how many events it was."""
    done = counter(session, _FORGOTTEN)
    page = session.execute(
        select(InboundEvent.id, InboundEvent.received_at)
        .where(InboundEvent.id > done)
        .order_by(InboundEvent.id)
        .limit(limit)
    ).all()
    old = [row.id for row in takewhile(lambda row: row.received_at < now - timedelta(days=days), page)]
    if old:
        held = (is_any(InboundEvent.id, old), InboundEvent.body.is_not(None))
        session.execute(update(InboundEvent).where(*held).values(body=None))
        raise_to(session, _FORGOTTEN, old[-1])
    return len(old)
