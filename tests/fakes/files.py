"""A server of files that does what it is told: redirects, cut bodies, any header."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.fakes.serving import serving


@dataclass
class Files:
    port: int = 0
    answers: dict[str, bytes] = field(default_factory=dict)
    """By path: the whole response."""
    asked: list[bytes] = field(default_factory=list)
    """The requests as they came."""
    stalls: bool = False
    """Whether it falls silent after an answer instead of closing."""

    def __post_init__(self) -> None:
        self.put("/picture.jpg", b"\xff\xd8\xff a picture", "Content-Type: image/jpeg; charset=x")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def put(self, path: str, body: bytes, *heads: str, status: str = "200 OK", length: int | None = None) -> None:
        """``length``: what the response says of it."""
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *heads]
        self.answers[path] = "\r\n".join([*lines, "", ""]).encode() + body

    def redirect(self, path: str, location: str, status: str = "302 Found") -> None:
        self.put(path, b"", f"Location: {location}", status=status)


@asynccontextmanager
async def running(context: ssl.SSLContext | None = None) -> AsyncIterator[Files]:
    files = Files()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        files.asked.append(head)
        path = head.split(b" ")[1].decode()
        writer.write(files.answers.get(path, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"))
        await writer.drain()
        if files.stalls:
            await reader.read()

    async with serving(converse, context) as address:
        files.port = int(address.rpartition(":")[2])
        yield files
