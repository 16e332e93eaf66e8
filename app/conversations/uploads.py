"""Our files on the platforms: uploaded once for each channel and scope, and again when they are forgotten there."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.channels.delivery import DeliveryError, Line, Outcome, Upload
from app.channels.outbound import Message
from app.conversations.accounts import Account
from app.conversations.ledgers import UploadedFile
from app.conversations.pending import Draft
from app.db.database import Database
from app.db.rows import table_of
from app.db.upserts import Upsert
from app.storage.engine import Missing
from app.storage.sealing import Damaged
from app.storage.storage import Storage

LARGEST = 30 * 1024 * 1024
"""Bytes that are held in memory for an upload; platforms take less of every kind."""
EARLY = timedelta(hours=1)
"""Before the end of an upload's time, from which on it is not used any more."""


class Place(NamedTuple):
    """Where an upload is valid."""

    channel_id: int
    scope: str
    kind: str
    file: str


_write = Upsert(table_of(UploadedFile), Place._fields, ("media_id", "valid_until"))


def find(session: Session, place: Place, now: datetime) -> str | None:
    row = session.get(UploadedFile, tuple(place), populate_existing=True)
    if row is None or (row.valid_until is not None and row.valid_until - EARLY <= now):
        return None
    return row.media_id


def keep(session: Session, place: Place, media_id: str, valid_until: datetime | None) -> None:
    _write(session, [(*place, media_id, valid_until)])


def forget(session: Session, places: list[Place]) -> None:
    """The platform does not know them any more."""
    for place in places:
        own = (UploadedFile.channel_id == place.channel_id, UploadedFile.scope == place.scope)
        same = (UploadedFile.kind == place.kind, UploadedFile.file == place.file)
        session.execute(delete(UploadedFile).where(*own, *same))


def drop_expired(session: Session, now: datetime, limit: int = 1000) -> int:
    rows = session.scalars(select(UploadedFile).where(UploadedFile.valid_until < now).limit(limit)).all()
    for row in rows:
        session.delete(row)
    return len(rows)


def places_of(account: Account, draft: Draft) -> list[Place]:
    """The files of a message, each with where an upload of it is valid; empty for nearly all messages."""
    scope = account.platform.media_scope(draft.recipient)
    return [Place(draft.channel_id, scope, kind, file) for kind, file in _files(draft.message)]


def _files(message: Message) -> list[tuple[str, str]]:
    """(kind, file)."""
    thumb, file = getattr(message, "thumb", None), getattr(message, "file", None)
    kind = getattr(message, "kind", "")
    return [(kind, str(file))] * bool(file) + [("thumb", str(thumb))] * bool(thumb)


async def bring(
    db: Database, storage: Storage, line: Line, account: Account, place: Place, recipient: str, now: datetime
) -> str:
    """The platform's id of a file: the one it has, or of a new upload. May be repeated: that only costs quota."""
    known = await db.read(find, place, now)
    if known is not None:
        return known
    upload = await _read(storage, place, recipient)
    made = await account.platform.upload(line, account.credentials, upload)
    await db.write(keep, place, made.media_id, made.valid_until)
    return made.media_id


async def _read(storage: Storage, place: Place, recipient: str) -> Upload:
    try:
        async with storage.open(place.file) as opened:
            if opened.size > LARGEST:
                raise DeliveryError("too_large", Outcome.permanent, f"{opened.size} bytes")
            content = b"".join([chunk async for chunk in opened.chunks])
    except (Missing, Damaged) as gone:
        raise DeliveryError("no_file", Outcome.permanent, type(gone).__name__) from gone
    name = f"{place.file[-16:]}.{_ending(opened.content_type)}"
    return Upload(place.kind, name, opened.content_type, len(content), content, recipient)


def _ending(content_type: str) -> str:
    known = {"jpeg": "jpg", "quicktime": "mov", "mpeg": "mp3", "octet-stream": "bin"}
    kind = content_type.partition("/")[2]
    return known.get(kind, kind or "bin")
