"""HTTP as bare as it gets, a connection for each request: what a killed server leaves behind is seen as it is."""

import asyncio
from dataclasses import dataclass

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    body: bytes


async def request(port: int, method: str, target: str, body: bytes = b"", *, seconds: float = 5) -> Response:
    """Send a request to this machine. OSError (TimeoutError too) where no whole answer comes within ``seconds``."""
    async with asyncio.timeout(seconds):
        reader, writer = await asyncio.open_connection(HOST, port)
        try:
            fields = f"Host: {HOST}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
            writer.write(f"{method} {target} HTTP/1.1\r\n{fields}\r\n".encode() + body)
            return _read(await reader.read())
        finally:
            writer.close()


def _read(answer: bytes) -> Response:
    head, end, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.split(b"\r\n")
    fields = dict(line.lower().split(b": ", 1) for line in lines)
    if not end or len(body) != int(fields[b"content-length"]):
        raise ConnectionResetError("the server died in the middle of its answer")
    return Response(int(status.split()[1]), body)
