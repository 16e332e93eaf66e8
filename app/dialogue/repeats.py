"""A platform that got no answer in time repeats its push: the repeat carries the answer that was stored."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import bindparam, literal_column, select, update
from sqlalchemy.orm import Session

from app.conversations import outbox
from app.conversations.models import InboundEvent, Message, MessageState, Via
from app.db.sql import for_update, is_any
from app.dialogue.push import Answer, Fate, Key, Push

# One statement for all, in id order: two processes that get the same repeats must not wait for each other.
_AGAIN = for_update(
    select(Message.id)
    .where(
        is_any(Message.id, "replies"),
        Message.via == Via.passive,
        Message.state.in_((MessageState.sending, MessageState.sent, MessageState.unknown)),
    )
    .order_by(Message.id)
)
_CARRY_AGAIN = (
    update(Message)
    .where(Message.id.in_(_AGAIN))
    .values(state=MessageState.sending, sending_at=bindparam("now"))
    .returning(Message.id)
)


_SAID = Message.direction == literal_column("'out'")
"""A literal, so that the planner sees that the partial index fits."""


def answer(session: Session, pushes: Sequence[Push], *, now: datetime) -> dict[Key, Answer]:
    """Answers by key for pushes whose events exist already, whichever process stored them.

    Where nothing can ride on a response, a repeat is acknowledged, and the answer leaves by itself.
    """
    answers = {push.key: Answer(Fate.repeated) for push in pushes}
    fetching = {push.key for push in pushes if push.capability.passive_reply}
    if not fetching:
        return answers
    by_event = _events(session, fetching)
    replies = _replies(session, by_event)
    again = _carry_again(session, replies, now)
    answers |= {by_event[reply.event_id or 0]: _said(reply) for reply in replies if reply.id in again}
    for reply in replies:
        key = by_event[reply.event_id or 0]
        if answers[key].text is None and (taken := _take(session, reply, now)):
            answers[key] = _said(taken)
    return answers


def _events(session: Session, keys: Collection[Key]) -> dict[int, Key]:
    stored = select(InboundEvent.id, InboundEvent.channel_id, InboundEvent.dedupe_key).where(
        is_any(InboundEvent.dedupe_key, [key for _, key in keys])
    )
    return {row[0]: (row[1], row[2]) for row in session.execute(stored) if (row[1], row[2]) in keys}


def _replies(session: Session, event_ids: Collection[int]) -> list[Message]:
    """What answers these events. One can have two: a repeat takes the lane's first text, which may be an older one."""
    said = select(Message).where(is_any(Message.event_id, event_ids), _SAID)
    return list(session.scalars(said.order_by(Message.id)))


def _carry_again(session: Session, replies: Sequence[Message], now: datetime) -> set[int]:
    """Claim what rode on an earlier response for this one; ids of those that are ours."""
    ids = [reply.id for reply in replies if reply.via == Via.passive]
    return set(session.connection().execute(_CARRY_AGAIN, {"replies": ids, "now": now}).scalars()) if ids else set()


def _take(session: Session, reply: Message, now: datetime) -> Message | None:
    """The oldest text that waits where this reply waits; None where a sender has it or will have it."""
    if reply.state != MessageState.queued:
        return None
    lane = outbox.free_lane(session, reply.conversation_id)
    return outbox.take_first(session, lane, event_id=reply.event_id or 0, now=now) if lane else None


def _said(message: Message) -> Answer:
    choices = outbox.choices_of(message)
    return Answer(Fate.repeated, message.text, message.id, None, message.conversation_id, choices)
