"""Channels, conversations and messages, stored as the service stores them."""

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.conversations import accounts, outbox
from app.conversations.models import Conversation, Direction, Message, MessageState, Via
from app.conversations.outbox import Queued
from app.db.database import Database
from app.jobs.models import Priority
from app.secrets import Keyring
from app.storage.folder import Folder
from app.storage.storage import Storage
from app.viewers.models import Identity, Viewer

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
KEYRING = Keyring([b"k" * 32])
WECHAT = {"app_id": "wx1234567890abcdef", "mode": "plain"}
STORAGE = Storage(Folder(Path("/nonexistent")), Path("/nonexistent"), KEYRING)
"""For senders that send no files."""
SECRETS = {"token": "token123", "app_secret": "appsecret"}


async def channel(db: Database, name: str = "main", *, simulated: bool = False) -> int:
    """A WeChat account that may send by itself; its id."""
    return await db.write(
        accounts.save, platform="wechat", name=name, settings=WECHAT, secrets=SECRETS, keyring=KEYRING, now=NOW,
        simulated=simulated,
    )  # fmt: skip


async def conversation(
    db: Database, channel_id: int, viewer: str = "openid-1", *, following: bool | None = None, owner: str = "bot",
    queued_at: datetime | None = None, closed_at: datetime | None = None, wrote_at: datetime | None = NOW,
) -> int:  # fmt: skip
    """A conversation of a new viewer who wrote once (``wrote_at``: None, never); its id."""

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
        if wrote_at is not None:
            hear(session, row, wrote_at)
        return row.id

    return await db.write(add)


def hear(session: Session, conversation: Conversation, at: datetime) -> None:
    """Something that the viewer says: it opens his window."""
    conversation.last_seq += 1
    conversation.heard_seq = conversation.last_seq
    session.add(
        Message(
            conversation_id=conversation.id,
            seq=conversation.last_seq, direction=Direction.inbound, author="viewer", kind="text", text="在吗",
            state=MessageState.received, platform_at=at, created_at=at,
        )
    )  # fmt: skip
    session.flush()


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
    conversation = session.get_one(Conversation, conversation_id)
    conversation.last_seq += 1
    row = Message(
        conversation_id=conversation_id, seq=conversation.last_seq, direction=Direction.outbound,
        author="bot", kind="text", text=text, state=state, via=via, created_at=NOW, sending_at=sending_at,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.id


def get_message(session: Session, message_id: int) -> Message:
    return session.get_one(Message, message_id)


def states(session: Session) -> list[str]:
    """The states of all that we said, oldest first."""
    said = select(Message.state).where(Message.direction == Direction.outbound)
    return list(session.scalars(said.order_by(Message.id)))
