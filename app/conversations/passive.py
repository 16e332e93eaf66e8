"""Replies that ride on a webhook's response: what left, what was too late, what nobody fetched."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import literal_column, select, update
from sqlalchemy.orm import Session

from app.conversations.models import Conversation, Message, MessageState, Via
from app.conversations.outbox import Queued, enqueue
from app.db.rows import Update, table_of, together
from app.db.sql import counter, for_update, is_any, raise_to
from app.events import Kind, publish, publishing

_SETTLED = "settled replies"
"""The counter that holds the time, in seconds, before which no passive reply is on its way any more."""
_OVERLAP = timedelta(seconds=60)
"""For so long at the most a transaction that says "on its way" takes to commit."""

_mark_sent = Update(
    table_of(Message),
    ("state", "sent_at"),
    only="messages.state = 'sending' AND messages.sending_at <= given.sent_at",
)


class Carried(NamedTuple):
    """A reply whose response was handed to the network."""

    message_id: int
    conversation_id: int
    at: datetime


def mark_sent(session: Session, carried: Sequence[Carried]) -> None:
    """What a repeat has carried since then stays ``sending``: that its first response left says nothing any longer."""
    if carried:
        publish(session, Kind.conversation, [each.conversation_id for each in carried], now=carried[-1].at)
        sent = [(each.message_id, MessageState.sent, each.at) for each in sorted(carried)]
        together(session, [(_mark_sent, sent), publishing(session)])


def put_back(session: Session, late: Sequence[Queued], *, carried_at: datetime, now: datetime) -> None:
    """Queue replies whose responses left without them, unless a repeat has carried them since ``carried_at``."""
    # Conversations first, then messages, then lanes: the order in which ingest locks.
    conversations = select(Conversation.id).where(is_any(Conversation.id, [m.conversation_id for m in late]))
    session.execute(for_update(conversations.order_by(Conversation.id)))
    own = (
        is_any(Message.id, [m.message_id for m in late]),
        Message.state == MessageState.sending,
        Message.sending_at == carried_at,
    )
    values = {"state": MessageState.queued, "via": Via.outbox, "sending_at": None}
    ours = set(session.scalars(update(Message).where(*own).values(values).returning(Message.id)))
    queued = [m for m in late if m.message_id in ours]
    enqueue(session, queued, now=now)
    publish(session, Kind.conversation, [m.conversation_id for m in queued], now=now)


def began_by(session: Session, now: datetime) -> None:
    """After the clock was set back: nothing is on its way since a time that is still to come."""
    ahead = (Message.state == literal_column("'sending'"), Message.via == Via.passive, Message.sending_at > now)
    session.execute(update(Message).where(*ahead).values(sending_at=now))


def mark_unknown(session: Session, *, before: datetime) -> int:
    """Passive replies on their way since ``before`` become ``unknown``: the platform repeats no more."""
    # The mark of a process whose clock runs ahead must not hide what comes.
    settled = min(datetime.fromtimestamp(counter(session, _SETTLED), UTC), before)
    window = (Message.sending_at >= settled - _OVERLAP, Message.sending_at < before)
    stale = (Message.state == literal_column("'sending'"), Message.via == Via.passive, *window)
    reason = "no repeat of the platform's request fetched the answer"
    lost = update(Message).where(*stale).values(state=MessageState.unknown, error=reason)
    done = session.scalars(lost.returning(Message.conversation_id)).all()
    publish(session, Kind.conversation, done, now=before)
    if before - settled > _OVERLAP:  # seldom: an idle service need not write
        raise_to(session, _SETTLED, int(before.timestamp()))
    return len(done)
