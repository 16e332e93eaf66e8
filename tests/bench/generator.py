"""The load generator: a process of its own with many open connections, each sending its next push once it is answered.

Raw sockets on uvloop with a C parser: it reaches the rates of wrk with a Lua script, even at the bare ASGI ceiling.
Unlike wrk it never sends a push twice and keeps samples of the answers. Its own CPU time is printed with the figures.
"""

import asyncio
import gc
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from typing import cast

import httptools
import uvloop

from tests.bench.messages import Mode, Push, pushes

PUSHES_PER_SECOND = 12_000
"""Signed beforehand for each second of load; a faster server ends the measurement earlier, never with a repeat."""

_PATIENCE = 10.0
"""Seconds that the last answers are waited for."""

_SAMPLE_EVERY = 50


@dataclass(frozen=True, slots=True)
class Traffic:
    """What every contestant of a run gets: how long, over how many connections, which pushes."""

    seconds: float
    connections: int
    mode: Mode
    different: bool


@dataclass(frozen=True, slots=True)
class Load:
    """Traffic and where it goes."""

    port: int
    path: str
    traffic: Traffic


@dataclass(frozen=True, slots=True)
class Answers:
    """What came back. ``latencies`` in seconds, ascending; ``cpu`` is the generator's own CPU time in seconds."""

    count: int
    seconds: float
    latencies: list[float]
    non_2xx: int
    broken: int
    samples: list[bytes]
    cpu: float


class Generator:
    """A load with everything signed, waiting for the word."""

    def __init__(self, pipe: "Pipe[str, Answers]") -> None:
        self._pipe = pipe

    def run(self) -> Answers:
        self._pipe.send("go")
        return self._pipe.recv()


@contextmanager
def prepared(load: Load) -> Iterator[Generator]:
    """Start the generator's process and wait until it has signed its pushes."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_generate, args=(load, theirs), daemon=True)
    process.start()
    theirs.close()  # so that a dead child is an EOFError here, not a wait for ever
    try:
        ours.recv()
        yield Generator(ours)
    finally:
        ours.close()
        process.join()


def _generate(load: Load, pipe: "Pipe[object, str]") -> None:
    traffic = load.traffic
    signed = pushes(int(PUSHES_PER_SECOND * traffic.seconds), traffic.mode, different=traffic.different)
    requests = deque(_request(load, push) for push in signed)
    gc.disable()
    pipe.send("signed")
    pipe.recv()
    pipe.send(uvloop.run(_Run(load, requests).answers()))


def _request(load: Load, push: Push) -> bytes:
    head = (
        f"POST {load.path}?{push.query} HTTP/1.1\r\nHost: 127.0.0.1:{load.port}\r\n"
        f"Content-Type: text/xml\r\nContent-Length: {len(push.body)}\r\n\r\n"
    )
    return head.encode() + push.body


class _Run:
    """The load while it runs: what all connections take from and add to."""

    def __init__(self, load: Load, requests: deque[bytes]) -> None:
        self.load, self.requests = load, requests
        self.latencies: list[float] = []
        self.samples: list[bytes] = []
        self.in_time = self.non_2xx = self.broken = 0
        self.started = self.ends = 0.0

    async def answers(self) -> Answers:
        cpu, self.started = time.process_time(), time.perf_counter()
        self.ends = self.started + self.load.traffic.seconds
        lines = [asyncio.create_task(self._keep_open()) for _ in range(self.load.traffic.connections)]
        _, waiting = await asyncio.wait(lines, timeout=self.load.traffic.seconds + _PATIENCE)
        return Answers(
            count=self.in_time,
            seconds=self.ends - self.started,
            latencies=sorted(self.latencies),
            non_2xx=self.non_2xx,
            broken=self.broken + len(waiting),
            samples=self.samples,
            cpu=time.process_time() - cpu,
        )

    def next_request(self) -> bytes | None:
        now = time.perf_counter()
        if now < self.ends and self.requests:
            return self.requests.popleft()
        self.ends = min(self.ends, now)
        return None

    def record(self, sent: float, status: int, body: bytes) -> None:
        now = time.perf_counter()
        self.latencies.append(now - sent)
        self.in_time += now <= self.ends
        if not 200 <= status < 300:
            self.non_2xx += 1
        elif len(self.latencies) % _SAMPLE_EVERY == 0:
            self.samples.append(body)

    async def _keep_open(self) -> None:
        """Some servers close after each answer: then the next push goes over a new connection."""
        loop = asyncio.get_running_loop()
        while self.requests and time.perf_counter() < self.ends:
            try:
                _, connection = await loop.create_connection(lambda: _Connection(self), "127.0.0.1", self.load.port)
            except OSError:
                self.broken += 1
                await asyncio.sleep(0.01)
            else:
                await connection.closed


class _Connection(asyncio.Protocol):
    """One connection: a push, its answer, the next push."""

    def __init__(self, run: _Run) -> None:
        self.run = run
        self.closed = asyncio.get_running_loop().create_future()
        self.parser = httptools.HttpResponseParser(self)
        self.sent: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def connection_lost(self, _: Exception | None) -> None:
        self.run.broken += self.sent is not None
        self.closed.set_result(None)

    def on_body(self, part: bytes) -> None:
        self.body += part

    def on_message_complete(self) -> None:
        assert self.sent is not None, "an answer without a question"
        self.run.record(self.sent, self.parser.get_status_code(), self.body)
        self.sent = None
        if self.parser.should_keep_alive():
            self._send()
        else:
            self.transport.close()

    def _send(self) -> None:
        request = self.run.next_request()
        if request is None:
            self.transport.close()
            return
        self.body, self.sent = b"", time.perf_counter()
        self.transport.write(request)
