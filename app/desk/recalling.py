"""Who asked for a person when nobody was there comes to the queue as soon as somebody is, before those of this hour."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, aliased

from app import events
from app.conversations import history, queue
from app.conversations.callbacks import Callback
from app.conversations.history import Entry, Kind
from app.conversations.models import Conversation, Owner
from app.db.rows import Update, table_of, together
from app.db.sql import for_update, is_any
from app.dialogue import urgency
from app.dialogue.promised import ANSWERED_OTHERWISE
from app.tickets import views
from app.tickets.models import Ticket


def is_due(session: Session) -> bool:
    return session.scalar(select(Callback.conversation_id).limit(1)) is not None


def recall(session: Session, *, now: datetime, limit: int = 100) -> int:
    """Bring who asked first to the queue, as waiting since he asked; how many were looked at, ``limit`` at most.

    Not where the bot does not have him any more, or all that he asked is settled. Once: the row is dropped.
    """
    oldest = select(Callback.conversation_id, Callback.asked_at).order_by(Callback.asked_at, Callback.conversation_id)
    looked_at = session.execute(oldest.limit(limit)).all()
    if not looked_at:
        return 0
    talks = _lock_open(session, [row.conversation_id for row in looked_at])
    taken = _take(session, [row.conversation_id for row in looked_at])
    asked = [row for row in looked_at if row.conversation_id in taken]
    urgent = _urgency(session, [row.conversation_id for row in asked])
    found = [
        (talks[row.conversation_id], row.asked_at, urgent[row.conversation_id])
        for row in asked
        if row.conversation_id in talks and row.conversation_id in urgent
    ]
    _queue(session, found, now)
    return len(looked_at)


def _take(session: Session, conversation_ids: Sequence[int]) -> set[int]:
    """Those that nobody else has taken, and whose viewers have not called it off."""
    gone = delete(Callback).where(is_any(Callback.conversation_id, sorted(conversation_ids)))
    return set(session.scalars(gone.returning(Callback.conversation_id)))


def _lock_open(session: Session, conversation_ids: Sequence[int]) -> dict[int, Conversation]:
    """By the conversation in which he asked, the one that is open: after a long silence that is a newer one."""
    asked = aliased(Conversation)
    pairs = select(asked.id, Conversation.id).join(Conversation, Conversation.identity_id == asked.identity_id)
    own = (is_any(asked.id, conversation_ids), asked.closed_by.is_(None), Conversation.closed_at.is_(None))
    by_id = {open_id: asked_id for asked_id, open_id in session.execute(pairs.where(*own).order_by(asked.id))}
    rows = for_update(select(Conversation).where(is_any(Conversation.id, sorted(by_id))).order_by(Conversation.id))
    held = session.scalars(rows, execution_options={"populate_existing": True})
    return {by_id[talk.id]: talk for talk in held if talk.closed_at is None and talk.owner != Owner.agent}


def _urgency(session: Session, conversation_ids: Sequence[int]) -> dict[int, int]:
    """How urgent they are, by their open tickets; without one that calls for a person they are missing."""
    own = (is_any(Ticket.conversation_id, conversation_ids), views.GOES_ON)
    found: dict[int, list[tuple[str, str]]] = {}
    merged: list[tuple[int, int]] = []
    rows = select(Conversation.id, Ticket.kind, Ticket.priority, Ticket.merged_into_id)
    rows = rows.join(Ticket, Ticket.conversation_id == Conversation.id)
    for talk, kind, priority, into in session.execute(rows.where(*own)):
        if into is None:
            found.setdefault(talk, []).append((kind, priority))
        else:
            merged.append((talk, into))
    still = views.going_on(session, {into for _, into in merged})
    for talk, into in merged:
        if into in still:
            found.setdefault(talk, []).append((still[into].kind, still[into].priority))
    return {
        talk: max(urgency.of_ticket(kind, priority) for kind, priority in tickets)
        for talk, tickets in found.items()
        if any(kind not in ANSWERED_OTHERWISE for kind, _ in tickets)
    }


_queue_up = Update(
    table_of(Conversation), ("owner", "queued_at", "waits_since", "acknowledged", "awaiting", "failures")
)


def _queue(session: Session, found: Sequence[tuple[Conversation, datetime, int]], now: datetime) -> None:
    """In the queue's order since he asked; counted as waiting from now on, since nobody could come before."""
    if not found:
        return
    rows = [
        (talk.id, Owner.queue, min(asked_at, talk.queued_at or asked_at), talk.waits_since or now, False, None, 0)
        for talk, asked_at, _ in found
    ]
    told = [
        Entry(talk.id, talk.last_seq, Kind.queued, now, {"why": "asked", "since": asked_at.isoformat()})
        for talk, asked_at, _ in found
        if talk.owner != Owner.queue
    ]
    together(session, [(_queue_up, rows), history.entries(told)])
    for priority in sorted({urgent for _, _, urgent in found}):
        queue.rank(session, [talk.id for talk, _, urgent in found if urgent == priority], priority=priority)
    events.publish(session, events.Kind.conversation, [talk.id for talk, _, _ in found], now=now)
    events.publish(session, events.Kind.queue, now=now)
