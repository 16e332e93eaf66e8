"""From a platform's decoded message to a push that a batch can take: understood, sealed, with its deadlines."""

from datetime import datetime, timedelta

from app.channels.base import Capability, Inbound, Platform, Undecodable
from app.channels.content import Content, MenuUsed, Text, Voice
from app.channels.delivery import Media
from app.conversations.accounts import Account
from app.conversations.models import InboundEvent
from app.dialogue.push import Push
from app.dialogue.understand import Brain, Understanding
from app.secrets import Keyring


def read_arrived(
    account: Account, message: Inbound | Undecodable, keyring: Keyring, brain: Brain, now: datetime
) -> Push:
    """A push that waits for its response."""
    capability = account.platform.capability
    return _push(
        account, message, brain,
        sealed=keyring.seal(message.body, context(account.channel_id, message.key)),
        received_at=now,
        answer_by=now + timedelta(seconds=capability.passive_window),
        send_after=now + timedelta(seconds=capability.last_retry if capability.passive_reply else 0),
    )  # fmt: skip


def read_stored(account: Account, event: InboundEvent, keyring: Keyring, brain: Brain, now: datetime) -> Push:
    """A push of the backlog: acknowledged or lost long ago, so its answer goes through the outbox at once."""
    body = keyring.open(event.body or b"", context(event.channel_id, event.dedupe_key))
    message = account.platform.restore(body)
    return _push(
        account, message, brain, sealed=b"", received_at=event.received_at, answer_by=event.received_at, send_after=now
    )


def context(channel_id: int, key: str) -> str:
    """What a body is sealed to: the unique key of its row."""
    return f"inbound_events:{channel_id}/{key}"


def _push(
    account: Account, message: Inbound | Undecodable, brain: Brain, *,
    sealed: bytes, received_at: datetime, answer_by: datetime, send_after: datetime,
) -> Push:  # fmt: skip
    capability: Capability = account.platform.capability
    return Push(
        channel_id=account.channel_id,
        capability=capability,
        customer_service=account.credentials.customer_service,
        message=message,
        understanding=_understanding(message.content, brain) if isinstance(message, Inbound) else None,
        sealed=sealed,
        received_at=received_at,
        answer_by=answer_by,
        send_after=send_after,
        media=_media(account.platform, message),
        platform=account.platform.name,
    )


def _media(platform: Platform, message: Inbound | Undecodable) -> tuple[Media, ...]:
    if isinstance(message, Undecodable):
        return ()
    if isinstance(message.content, Text):  # most by far
        return message.attachments
    return (*platform.media(message.content), *message.attachments)


def _understanding(content: Content, brain: Brain) -> Understanding | None:
    match content:
        case Text(text=text, menu_id=str(target)) if brain.knows(target) and text.strip():
            return brain.named(target, text)
        case MenuUsed(action="click", key=target) if brain.knows(target):
            return brain.named(target, brain.target(target).title)
        case Text(text=text) | Voice(recognition=str(text)):
            return brain.understand(text) if text.strip() else None
    return None
