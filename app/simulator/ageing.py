"""Time that passes for one chat at once: on the phone, with the played platform, and in what the service stored.

Nobody's clock is moved: what happened in this chat is made older. So windows close on both sides as if one had waited,
and all else (tokens, signatures, other viewers) stays as it is.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.conversations.models import Conversation, Message
from app.db.sql import is_any
from app.simulator.phones import Chat, QQChat, WeChatChat
from app.viewers.models import Identity

MOST = 2000
"""Messages that are made older; a demo has fewer."""


def age_stored(session: Session, channel_id: int, addresses: Collection[str], by: timedelta) -> int:
    """Make the conversations of these viewers older; returns how many messages there are."""
    known = select(Identity.id).where(Identity.channel_id == channel_id, is_any(Identity.external_id, list(addresses)))
    talks = session.scalars(select(Conversation).where(Conversation.identity_id.in_(known))).all()
    for talk in talks:
        talk.opened_at -= by
        talk.viewer_wrote_at -= by
        talk.queued_at = talk.queued_at and talk.queued_at - by
        talk.closed_at = talk.closed_at and talk.closed_at - by
        talk.waits_since = talk.waits_since and talk.waits_since - by
    said = select(Message).where(is_any(Message.conversation_id, [talk.id for talk in talks]))
    messages = session.scalars(said.order_by(Message.id.desc()).limit(MOST)).all()
    for message in messages:
        message.created_at -= by
        message.platform_at = message.platform_at and message.platform_at - by
        message.sent_at = message.sent_at and message.sent_at - by
    return len(messages)


def age_played(chats: Sequence[Chat], by: timedelta) -> None:
    """What the platform remembers, and what stands on the phones. Several chats are those of one group."""
    first = chats[0]
    if isinstance(first, WeChatChat):
        for allowed in first.ledger.allowed.values():
            allowed.until -= by
        touched = first.contact.touched_at
        first.contact.touched_at = touched and touched - by
    elif isinstance(first, QQChat):
        first.world.ledger.age(first.scene, first.target, by)
    for shown in (*first.bubbles, *(exchange for chat in chats for exchange in chat.exchanges)):
        shown.at -= by
