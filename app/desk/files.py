"""Files of a conversation, opened for somebody who is signed in: by the row that names them, never by a storage key."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agents import rights
from app.agents.rights import Action, Actor
from app.conversations.attachments import Attachment, AttachmentState
from app.conversations.models import Direction, Message
from app.errors import NotFound
from app.storage.sniffing import SHOWN


class FileNotFound(NotFound):
    message = "没有这个文件"


@dataclass(frozen=True, slots=True)
class Kept:
    """A file in the storage."""

    key: str
    content_type: str | None
    """By its first bytes; None: only the storage knows, when it opens the file."""
    name: str
    """As its sender called it: to be shown, never to be a path."""

    @property
    def may_be_shown(self) -> bool:
        return self.content_type in SHOWN


def get_attachment(session: Session, attachment_id: int, *, by: Actor) -> Kept:
    """A viewer's file; FileNotFound also while it has not come."""
    rights.require(by, Action.see_conversations)
    found = session.get(Attachment, attachment_id)
    if found is None or found.state != AttachmentState.stored or found.storage_key is None:
        raise FileNotFound
    return Kept(found.storage_key, found.content_type, found.name)


def get_sent(session: Session, message_id: int, *, by: Actor) -> Kept:
    """The file of a message that we sent; FileNotFound where it has none."""
    rights.require(by, Action.see_conversations)
    own = (Message.id == message_id, Message.direction == Direction.outbound)
    message = session.scalars(select(Message).where(*own)).one_or_none()
    content = (message.data or {}).get("content", {}) if message is not None else {}
    if "file" not in content:
        raise FileNotFound
    return Kept(content["file"], None, content.get("name", ""))
