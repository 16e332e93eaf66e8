"""Files that viewers' messages left with a platform: expected with the message, fetched later, then shown.

A row says what has become of each: an expired, refused or failed one is as visible as a stored one.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import CheckConstraint, ForeignKey, SmallInteger, String, Text, UniqueConstraint, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.channels.delivery import Media
from app.conversations.models import Conversation, Message
from app.db.base import Base, Id, UtcDateTime
from app.db.rows import Insert, table_of
from app.db.sql import is_any
from app.events import Kind, publish
from app.jobs import lanes
from app.jobs.models import LaneKey, NewJob, Priority
from app.jobs.timers import topic_of
from app.storage.storage import Stored

KIND = "attachment"
KEPT = timedelta(days=3)
"""How long platforms keep a viewer's file (WeChat says three days, QQ nothing)."""
ATTEMPTS = 6
"""Attempts that count: those at which the file itself could have come."""


class AttachmentState(StrEnum):
    waiting = "waiting"
    fetching = "fetching"
    stored = "stored"
    expired = "expired"
    """The platform no longer has it."""
    refused = "refused"
    """It came, and is too large or of a wrong type."""
    failed = "failed"


class Attachment(Base):
    __tablename__ = "attachments"
    __table_args__ = (
        UniqueConstraint("message_id", "position"),
        CheckConstraint("kind IN ('image', 'voice', 'video', 'file', 'thumb')", name="kind"),
        CheckConstraint("state IN ('waiting', 'fetching', 'stored', 'expired', 'refused', 'failed')", name="state"),
        CheckConstraint("(state = 'stored') = (storage_key IS NOT NULL)", name="stored"),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    message_id: Mapped[int] = mapped_column(Id, ForeignKey("messages.id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    """From 0, as the message had them."""
    kind: Mapped[str] = mapped_column(String(5))
    reference: Mapped[str] = mapped_column(Text)
    """The platform's id of it, or its address there, which can hold a credential."""
    name: Mapped[str] = mapped_column(String(255))
    """As the viewer named it: to be shown, never to be a path."""
    state: Mapped[str] = mapped_column(String(8))
    storage_key: Mapped[str | None] = mapped_column(String(67))
    content_type: Mapped[str | None] = mapped_column(String(64))
    """By its first bytes; what is not in ``sniffing.SHOWN`` is handed out as a download alone."""
    size: Mapped[int | None] = mapped_column(Id)
    sha256: Mapped[str | None] = mapped_column(String(64))
    error: Mapped[str | None] = mapped_column(String(200))
    attempts: Mapped[int] = mapped_column(SmallInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    fetched_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it came to its end, whichever."""
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """No attempt is made after it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a fetcher needs to know of one attachment."""

    attachment_id: int
    channel_id: int
    media: Media = field(repr=False)
    attempt: int
    expires_at: datetime


class Result(NamedTuple):
    """What an attempt came to."""

    state: AttachmentState
    """``waiting``: another attempt follows."""
    error: str | None = None
    stored: Stored | None = None
    counts: bool = True
    """False: nothing was wrong with the file, nor was it asked for."""


_insert = Insert(
    table_of(Attachment),
    ("message_id", "position", "kind", "reference", "name", "state", "attempts", "created_at", "expires_at"),
    returning=("id", "message_id", "position"),
)


def expect(session: Session, files: Sequence[tuple[int, Sequence[Media]]], now: datetime) -> list[int]:
    """The files of new messages, as (message id, its files): rows, and a job for each. Their ids, in no order."""
    rows = [
        (message_id, position, media.kind, media.reference, media.name[:255], AttachmentState.waiting, 0, now,
         now + KEPT)
        for message_id, several in files
        for position, media in enumerate(several)
    ]  # fmt: skip
    ids = [row[0] for row in _insert(session, rows)]
    _enqueue(session, ids, now)
    return ids


def _enqueue(session: Session, ids: Sequence[int], now: datetime) -> None:
    """A lane each: a file that is slow to come holds up no other."""
    work = [NewJob(LaneKey(topic_of(KIND), id_, None), KIND, id_, now, Priority.notice) for id_ in sorted(ids)]
    lanes.enqueue(session, work, now=now)


_OPEN = (AttachmentState.waiting, AttachmentState.fetching)
_WANTED = (
    select(Conversation.channel_id)
    .join(Message, Message.conversation_id == Conversation.id)
    .join(Attachment, Attachment.message_id == Message.id)
)


def begin(session: Session, attachment_id: int, now: datetime) -> Wanted | None:
    """Take up an attempt, also one that a kill cut short; None where there is nothing left to do.

    What died with its process as often as this may not take the next one along.
    """
    own = (Attachment.id == attachment_id, Attachment.state.in_(_OPEN))
    ended = {"state": AttachmentState.failed, "error": "interrupted", "fetched_at": now}
    given_up = update(Attachment).where(*own, Attachment.attempts >= ATTEMPTS).values(ended)
    _tell(session, session.scalars(given_up.returning(Attachment.message_id)).all(), now)
    taken = update(Attachment).where(*own).values(state=AttachmentState.fetching, attempts=Attachment.attempts + 1)
    row = session.scalars(taken.returning(Attachment)).one_or_none()
    if row is None:
        return None
    channel_id = session.scalars(_WANTED.where(Attachment.id == attachment_id)).one()
    return Wanted(row.id, channel_id, Media(row.kind, row.reference, row.name), row.attempts, row.expires_at)


def settle(session: Session, attachment_id: int, result: Result, now: datetime, *, attempt: int) -> bool:
    """Write what became of an attempt; False where another one has begun meanwhile, whose result counts instead."""
    own = (
        Attachment.id == attachment_id,
        Attachment.state == AttachmentState.fetching,
        Attachment.attempts == attempt,
    )
    stored, ended = result.stored, result.state is not AttachmentState.waiting
    values = {
        "state": result.state,
        "error": result.error[:200] if result.error else None,
        "attempts": attempt if result.counts else attempt - 1,
        "fetched_at": now if ended else None,
    }
    if stored is not None:
        values |= {
            "storage_key": stored.key, "content_type": stored.content_type, "size": stored.size,
            "sha256": stored.sha256,
        }  # fmt: skip
    changed = update(Attachment).where(*own).values(values).returning(Attachment.message_id)
    messages = session.scalars(changed).all()
    if ended:
        _tell(session, messages, now)
    return bool(messages)


def _tell(session: Session, message_ids: Sequence[int], now: datetime) -> None:
    if message_ids:
        theirs = session.scalars(select(Message.conversation_id).where(is_any(Message.id, message_ids)))
        publish(session, Kind.conversation, theirs, now=now)


def list_of(session: Session, message_ids: Collection[int]) -> list[Attachment]:
    """All attachments of these messages, in the order of the messages and of their places in them."""
    own = select(Attachment).where(is_any(Attachment.message_id, message_ids))
    return list(session.scalars(own.order_by(Attachment.message_id, Attachment.position)))
