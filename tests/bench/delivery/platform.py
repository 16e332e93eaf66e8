"""A platform that takes everything after a fixed time, as a process of its own: it shares nobody's event loop.

``python -m tests.bench.delivery.platform PORT SECONDS``. It speaks as much HTTP/1.1 as a client with connections that
are kept needs. ``GET /figures`` tells how many messages it took, and when.
"""

import asyncio
import json
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import uvloop

_URGENT = b"urgent"
"""In the text of a message whose arrival is told by itself."""
_TOKEN = {"access_token": "token", "expires_in": 7200}
_TAKEN = {"errcode": 0, "errmsg": "ok"}


@dataclass(slots=True)
class Figures:
    """Times by ``time.time``."""

    count: int = 0
    at: list[float] = field(default_factory=list)
    urgent: list[float] = field(default_factory=list)
    open: int = 0
    most_open: int = 0
    """Messages that were being taken at a time."""


class Conversation(asyncio.Protocol):
    def __init__(self, figures: Figures, seconds: float) -> None:
        self._figures, self._seconds = figures, seconds
        self._read = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        while (end := self._read.find(b"\r\n\r\n")) >= 0:
            head = self._read[:end].lower()
            length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0] or 0)
            if len(self._read) < end + 4 + length:
                return
            body, self._read = self._read[end + 4 : end + 4 + length], self._read[end + 4 + length :]
            self._answer(head.split(b" ", 2)[1], body)

    def _answer(self, path: bytes, body: bytes) -> None:
        if path.startswith(b"/figures"):
            f = self._figures
            self._write({"count": f.count, "at": f.at, "urgent": f.urgent, "most_open": f.most_open})
        elif b"token" in path.partition(b"?")[0]:
            self._write(_TOKEN)
        else:
            self._figures.open += 1
            self._figures.most_open = max(self._figures.most_open, self._figures.open)
            asyncio.get_running_loop().call_later(self._seconds, self._take, body)

    def _take(self, body: bytes) -> None:
        figures, now = self._figures, time.time()
        figures.open -= 1
        figures.count += 1
        figures.at.append(now)
        if _URGENT in body:
            figures.urgent.append(now)
        self._write(_TAKEN)

    def _write(self, answer: object) -> None:
        body = json.dumps(answer).encode()
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(head + body)


async def serve(port: int, seconds: float) -> None:
    figures = Figures()
    server = await asyncio.get_running_loop().create_server(lambda: Conversation(figures, seconds), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), float(sys.argv[2])))
