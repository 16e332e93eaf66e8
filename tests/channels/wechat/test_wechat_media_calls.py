"""Files to the platform and from it, and answers that are no files."""

import json
from collections.abc import Awaitable
from datetime import timedelta

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from app.channels.delivery import DeliveryError, Line, Media, Outcome, Upload, Uploaded
from app.channels.wechat import limits, media_calls
from app.channels.wechat.account import Account, Mode
from app.channels.wechat.platform import WeChat
from app.simulator.trouble import Kind, Trouble
from app.simulator.wechat.files import File
from tests.fakes.played_wechat import APP_ID, TOKEN, Standing, serving

wechat = WeChat()
ACCOUNT = Account(APP_ID, TOKEN, (), Mode.plain)
BINARY = bytes(range(256)) * 40 + b"\r\n--\r\n"


def file(kind: str = "image", content_type: str = "image/png", content: bytes = BINARY) -> Upload:
    return Upload(kind, "证件照.png", content_type, len(content), content)


async def failure(call: Awaitable[object]) -> DeliveryError:
    with pytest.raises(DeliveryError) as failed:
        await call
    return failed.value


async def fetched(line: Line, media_id: str = "M", kind: str = "image") -> tuple[str, bytes]:
    async with wechat.download(line, ACCOUNT, Media(kind, media_id)) as download:
        return download.content_type, b"".join([chunk async for chunk in download.chunks])


# -------------------- to the platform


@pytest.mark.parametrize(
    ("kind", "content_type", "name"),
    [
        ("image", "image/jpeg", "image.jpg"),
        ("voice", "audio/amr", "voice.amr"),
        ("video", "video/mp4", "video.mp4"),
        ("thumb", "image/jpeg", "thumb.jpg"),
    ],
)
async def test_an_uploaded_file_is_there_for_three_days(
    stands: Standing, kind: str, content_type: str, name: str
) -> None:
    uploaded = await wechat.upload(stands.line, ACCOUNT, file(kind, content_type))
    now = stands.platform.clock.now()
    kept = stands.account.files.get(uploaded.media_id, now)
    assert (kept.kind, kept.name, kept.content_type, kept.content) == (kind, name, content_type, BINARY)
    assert uploaded.valid_until is not None
    assert abs(uploaded.valid_until - now - timedelta(days=3)) < timedelta(seconds=5)


@pytest.mark.parametrize(
    ("upload", "code"),
    [
        (file("file", "application/pdf"), "unsupported"),
        (file("image", "image/webp"), "file_type"),
        (file("voice", "audio/ogg"), "file_type"),
        (file(content=b""), "file_empty"),
        (file(content=bytes(10 * 1024 * 1024 + 1)), "file_too_large"),
        (file("voice", "audio/mpeg", bytes(2 * 1024 * 1024 + 1)), "file_too_large"),
        (file("thumb", "image/jpeg", bytes(64 * 1024 + 1)), "file_too_large"),
    ],
)
async def test_what_the_platform_would_refuse_is_not_sent(stands: Standing, upload: Upload, code: str) -> None:
    error = await failure(wechat.upload(stands.line, ACCOUNT, upload))
    assert (error.code, error.outcome) == (code, Outcome.permanent)
    assert {logged.api for logged in stands.platform.log} == {"stable_token"}


@pytest.mark.parametrize(
    "trouble", [Trouble(Kind.code, -1), Trouble(Kind.lost), Trouble(Kind.taken), Trouble(Kind.status, 502)]
)
async def test_an_upload_may_always_be_repeated(stands: Standing, trouble: Trouble) -> None:
    stands.platform.troubles.plan("media/upload", trouble)
    assert (await failure(wechat.upload(stands.line, ACCOUNT, file()))).outcome is Outcome.retry
    assert (await wechat.upload(stands.line, ACCOUNT, file())).media_id


async def test_permanent_material_has_no_end(stands: Standing) -> None:
    uploaded = await media_calls.add_material(
        stands.line, file("video", "video/mp4"), title="预告", introduction="第二季"
    )
    assert uploaded == Uploaded(uploaded.media_id, None)
    stands.platform.clock.advance(timedelta(days=30))
    await stands.renew()
    assert await fetched(stands.line, uploaded.media_id) == ("video/mp4", BINARY)
    await media_calls.delete_material(stands.line, uploaded.media_id)
    assert (await failure(fetched(stands.line, uploaded.media_id))).code == "40007"


async def test_a_picture_for_an_article_gets_an_address(stands: Standing) -> None:
    address = await media_calls.upload_picture(stands.line, file())
    assert (await stands.http.get(address)).content == BINARY
    too_large = await failure(media_calls.upload_picture(stands.line, file(content=bytes(1024 * 1024 + 1))))
    assert too_large.code == "file_too_large"


# -------------------- from the platform


def sent_by_viewer(stands: Standing, kind: str, content_type: str) -> str:
    return stands.account.files.put(File(kind, "x.bin", content_type, BINARY, stands.platform.clock.now(), False))


@pytest.mark.parametrize(
    ("kind", "content_type"), [("image", "image/jpeg"), ("voice", "audio/amr"), ("video", "video/mp4")]
)
async def test_what_a_viewer_sent_is_fetched(stands: Standing, kind: str, content_type: str) -> None:
    """Of a video the platform tells only where it is."""
    media_id = sent_by_viewer(stands, kind, content_type)
    assert await fetched(stands.line, media_id, kind) == (content_type, BINARY)


async def test_a_file_says_its_name_and_size(stands: Standing) -> None:
    media_id = sent_by_viewer(stands, "image", "image/jpeg")
    async with wechat.download(stands.line, ACCOUNT, Media("image", media_id)) as download:
        assert (download.name, download.size) == ("x.bin", len(BINARY))


async def test_after_three_days_it_is_gone(stands: Standing) -> None:
    media_id = sent_by_viewer(stands, "image", "image/jpeg")
    stands.platform.clock.advance(limits.MEDIA_LIVES)
    await stands.renew()
    error = await failure(fetched(stands.line, media_id))
    assert (error.code, error.outcome) == ("40007", Outcome.media)


async def test_a_stale_credential_is_seen_though_the_status_is_200(stands: Standing) -> None:
    error = await failure(fetched(stands.line._replace(token="stale")))
    assert (error.code, error.outcome) == ("40001", Outcome.refresh)


async def broken_off(scope: Scope, receive: Receive, send: Send) -> None:
    head = [(b"content-type", b"image/png"), (b"content-length", b"1000")]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": b"\x89PNG", "more_body": True})


def answering(answer: Response | ASGIApp) -> Starlette:
    async def get(_: Request) -> Response:
        return answer  # type: ignore[return-value]  # any ASGI application will do

    return Starlette(routes=[Route("/cgi-bin/media/get", get)])


REFUSAL = json.dumps({"errcode": 40007, "errmsg": "invalid media_id"}).encode()


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Response(REFUSAL, media_type="text/plain"), "40007"),
        (Response(REFUSAL, media_type="image/jpeg"), "40007"),
        (Response(b"\n" + REFUSAL), "40007"),
        (Response(b"<html>", media_type="text/html"), "bad_answer"),
        (Response(b"{", media_type="application/json"), "bad_answer"),
        (Response(b"{" + b"x" * 100_000, media_type="image/png"), "bad_answer"),
        (JSONResponse({}), "bad_answer"),
        (JSONResponse({"video_url": "ftp://x"}), "blocked_scheme"),
        (JSONResponse({"video_url": "http://127.0.0.1/"}), "blocked_address"),
        (Response(b"", status_code=502), "http_502"),
        (broken_off, "no_answer"),
    ],
)
async def test_answers_that_are_no_file(stands: Standing, answer: Response | ASGIApp, code: str) -> None:
    async with serving(answering(answer)) as url:
        error = await failure(fetched(Line(stands.http, url, "T")))
    assert error.code == code


async def test_an_address_of_a_video_that_leads_to_a_page_is_no_video(stands: Standing) -> None:
    async def get(request: Request) -> Response:
        return JSONResponse({"video_url": f"{request.base_url}page"})

    async def page(_: Request) -> Response:
        return Response("<html>", media_type="text/html")

    async with serving(Starlette(routes=[Route("/cgi-bin/media/get", get), Route("/page", page)])) as url:
        error = await failure(fetched(Line(stands.http, url, "T")))
    assert (error.code, error.outcome) == ("bad_answer", Outcome.retry)


async def test_what_the_reader_raises_is_his_own(stands: Standing) -> None:
    media_id = sent_by_viewer(stands, "image", "image/jpeg")
    with pytest.raises(ZeroDivisionError):
        async with wechat.download(stands.line, ACCOUNT, Media("image", media_id)):
            raise ZeroDivisionError
