"""Files at the desk: viewers' files are opened here, pictures of agents come in."""

import base64
import binascii
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from app.agents import rights
from app.agents.rights import Action
from app.agents.sessions import Signed
from app.console.guard import DbDep, SignedIn
from app.desk import files
from app.errors import AppError, NotFound
from app.forms import Id
from app.pages import HEADERS
from app.secrets import Keyring, WrongKey
from app.storage.engine import Missing, Unavailable
from app.storage.sealing import Damaged
from app.storage.storage import NotAccepted, Opened, Storage, TooLarge

router = APIRouter(prefix="/desk")
LARGEST = 2 * 1024 * 1024
"""Bytes of a picture: what every platform takes."""
PICTURES = ("image/png", "image/jpeg", "image/gif")


class PictureRefused(AppError):
    status_code, message = 422, "图片要是 2 MB 以内的 PNG、JPG 或 GIF"


class FileGone(AppError):
    status_code, message = 404, "文件已经不在了"


class StorageDown(AppError):
    status_code, message = 503, "文件存储现在不可用，请稍后再试"


def storage_of(request: Request) -> Storage:
    found: Storage = request.app.state.service.storage
    return found


# -------------------- what is there


@router.get("/files/{attachment_id:id}")
async def open_attachment(request: Request, attachment_id: Id, signed: SignedIn, db: DbDep) -> Response:
    """A file that a viewer sent."""
    found = await db.read(files.get_attachment, attachment_id, by=signed.actor)
    return await give(request, found.key, found.name)


@router.get("/sent/{message_id:id}")
async def open_sent(request: Request, message_id: Id, signed: SignedIn, db: DbDep) -> Response:
    """A file that we sent."""
    found = await db.read(files.get_sent, message_id, by=signed.actor)
    return await give(request, found.key, found.name)


@router.get("/uploads/{ticket}")
async def open_upload(request: Request, ticket: str, signed: SignedIn) -> Response:
    """A picture that was brought in and has not left yet: for whoever brought it."""
    return await give(request, read_ticket(request.app.state.service.keyring, ticket, signed), "")


async def give(request: Request, key: str, name: str) -> Response:
    """Streamed; what is not known to be harmless is handed out as a download."""
    stack = AsyncExitStack()
    try:
        opened = await stack.enter_async_context(storage_of(request).open(key))
    except Missing:
        raise FileGone from None
    except (Damaged, Unavailable):
        raise StorageDown from None
    how = "inline" if opened.may_be_shown else "attachment"
    headers = dict(HEADERS) | {
        "content-length": str(opened.size), "cache-control": "private, max-age=86400, immutable",
        "content-disposition": f"{how}; filename*=UTF-8''{_quoted(name)}" if name else how,
        "content-security-policy": "default-src 'none'; sandbox",
    }  # fmt: skip
    kind = opened.content_type if opened.may_be_shown else "application/octet-stream"
    return StreamingResponse(_stream(stack, opened), media_type=kind, headers=headers)


async def _stream(stack: AsyncExitStack, opened: Opened) -> AsyncIterator[bytes]:
    async with stack:
        async for chunk in opened.chunks:
            yield chunk


def _quoted(name: str) -> str:
    return quote(name, safe="")


# -------------------- what comes in


@router.post("/{conversation_id:id}/upload")
async def upload(request: Request, conversation_id: Id, signed: SignedIn) -> JSONResponse:
    """One picture as ``multipart/form-data``; the answer names the ticket by which a reply takes it along."""
    rights.require(signed.actor, Action.speak)
    return await take_in(request, signed)


async def take_in(request: Request, signed: Signed) -> JSONResponse:
    """Keep the picture of a form."""
    content = await _picture(request)
    try:
        stored = await storage_of(request).put(chunks_of(content), limit=LARGEST, accepts=PICTURES)
    except (TooLarge, NotAccepted):
        raise PictureRefused from None
    except Unavailable:
        raise StorageDown from None
    ticket = make_ticket(request.app.state.service.keyring, stored.key, signed)
    return JSONResponse({"ticket": ticket, "address": address_of(ticket)}, headers=dict(HEADERS))


def address_of(ticket: str) -> str:
    return f"/desk/uploads/{ticket}"


async def _picture(request: Request) -> bytes:
    """The file of the form, of bounded size before anything is kept."""
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > LARGEST + 64 * 1024:
        raise PictureRefused
    async with request.form(max_files=1, max_fields=4, max_part_size=LARGEST) as form:
        given: Any = form.get("file")
        if given is None or isinstance(given, str):
            raise PictureRefused
        content: bytes = await given.read(LARGEST + 1)
        return content


async def chunks_of(content: bytes) -> AsyncIterator[bytes]:
    yield content


def make_ticket(keyring: Keyring, key: str, signed: Signed) -> str:
    """What stands for a stored file in a page: nobody else can use it, and no other file can be named."""
    sealed = keyring.seal(key.encode(), _context(signed))
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def read_ticket(keyring: Keyring, ticket: str, signed: Signed) -> str:
    """The file's key; NotFound for a ticket of somebody else or of nobody."""
    try:
        sealed = base64.urlsafe_b64decode(ticket + "=" * (-len(ticket) % 4))
        return keyring.open(sealed, _context(signed)).decode()
    except (WrongKey, ValueError, binascii.Error):
        raise NotFound from None


def _context(signed: Signed) -> str:
    return f"upload:{signed.actor.id}"
