"""WeChat's API, played on a real socket: credentials that go stale, customer-service texts, and every way to fail."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.serving import serving

PATIENCE = 10
"""Seconds after which a test that waits for a request gives up."""
STALE = {"errcode": 40001, "errmsg": "invalid credential"}


class Cut(Enum):
    """How a connection ends instead of an answer."""

    at_once = "after the request was read"
    in_the_answer = "after the first bytes of the answer"


Answer = int | HTTPStatus | Cut
"""An ``errcode``, an HTTP status without a body of the platform, or a cut connection."""


@dataclass(frozen=True, slots=True)
class Sent:
    viewer: str
    text: str


class Hold:
    """A text whose answer waits until the test releases it."""

    def __init__(self) -> None:
        self._arrived, self._released = asyncio.Event(), asyncio.Event()

    async def arrived(self) -> None:
        """The request is here."""
        await asyncio.wait_for(self._arrived.wait(), PATIENCE)

    def release(self) -> None:
        self._released.set()

    async def stop(self) -> None:
        """Called by the platform."""
        self._arrived.set()
        await self._released.wait()


class WeChatApi:
    """What it was asked and what it shall answer. Without instructions it takes everything."""

    def __init__(self, url: str = "") -> None:
        self.url = url
        self.sent: list[Sent] = []
        """Texts that it took, in the order of their arrival."""
        self.asked: list[str] = []
        """Texts of all attempts, also of those that were refused."""
        self.token_requests: list[dict[str, Any]] = []
        self.token_answer: int = 0
        """``errcode`` of each request for a credential; 0 gives one."""
        self.answers: defaultdict[str, list[Answer]] = defaultdict(list)
        """By text: what to answer to its first, second… attempt."""
        self._holds: dict[str, Hold] = {}
        self._issued = 1

    def expire_token(self) -> None:
        """From now on the credential that was given out is refused, and another one is given out."""
        self._issued += 1

    @property
    def token(self) -> str:
        return f"token-{self._issued}"

    def hold(self, text: str) -> Hold:
        hold = self._holds[text] = Hold()
        return hold

    def texts_to(self, viewer: str) -> list[str]:
        return [sent.text for sent in self.sent if sent.viewer == viewer]

    async def answer(self, path: str, query: dict[str, list[str]], body: dict[str, Any]) -> Answer | dict[str, Any]:
        if path == "/cgi-bin/stable_token":
            return self._give_token(body)
        if path == "/cgi-bin/message/custom/send":
            return await self._take(query["access_token"][0], body["touser"], body["text"]["content"])
        return HTTPStatus.NOT_FOUND

    def _give_token(self, body: dict[str, Any]) -> dict[str, Any]:
        self.token_requests.append(body)
        if self.token_answer:
            return {"errcode": self.token_answer, "errmsg": "refused"}
        return {"access_token": self.token, "expires_in": 7200}

    async def _take(self, token: str, viewer: str, text: str) -> Answer | dict[str, Any]:
        self.asked.append(text)
        if hold := self._holds.get(text):
            await hold.stop()
        if token != self.token:
            return STALE
        answer = self.answers[text].pop(0) if self.answers[text] else 0
        if answer == 0 or isinstance(answer, Cut):
            self.sent.append(Sent(viewer, text))
        return {"errcode": answer, "errmsg": "as told"} if type(answer) is int else answer


@asynccontextmanager
async def running() -> AsyncIterator[WeChatApi]:
    """Serve on a free port of this machine, one request a connection."""
    api = WeChatApi()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(_written(await api.answer(*await _read(reader))))
        await writer.drain()

    async with serving(converse) as address:
        api.url = address
        yield api


async def _read(reader: asyncio.StreamReader) -> tuple[str, dict[str, list[str]], dict[str, Any]]:
    """Path, query and JSON body of a request."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    fields = dict(line.lower().split(": ", 1) for line in head[1:] if line)
    target = urlsplit(head[0].split(" ")[1])
    body = await reader.readexactly(int(fields["content-length"]))
    return target.path, parse_qs(target.query), json.loads(body)


def _written(answer: Answer | dict[str, Any]) -> bytes:
    if answer is Cut.at_once:
        return b""
    if answer is Cut.in_the_answer:
        return b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"
    status = answer if isinstance(answer, HTTPStatus) else HTTPStatus.OK
    body = json.dumps(answer).encode() if isinstance(answer, dict) else b"<html>"
    head = f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body
