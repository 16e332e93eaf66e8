"""An OpenAI-compatible service, played on a real socket: chat completions, embeddings, and every way to fail."""

import asyncio
import contextlib
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from http import HTTPStatus
from typing import Any

from tests.fakes.serving import serving

PATIENCE = 10
"""Seconds after which a test that waits for a request gives up."""
DIMENSIONS = 4
OWN = 0.2
"""How much of a vector is the text's own, where its meaning is that of another one."""
TRICKLE_EVERY = 0.02
"""Seconds between two bytes."""


class Odd(Enum):
    """How a connection goes on after the request was read, where no whole answer comes."""

    cut = "closed at once"
    cut_in_the_answer = "closed after the first bytes of the answer"
    silent = "open, without a byte"
    silent_after_headers = "open, nothing after the headers"
    trickle = "a byte now and then, for ever"
    endless = "as fast as it can, for ever"


@dataclass(frozen=True, slots=True)
class Raw:
    """A body as it is, with status 200."""

    body: bytes


@dataclass(frozen=True, slots=True)
class Held:
    """What the model says once the test lets it; None: what it says to everybody."""

    text: str | None = None
    released: asyncio.Event = field(default_factory=asyncio.Event)


Answer = str | HTTPStatus | Odd | Raw | Held | dict[str, Any]
"""What the model says, a status without a body of the API, an odd connection, a body, or a JSON object."""


@dataclass(frozen=True, slots=True)
class Asked:
    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def said(self) -> str:
        """All that the model was shown."""
        return "\n".join(message["content"] for message in self.body["messages"])


@dataclass
class OpenAi:
    """What it was asked and what it shall answer: by turns what stands in ``answers``, then ``otherwise``."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    otherwise: Answer = "0"
    dimensions: int = DIMENSIONS
    alike: dict[str, str] = field(default_factory=dict)
    """Text → the one whose meaning it has: their vectors are near, those of all others point anywhere."""
    arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def until_asked(self, times: int) -> None:
        """As many requests are here."""
        async with asyncio.timeout(PATIENCE), self.arrived:
            await self.arrived.wait_for(lambda: len(self.asked) >= times)

    async def answer(self, asked: Asked) -> Answer:
        async with self.arrived:
            self.asked.append(asked)
            self.arrived.notify_all()
        told = self.answers.pop(0) if self.answers else None
        if isinstance(told, Held):
            await told.released.wait()
            told = told.text
        if asked.path.endswith("/chat/completions"):
            said = self.otherwise if told is None else told
            return completion(said) if isinstance(said, str) else said
        if asked.path.endswith("/embeddings"):
            return self._embedded(asked.body["input"]) if told is None else told
        return HTTPStatus.NOT_FOUND

    def _embedded(self, texts: list[str]) -> dict[str, Any]:
        """In the reverse order, as the API allows."""
        vectors = [{"index": n, "embedding": self.vector_of(text)} for n, text in enumerate(texts)]
        return {"object": "list", "data": vectors[::-1]}

    def vector_of(self, text: str) -> list[float]:
        own, meant = vector_of(text, self.dimensions), vector_of(self.alike.get(text, text), self.dimensions)
        return [OWN * one + (1 - OWN) * other for one, other in zip(own, meant, strict=True)]


def completion(text: str | None) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {"object": "chat.completion", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}


def vector_of(text: str, dimensions: int = DIMENSIONS) -> list[float]:
    """The same for the same text; not of length 1. With some dozens of ``dimensions`` (64 at most) no two are near."""
    digest = hashlib.sha512(text.encode()).digest()
    return [byte - 127.5 for byte in digest[:dimensions]]


@asynccontextmanager
async def running() -> AsyncIterator[OpenAi]:
    """Serve on a free port of this machine, one request a connection."""
    api = OpenAi()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _write(writer, await api.answer(await _read(reader)))

    async with serving(converse) as address:
        api.url = f"{address}/v1"
        yield api


async def _read(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
    body = await reader.readexactly(int(fields["content-length"]))
    return Asked(head[0].split(" ")[1], fields, json.loads(body))


async def _write(writer: asyncio.StreamWriter, answer: Answer) -> None:
    match answer:
        case Odd():
            await _write_oddly(writer, answer)
        case HTTPStatus():
            await _write_whole(writer, answer, b"<html>")
        case Raw(body=body):
            await _write_whole(writer, HTTPStatus.OK, body)
        case _:
            await _write_whole(writer, HTTPStatus.OK, json.dumps(answer).encode())


async def _write_whole(writer: asyncio.StreamWriter, status: HTTPStatus, body: bytes) -> None:
    head = f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()


async def _write_oddly(writer: asyncio.StreamWriter, odd: Odd) -> None:
    if odd is Odd.cut:
        return
    if odd is not Odd.silent:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
        await writer.drain()
    if odd is Odd.cut_in_the_answer:
        return
    never = asyncio.Event()
    while odd in (Odd.trickle, Odd.endless):
        writer.write(b" " if odd is Odd.trickle else b" " * 4096)
        await writer.drain()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TRICKLE_EVERY if odd is Odd.trickle else 0):
                await never.wait()
    await never.wait()
