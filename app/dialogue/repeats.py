"""A platform that got no answer in time repeats its push: the repeat carries the answer that was stored."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.conversations import outbox
from app.conversations.models import Direction, InboundEvent, Message, MessageState, Via
from app.db.sql import changed, is_any
from app.dialogue.push import Answer, Fate, Push

_CARRIED = (MessageState.sending, MessageState.sent, MessageState.unknown)


def answer(session: Session, pushes: Sequence[Push], *, now: datetime) -> dict[tuple[int, str], Answer]:
    """Answers by key for pushes whose events exist already, whichever process stored them."""
    if not pushes:
        return {}
    keys = {push.key for push in pushes}
    stored = select(InboundEvent.id, InboundEvent.channel_id, InboundEvent.dedupe_key).where(
        is_any(InboundEvent.dedupe_key, sorted(key for _, key in keys))
    )
    by_event = {row[0]: (row[1], row[2]) for row in session.execute(stored) if (row[1], row[2]) in keys}
    replies = select(Message).where(is_any(Message.event_id, sorted(by_event)), Message.direction == Direction.outbound)
    answers = dict.fromkeys(keys, Answer(Fate.repeated))
    for message in session.scalars(replies.order_by(Message.conversation_id)).all():
        if carried := _carry(session, message, now):
            key = by_event[message.event_id or 0]
            answers[key] = Answer(Fate.repeated, carried.text, carried.id, None, carried.conversation_id)
    return answers


def _carry(session: Session, message: Message, now: datetime) -> Message | None:
    """Claim a stored reply for this response; None where a sender has it or will have it."""
    if message.via == Via.passive:
        mine = (Message.id == message.id, Message.state.in_(_CARRIED))
        claimed = session.execute(update(Message).where(*mine).values(state=MessageState.sending, sending_at=now))
        return message if changed(claimed) == 1 else None
    if message.state != MessageState.queued:
        return None
    lane = outbox.lanes_with_work(session, [message.conversation_id]).get(message.conversation_id)
    return outbox.take_first(session, lane, event_id=message.event_id or 0, now=now) if lane else None
