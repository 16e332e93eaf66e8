"""Files of tickets: brought in, checked by their first bytes, and opened again."""

from typing import Any, Final

from fastapi import APIRouter, Request, Response

from app.agents import rights
from app.agents.rights import Action
from app.console.catalogue import marked
from app.console.desk.files import StorageDown, chunks_of, give, storage_of
from app.console.guard import DbDep, Now, SignedIn
from app.console.rendering import done
from app.desk.tickets import attaching
from app.desk.tickets.attaching import Brought
from app.errors import AppError
from app.forms import Id
from app.storage.engine import Unavailable
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
