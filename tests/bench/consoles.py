"""Consoles that follow the live events, and viewers who write meanwhile: who hears of what, and how long after."""

import asyncio
import json
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import cast

import httptools

from tests.bench.desks import DeskPage, names_of
from tests.bench.messages import EVERYDAY, push

_PATIENCE = 10.0


@dataclass(slots=True)
class Turn:
    """A viewer's message: when it was answered, and when each console heard of it."""

    conversation: int = 0
    seq: int = 0
    page: DeskPage | None = None
    """On which it is shown."""
    answered: float = 0.0
    heard: list[float] = field(default_factory=list)

    @property
    def shown(self) -> float | None:
        """When its thread was fetched with it."""
        return next((at for seq, at in self.page.shown if seq >= self.seq), None) if self.page else None


@dataclass(slots=True)
class Hall:
    """All consoles, and what they wait to hear of: by conversation, its newest turn."""

    turns: dict[int, Turn] = field(default_factory=dict)
    consoles: list["Console"] = field(default_factory=list)
    messages: int = 0
    """Written to any console."""
    refreshes: int = 0


class Console(asyncio.Protocol):
    """One connection to the stream."""

    def __init__(self, hall: Hall, head: bytes, page: DeskPage | None = None) -> None:
        self._hall, self._head, self._page, self._rest = hall, head, page, b""
        self._parser = httptools.HttpResponseParser(self)
        self._knows: set[int] = set()
        """Turns (by identity) that it has heard of."""
        self.opened = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self._head)

    def close(self) -> None:
        self.transport.close()
        if self._page is not None:
            self._page.close()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, part: bytes) -> None:
        *whole, self._rest = (self._rest + part).split(b"\n\n")
        if not self.opened.done():
            self.opened.set_result(self._parser.get_status_code())
        for said in whole:
            self._hear(said)

    def connection_lost(self, _: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("the stream was refused"))

    def _hear(self, said: bytes) -> None:
        if said.startswith(b"event: ping"):
            return
        now, hall = time.perf_counter(), self._hall
        hall.messages += 1
        told, names = _read(said)
        if self._page is not None:
            self._page.hear(names)
        for kind, id_ in told:
            hall.refreshes += kind == "refresh"
            turn = hall.turns.get(id_ or 0) if kind == "conversation" else None
            if turn is not None and id(turn) not in self._knows:
                self._knows.add(id(turn))
                turn.heard.append(now)


@lru_cache(64)
def _read(said: bytes) -> tuple[list[tuple[str, int | None]], list[str]]:
    """(kind, id), and the names by which pages wait for them. All consoles of a process hear the same bytes."""
    told = json.loads(said.removeprefix(b"data: "))
    told = told if isinstance(told, list) else [told]
    return [(one["kind"], one["id"]) for one in told], names_of(told)


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a console is opened: at which port, with which headers, and what else it has open."""

    port: int
    headers: Mapping[str, str]
    page: DeskPage | None = None


async def follow(hall: Hall, seats: Sequence[Seat], path: str) -> None:
    """Open a console at each seat. SystemExit where one is refused."""
    loop = asyncio.get_running_loop()
    for seat in seats:
        given = "".join(f"{name}: {value}\r\n" for name, value in seat.headers.items())
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{seat.port}\r\n{given}\r\n".encode()
        one = Console(hall, head, seat.page)
        _, console = await loop.create_connection(lambda one=one: one, "127.0.0.1", seat.port)  # type: ignore[misc]
        status = await asyncio.wait_for(console.opened, _PATIENCE)
        if status != 200:
            raise SystemExit(f"{path} is answered with {status}")
        hall.consoles.append(console)


class Line(asyncio.Protocol):
    """One connection of the platform's: a push at a time."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._answered: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        assert self._answered is not None
        status = self._parser.get_status_code()
        if status == 200:
            self._answered.set_result(None)
        else:
            self._answered.set_exception(ConnectionError(f"a message is answered with {status}"))

    async def ask(self, port: int, path: str, viewer: str, message_id: int) -> None:
        one = push(EVERYDAY[message_id % len(EVERYDAY)], viewer, message_id, "plain")
        head = (
            f"POST {path}?{one.query} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            f"Content-Type: text/xml\r\nContent-Length: {len(one.body)}\r\n\r\n"
        )
        self._answered = asyncio.get_running_loop().create_future()
        self.transport.write(head.encode() + one.body)
        await asyncio.wait_for(self._answered, _PATIENCE)


class Platform:
    """Brings viewers' messages to one port after the other, over as many connections as are needed at once."""

    def __init__(self, ports: Sequence[int], path: str) -> None:
        self._path, self._free = path, {port: deque[Line]() for port in ports}
        self._numbers = time.time_ns()

    async def say(self, viewer: str, turn: Turn | None = None) -> None:
        number = self._numbers = self._numbers + 1
        port = list(self._free)[number % len(self._free)]
        free = self._free[port]
        while free and free[0].transport.is_closing():  # idle for too long
            free.popleft()
        if free:
            line = free.popleft()
        else:
            _, line = await asyncio.get_running_loop().create_connection(Line, "127.0.0.1", port)
        await line.ask(port, self._path, viewer, number)
        if turn is not None:
            turn.answered = time.perf_counter()
        free.append(line)

    def close(self) -> None:
        for lines in self._free.values():
            for line in lines:
                line.transport.close()
