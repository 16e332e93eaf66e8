"""Files to and from WeChat: temporary ones (three days), permanent material, and pictures inside articles."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from datetime import UTC, datetime

import httpx

from app.channels import downloads
from app.channels.delivery import DeliveryError, Download, Line, Media, Outcome, Upload, Uploaded, unsupported
from app.channels.exchange import bad_answer
from app.channels.wechat import calls, limits

_JSON_BYTES = 64 * 1024
"""An answer that stands instead of a file is never longer."""
_TEXTS = ("text/", "application/json")
_NAME = re.compile(r'filename="?([^";]+)')


async def upload(line: Line, upload: Upload) -> Uploaded:
    """A temporary file, usable by its id for three days. What the platform would refuse is not sent:
    ``unsupported``, ``file_type``, ``file_empty`` and ``file_too_large`` are permanent failures of our own."""
    form = _form(upload, limits.MEDIA)
    answer = await calls.post_form(line, "/cgi-bin/media/upload", {"type": upload.kind}, form)
    media_id, created = answer.get("media_id") or answer.get("thumb_media_id"), answer.get("created_at")
    if not isinstance(media_id, str) or not media_id:
        raise bad_answer(Outcome.retry)
    since = datetime.fromtimestamp(created, UTC) if isinstance(created, int) else datetime.now(UTC)
    return Uploaded(media_id, since + limits.MEDIA_LIVES)


async def add_material(line: Line, upload: Upload, *, title: str = "", introduction: str = "") -> Uploaded:
    """A permanent file; a video needs a title. Accounts keep 100,000 pictures and 1,000 of each other kind."""
    told = {"title": title, "introduction": introduction}
    fields = {"description": json.dumps(told, ensure_ascii=False)} if upload.kind == "video" else {}
    form = _form(upload, limits.MATERIAL)._replace(fields=fields)
    path = "/cgi-bin/material/add_material"
    answer = await calls.post_form(line, path, {"type": upload.kind}, form, needs=("media_id",))
    return Uploaded(str(answer["media_id"]), None)


async def delete_material(line: Line, media_id: str) -> None:
    await calls.post(line, "/cgi-bin/material/del_material", {"media_id": media_id}, lost=Outcome.retry)


async def upload_picture(line: Line, upload: Upload) -> str:
    """The address of a picture to stand inside an article's text; it counts against no quota of material."""
    form = _form(upload, {"image": limits.ARTICLE_PICTURE})
    answer = await calls.post_form(line, "/cgi-bin/media/uploadimg", {}, form, needs=("url",))
    return str(answer["url"])


@asynccontextmanager
async def download(line: Line, media: Media) -> AsyncIterator[Download]:
    """A viewer's file, within three days of its message. For a video the platform gives an address, which is followed.

    An expired file is the platform's 40007, outcome ``media``.
    """
    query = {"media_id": media.reference}
    async with calls.stream(line, "/cgi-bin/media/get", query) as response, _chunks(response) as chunks:
        first = await anext(chunks, b"")
        # Failures and addresses come as 200, with whatever content type; no file begins with a brace.
        if not first.lstrip().startswith(b"{") and not _is_text(response):
            yield _download(response, media, first, chunks)
            return
        answer = calls.read_object(line, await _rest(first, chunks), needs=("video_url",))
    address = media._replace(reference=str(answer["video_url"]))
    # The platform gives plain http addresses too.
    async with downloads.from_address(line, address, schemes=("https", "http")) as found:
        if found.content_type.startswith(_TEXTS):
            raise bad_answer(Outcome.retry)
        yield found


def _chunks(response: httpx.Response) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
    return aclosing(calls.chunks(response))


def _form(upload: Upload, allowed: Mapping[str, limits.MediaLimit]) -> calls.Form:
    limit = allowed.get(upload.kind)
    if limit is None:
        raise unsupported(upload.kind)
    if upload.content_type not in limit.types:
        raise _unfit("file_type", f"{upload.content_type} is not a {upload.kind} that the platform takes")
    if not upload.content:
        raise _unfit("file_empty", "the file is empty")
    if len(upload.content) > limit.bytes:
        raise _unfit("file_too_large", f"{len(upload.content)} bytes; at most {limit.bytes}")
    # The platform looks at the ending only; the viewer never sees the name.
    name = f"{upload.kind}.{limit.types[upload.content_type]}"
    return calls.Form(name, upload.content_type, upload.content, {})


def _unfit(code: str, detail: str) -> DeliveryError:
    return DeliveryError(code, Outcome.permanent, detail)


def _is_text(response: httpx.Response) -> bool:
    kind = str(response.headers.get("content-type", "")).lower()
    return kind.startswith(_TEXTS)


async def _rest(first: bytes, chunks: AsyncIterator[bytes]) -> bytes:
    whole = bytearray(first)
    async for chunk in chunks:
        whole += chunk
        if len(whole) > _JSON_BYTES:
            raise bad_answer(Outcome.retry)
    return bytes(whole)


def _download(response: httpx.Response, media: Media, first: bytes, rest: AsyncIterator[bytes]) -> Download:
    size, named = response.headers.get("content-length", ""), response.headers.get("content-disposition", "")
    found = _NAME.search(named)
    return Download(
        content_type=response.headers.get("content-type", media.content_type).split(";")[0].strip().lower(),
        size=int(size) if size.isascii() and size.isdigit() else None,
        name=found[1] if found else media.name,
        chunks=_joined(first, rest),
    )


async def _joined(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for chunk in rest:
        yield chunk
