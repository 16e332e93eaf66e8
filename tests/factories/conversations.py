"""Channels, conversations and messages, stored as the service stores them."""

from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.conversations import accounts, outbox
from app.conversations.models import Conversation, Direction, Message, MessageState, Via
from app.conversations.outbox import Queued
from app.db.database import Database
from app.jobs import Priority
from app.secrets import Keyring
from app.viewers.models import Identity, Viewer

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
KEYRING = Keyring([b"k" * 32])
WECHAT = {"app_id": "wx1234567890abcdef", "mode": "plain"}
SECRETS = {"token": "token123", "app_secret": "appsecret"}


async def channel(db: Database, name: str = "main", *, simulated: bool = False) -> int:
    """A WeChat account that may send by itself; its id."""
    return await db.write(
        accounts.save, platform="wechat", name=name, settings=WECHAT, secrets=SECRETS, keyring=KEYRING, now=NOW,
        simulated=simulated,
    )  # fmt: skip


async def conversation(
    db: Database, channel_id: int, viewer: str = "openid-1", *, following: bool | None = None, owner: str = "bot",
    queued_at: datetime | None = None, closed_at: datetime | None = None,
) -> int:  # fmt: skip
    """A conversation of a new viewer, without messages; its id."""

    def add(session: Session) -> int:
        person = Viewer(created_at=NOW)
        session.add(person)
        session.flush()
        identity = Identity(
            channel_id=channel_id, external_id=viewer, viewer_id=person.id, created_at=NOW, following=following
        )
        session.add(identity)
        session.flush()
        row = Conversation(
            identity_id=identity.id, channel_id=channel_id, owner=owner, last_seq=0, failures=0, opened_at=NOW,
            viewer_wrote_at=NOW, acknowledged=False, queued_at=queued_at, closed_at=closed_at,
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row.id

    return await db.write(add)


async def message(
    db: Database, conversation_id: int, text: str = "好的", *, state: MessageState = MessageState.queued,
    via: Via = Via.outbox, sending_at: datetime | None = None,
) -> int:  # fmt: skip
    """An outbound message at the end of the conversation, not in the outbox; its id."""
    return await db.write(_add_message, conversation_id, text, state, via, sending_at)


async def queued(
    db: Database, conversation_id: int, text: str = "好的", *, not_before: datetime = NOW,
    priority: Priority = Priority.bot,
) -> int:  # fmt: skip
    """A message that waits in the outbox; its id."""

    def add(session: Session) -> int:
        message_id = _add_message(session, conversation_id, text, MessageState.queued, Via.outbox, None)
        channel_id = session.get_one(Conversation, conversation_id).channel_id
        waiting = Queued(message_id, conversation_id, channel_id, not_before, priority)
        outbox.enqueue(session, [waiting], now=NOW)
        return message_id

    return await db.write(add)


def _add_message(
    session: Session, conversation_id: int, text: str, state: MessageState, via: Via, sending_at: datetime | None
) -> int:
    last = select(func.coalesce(func.max(Message.seq), 0)).where(Message.conversation_id == conversation_id)
    row = Message(
        conversation_id=conversation_id, seq=session.scalars(last).one() + 1, direction=Direction.outbound,
        author="bot", kind="text", text=text, state=state, via=via, created_at=NOW, sending_at=sending_at,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.id


def get_message(session: Session, message_id: int) -> Message:
    return session.get_one(Message, message_id)


def states(session: Session) -> list[str]:
    """The states of all messages, oldest first."""
    return list(session.scalars(select(Message.state).order_by(Message.id)))
