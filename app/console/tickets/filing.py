"""Files of tickets: brought in, checked by their first bytes, and opened again."""

from collections.abc import Sequence
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from app.agents import rights
from app.agents.rights import Action
from app.agents.sessions import Signed
from app.console.catalogue import marked
from app.console.desk.files import FileGone, StorageDown, chunks_of, give, read_ticket, storage_of, take_in
from app.console.guard import DbDep, Now, SignedIn
from app.console.rendering import done
from app.desk.tickets import attaching
from app.desk.tickets.attaching import Brought
from app.errors import AppError
from app.forms import Id
from app.storage.engine import Missing, Unavailable
from app.storage.sealing import Damaged
from app.storage.storage import NotAccepted, Stored, TooLarge

router = APIRouter(prefix="/tickets")
LARGEST: Final = 10 * 1024 * 1024
ACCEPTED: Final = (
    "image/png", "image/jpeg", "image/gif", "image/webp", "image/heic", "application/pdf", "video/mp4",
    "video/quicktime", "audio/mpeg", "audio/mp4", "audio/wav", "audio/amr",
)  # fmt: skip


class FileRefused(AppError):
    status_code, message = 422, "附件要是 10 MB 以内的图片、PDF、音频或 MP4 视频，一次一个"


@router.post("/{ticket_id:id}/files")
async def bring(request: Request, ticket_id: Id, signed: SignedIn, db: DbDep, now: Now) -> Response:
    """One file as ``multipart/form-data``, with ``evidence`` where it proves something."""
    rights.require(signed.actor, Action.note_tickets)
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > LARGEST + 64 * 1024:
        raise FileRefused
    async with request.form(max_files=1, max_fields=4, max_part_size=LARGEST) as form:
        given: Any = form.get("file")
        if given is None or isinstance(given, str) or not given.size:
            raise FileRefused
        content, name, proves = await given.read(LARGEST + 1), given.filename or "", bool(form.get("evidence"))
    stored = await _keep(request, content)
    file = Brought(stored.key, name, stored.size, stored.content_type)
    await db.write(attaching.attach, ticket_id, by=signed.actor, files=[file], is_evidence=proves, now=now)
    return done(signed, marked("附件已添加"), changed=f"ticket:{ticket_id}")


async def _keep(request: Request, content: bytes) -> Stored:
    try:
        return await storage_of(request).put(chunks_of(content), limit=LARGEST, accepts=ACCEPTED)
    except (TooLarge, NotAccepted):
        raise FileRefused from None
    except Unavailable:
        raise StorageDown from None


@router.get("/files/{file_id:id}")
async def open_file(request: Request, file_id: Id, signed: SignedIn, db: DbDep) -> Response:
    found = await db.read(attaching.get_file, file_id, by=signed.actor)
    return await give(request, found.key, found.name)


# -------------------- what is told with a picture


@router.post("/{ticket_id:id}/upload")
async def upload(request: Request, ticket_id: Id, signed: SignedIn) -> JSONResponse:
    """One picture for its viewer, as at the desk."""
    rights.require(signed.actor, Action.work_tickets)
    return await take_in(request, signed)


async def brought(request: Request, tickets: Sequence[str], signed: Signed) -> list[Brought]:
    """The pictures for which these tickets of his stand; FileGone, StorageDown."""
    keyring, storage, found = request.app.state.service.keyring, storage_of(request), []
    for number, ticket in enumerate(tickets, 1):
        key = read_ticket(keyring, ticket, signed)
        try:
            async with storage.open(key) as opened:
                kind = opened.content_type
                name = f"图片 {number}.{kind.partition('/')[2]}"
                found.append(Brought(key, name, opened.size, kind))
        except Missing:
            raise FileGone from None
        except (Damaged, Unavailable):
            raise StorageDown from None
    return found
