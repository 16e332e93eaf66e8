"""Open pages of the desk without a browser: each fetches what a page fetches, when and as often as a page does.

What to fetch, after which events and how calmly is read from the pages themselves (``data-fresh``, ``data-on``,
``data-calm``: see ``app/console/assets/live/fresh.ts``), so that a change of theirs is measured without one here. What
pages do by the clock, and what they tell of their reader, is written here as in ``assets/desk/presence.ts``.
"""

import asyncio
import re
import time
from collections import deque
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from html import unescape
from itertools import count
from typing import Any, cast
from urllib.parse import urlencode

import httptools

_FRESH = re.compile(r'<\w+(?=[^>]*\sdata-fresh=")[^>]*>')
_ATTRIBUTE = re.compile(r'\s([\w-]+)="([^"]*)"')
_NEWEST = re.compile(r'\sdata-newest="(\d+)"')
_PATIENCE = 20.0
_MOST = 5
"""Connections of one page beside its stream: what browsers open to one host."""
TICK = 10.0
_SLOWLY = 3
_VIEWING = 2
"""In ticks: when what only counts is fetched again, and when it is told who looks on."""


@dataclass(slots=True)
class Part:
    """A part of a page that keeps itself fresh."""

    fresh: str
    on: frozenset[str]
    calm: float
    """Seconds."""
    stale: bool = False
    busy: bool = False


@dataclass(slots=True)
class Traffic:
    """What all pages have fetched and told, by the last word of the address."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    refused: int = 0

    def clear(self) -> None:
        self.seconds.clear()
        self.refused = 0

    def add(self, path: str, took: float) -> None:
        self.seconds.setdefault(path.partition("?")[0].rsplit("/", 1)[-1], []).append(took)


class Fetch(asyncio.Protocol):
    """One connection of a page: an answer at a time."""

    def __init__(self) -> None:
        self._answered: asyncio.Future[tuple[int, bytes]] | None = None
        self._parts: list[bytes] = []
        self._parser = httptools.HttpResponseParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._parts = []

    def on_body(self, part: bytes) -> None:
        self._parts.append(part)

    def on_message_complete(self) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_result((self._parser.get_status_code(), b"".join(self._parts)))

    def connection_lost(self, _: Exception | None) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(ConnectionError("hung up"))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        self._answered = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await asyncio.wait_for(self._answered, _PATIENCE)


class DeskPage:
    """The desk as one person has it open, with one conversation."""

    def __init__(self, port: int, conversation_id: int, cookie: str, csrf: str, traffic: Traffic) -> None:
        self._port, self._id, self._traffic = port, conversation_id, traffic
        self._headers = (
            f"Host: 127.0.0.1:{port}\r\nCookie: {cookie}\r\nX-CSRF: {csrf}\r\nHX-Request: true\r\nAccept: text/html\r\n"
        )
        self._free, self._room = deque[Fetch](), asyncio.Semaphore(_MOST)
        self._parts: dict[str, Part] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.newest = 0
        """The ``seq`` of the newest message that is shown."""
        self.shown: list[tuple[int, float]] = []
        """(newest ``seq``, when), for each time the thread was renewed."""

    async def open(self, delay: float) -> None:
        """SystemExit where the page is refused. ``delay``: seconds until its clock begins to tick."""
        status, body = await self._ask(f"/desk/{self._id}")
        if status != 200:
            raise SystemExit(f"the desk is answered with {status}")
        self._read(body.decode())
        self._start(self._live_by_the_clock(delay))

    def hear(self, names: Sequence[str]) -> None:
        """Of live events."""
        for part in self._parts.values():
            if "refresh" in names or not part.on.isdisjoint(names):
                part.stale = True
                if not part.busy:
                    part.busy = True
                    self._start(self._keep_fresh(part))

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        for line in self._free:
            line.transport.close()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _live_by_the_clock(self, delay: float) -> None:
        await asyncio.sleep(delay)
        for number in count(1):
            self.hear(["tick"])
            if number % _SLOWLY == 0:
                self.hear(["slowly"])
            if number % _VIEWING == 0:
                await self._tell("viewing", writing="")
            await asyncio.sleep(TICK)

    async def _keep_fresh(self, part: Part) -> None:
        while part.stale:
            await asyncio.sleep(part.calm)
            part.stale = False
            if (body := await self._timed(part.fresh)) and self._read(body.decode()):
                await self._tell("read", seq=str(self.newest))
        part.busy = False

    async def _tell(self, what: str, **values: str) -> None:
        await self._timed(f"/desk/{self._id}/{what}", urlencode(values).encode())

    async def _timed(self, path: str, form: bytes | None = None) -> bytes:
        begun = time.perf_counter()
        status, body = await self._ask(path, form)
        self._traffic.add(path, time.perf_counter() - begun)
        self._traffic.refused += status >= 300
        return body if status == 200 else b""

    def _read(self, page: str) -> bool:
        """Whether something new was said."""
        newest_before = self.newest
        for found in _FRESH.findall(page):
            given = {name: unescape(value) for name, value in _ATTRIBUTE.findall(found)}
            part = self._parts.setdefault(given["id"], Part("", frozenset(), 0))
            part.fresh, part.on = given["data-fresh"], frozenset(given["data-on"].split())
            part.calm = int(given.get("data-calm", "0")) / 1000
            if (newest := _NEWEST.search(found)) and int(newest[1]) > self.newest:
                self.newest = int(newest[1])
                self.shown.append((self.newest, time.perf_counter()))
        return self.newest > newest_before

    async def _ask(self, path: str, form: bytes | None = None) -> tuple[int, bytes]:
        """A form is posted."""
        head = f"{'GET' if form is None else 'POST'} {path} HTTP/1.1\r\n{self._headers}"
        if form is not None:
            head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(form)}\r\n"
        async with self._room:
            while True:
                line, is_new = await self._line()
                try:
                    answer = await line.ask(f"{head}\r\n".encode() + (form or b""))
                except ConnectionError:  # closed by the server as it was taken up again: a browser tries again too
                    if is_new:
                        raise
                else:
                    self._free.append(line)
                    return answer

    async def _line(self) -> tuple[Fetch, bool]:
        """A connection, and whether it is a new one."""
        while self._free:
            line = self._free.popleft()
            if not line.transport.is_closing():
                return line, False
        _, line = await asyncio.get_running_loop().create_connection(Fetch, "127.0.0.1", self._port)
        return line, True


def names_of(told: Sequence[Mapping[str, object]]) -> list[str]:
    """Of live events, as pages wait for them: ``app/console/assets/live/follow.ts``."""
    found: list[str] = []
    for one in told:
        found.append(str(one["kind"]))
        if one.get("id") is not None:
            found.append(f"{one['kind']}:{one['id']}")
    return found
