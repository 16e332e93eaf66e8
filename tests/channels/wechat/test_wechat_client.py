"""The client against servers that behave like the platform, and against some that do not."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.channels import outbound
from app.channels.delivery import Delivery, DeliveryError, Line, Outcome
from app.channels.wechat.client import Token, fetch_stable_token, send_custom
from app.channels.wechat.messages import customer_service

BASE_URL = "https://api.example.test"
OPENID = "oTest0000000000000000000001"


class Fake:
    """The two addresses of the platform that the client knows; answers as told and keeps what it was asked."""

    def __init__(self, answer: object = None, *, status: int = 200) -> None:
        self.answer = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.status = status
        self.path, self.query, self.body, self.content_type = "", dict[str, str](), b"", ""
        paths = "/cgi-bin/message/custom/send", "/cgi-bin/stable_token"
        self.app = Starlette(routes=[Route(path, self.serve, methods=["POST"]) for path in paths])

    async def serve(self, request: Request) -> Response:
        self.path, self.query, self.body = request.url.path, dict(request.query_params), await request.body()
        self.content_type = request.headers["content-type"]
        return Response(self.answer, self.status, media_type="text/plain")

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app))


async def send(http: httpx.AsyncClient, base_url: str = BASE_URL, text: str = "您好。") -> None:
    message = customer_service(Delivery(OPENID, outbound.Text(text), "m-1"), menu_links=False)
    await send_custom(Line(http, base_url, "TOKEN+/="), message)


async def fetch(http: httpx.AsyncClient, base_url: str = BASE_URL) -> Token:
    return await fetch_stable_token(Line(http, base_url), app_id="wx0123456789abcdef", secret="s3cret")


async def failure(call: Awaitable[object]) -> DeliveryError:
    with pytest.raises(DeliveryError) as failed:
        await call
    return failed.value


# ------------------------------------------------------------------------------------------------------------- success


async def test_a_text_is_sent_as_literal_utf8() -> None:
    fake = Fake({"errcode": 0, "errmsg": "ok"})
    async with fake.client() as http:
        await send(http, BASE_URL + "/", text='第5集\n"好了"😀\x07\ud800')

    assert (fake.path, fake.query) == ("/cgi-bin/message/custom/send", {"access_token": "TOKEN+/="})
    assert fake.content_type == "application/json; charset=utf-8"
    assert b"\\u" not in fake.body
    text = {"content": '第5集\n"好了"😀'}
    assert json.loads(fake.body) == {"touser": OPENID, "msgtype": "text", "text": text}


async def test_a_token_is_fetched_without_forcing_a_new_one() -> None:
    fake = Fake({"access_token": "T" * 512, "expires_in": 7200})
    async with fake.client() as http:
        token = await fetch(http, BASE_URL + "/")

    assert token == Token("T" * 512, 7200)
    assert "TTT" not in repr(token)
    assert (fake.path, fake.query) == ("/cgi-bin/stable_token", {})
    assert json.loads(fake.body) == {
        "grant_type": "client_credential",
        "appid": "wx0123456789abcdef",
        "secret": "s3cret",
        "force_refresh": False,
    }


# -------------------------------------------------------------------------------------------- what the platform refuses


async def test_a_code_is_named_and_its_message_is_bounded() -> None:
    async with Fake({"errcode": 45015, "errmsg": "x" * 5000}).client() as http:
        error = await failure(send(http))
    assert error.detail.startswith("OUT_OF_RESPONSE_TIME_LIMIT: xxx")
    assert len(error.detail) == 300


# ------------------------------------------------------------------------------------------- answers of something else


GARBAGE = [b"", b"<html>", b"null", b"[]", b"{}", b"\xff", b'{"errcode":"0"}', b'{"errmsg":"ok"}', b"[" * 100_000]


@pytest.mark.parametrize("answer", GARBAGE)
async def test_garbage_after_sending_is_unknown(answer: bytes) -> None:
    async with Fake(answer).client() as http:
        error = await failure(send(http))
    assert (error.code, error.outcome) == ("bad_answer", Outcome.unknown)


TOKENLESS: list[Any] = [
    {"access_token": "T"},
    {"access_token": "", "expires_in": 7200},
    {"access_token": "T", "expires_in": 0},
    {"access_token": "T", "expires_in": "7200"},
    {"errcode": 0, "errmsg": "ok"},
]


@pytest.mark.parametrize("answer", [*GARBAGE, *TOKENLESS])
async def test_garbage_instead_of_a_token_is_tried_again(answer: object) -> None:
    async with Fake(answer).client() as http:
        error = await failure(fetch(http))
    assert (error.code, error.outcome) == ("bad_answer", Outcome.retry)


@pytest.mark.parametrize(
    ("status", "sending", "fetching"),
    [
        (302, Outcome.operator, Outcome.operator),
        (403, Outcome.operator, Outcome.operator),
        (429, Outcome.retry, Outcome.retry),
        (500, Outcome.unknown, Outcome.retry),
        (502, Outcome.unknown, Outcome.retry),
        (204, Outcome.unknown, Outcome.retry),
    ],
)
async def test_any_other_status_comes_from_somebody_between(status: int, sending: Outcome, fetching: Outcome) -> None:
    fake = Fake({"errcode": 0, "errmsg": "ok", "access_token": "T", "expires_in": 7200}, status=status)
    async with fake.client() as http:
        errors = await failure(send(http)), await failure(fetch(http))
    assert [error.code for error in errors] == [f"http_{status}"] * 2
    assert [error.outcome for error in errors] == [sending, fetching]


# ------------------------------------------------------------------------------------------------- broken connections


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(handle: Handler) -> AsyncIterator[str]:
    """A real server that reads each request whole, then does what ``handle`` does and hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.split(b":")[1]))
        await handle(reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    connections: list[asyncio.Task[None]] = []
    server = await asyncio.start_server(
        lambda reader, writer: connections.append(asyncio.create_task(serve(reader, writer))), "127.0.0.1", 0
    )
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await asyncio.gather(*connections)


async def hang_up(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
    pass


async def hang_up_midway(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 27\r\n\r\n" + b'{"errcode":0')
    await writer.drain()


async def keep_silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def answer_nonsense(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SMTP ready\r\n")
    await writer.drain()


@pytest.mark.parametrize("handle", [hang_up, hang_up_midway, keep_silent, answer_nonsense])
async def test_what_was_written_and_not_answered_is_unknown(handle: Handler) -> None:
    async with listening(handle) as base_url, httpx.AsyncClient(timeout=httpx.Timeout(5, read=0.1)) as http:
        errors = await failure(send(http, base_url)), await failure(fetch(http, base_url))
    assert [error.code for error in errors] == ["no_answer"] * 2
    assert [error.outcome for error in errors] == [Outcome.unknown, Outcome.retry]


async def test_what_never_connected_is_tried_again() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        base_url = f"http://127.0.0.1:{free.getsockname()[1]}"
        async with httpx.AsyncClient() as http:
            error = await failure(send(http, base_url))
    assert (error.code, error.outcome) == ("not_connected", Outcome.retry)


async def test_what_waited_in_vain_for_a_connection_is_tried_again() -> None:
    arrived = asyncio.Event()

    async def occupy(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        arrived.set()
        await reader.read()

    limits, patience = httpx.Limits(max_connections=1), httpx.Timeout(5, pool=0.05)
    async with listening(occupy) as base_url, httpx.AsyncClient(limits=limits, timeout=patience) as http:
        first = asyncio.create_task(send(http, base_url))
        await arrived.wait()
        error = await failure(send(http, base_url))
        first.cancel()
        await asyncio.wait([first])
    assert (error.code, error.outcome) == ("not_connected", Outcome.retry)


@pytest.mark.parametrize("error_type", [httpx.ConnectTimeout, httpx.ProxyError])
async def test_a_host_that_is_out_of_reach_is_tried_again(error_type: type[httpx.TransportError]) -> None:
    def unreachable(_: httpx.Request) -> httpx.Response:
        raise error_type("out of reach")

    async with httpx.AsyncClient(transport=httpx.MockTransport(unreachable)) as http:
        error = await failure(send(http))
    assert (error.code, error.outcome) == ("not_connected", Outcome.retry)


@pytest.mark.parametrize("base_url", ["", "api.example.test", "ftp://api.example.test", "https://a:b"])
async def test_a_wrong_address_is_for_the_operator(base_url: str) -> None:
    async with httpx.AsyncClient() as http:
        error = await failure(send(http, base_url))
    assert (error.code, error.outcome) == ("bad_address", Outcome.operator)
