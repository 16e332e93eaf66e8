"""One attempt of the platform to push: a real HTTP request to the webhook, answered, or cut without being read."""

import asyncio
from collections.abc import Callable
from time import perf_counter
from urllib.parse import urlencode, urlsplit

import httpx

from app.simulator.exchanges import Attempt, BadReply, Fate, Reply

Read = Callable[[int, bytes], Reply | None]
"""What the platform makes of a status and a body: None where the status is refused, or BadReply."""
_SHOWN = 20_000
"""Characters of an answer that are kept for showing."""


async def deliver(http: httpx.AsyncClient, attempt: Attempt, url: str, read: Read, *, patience: float) -> None:
    """Send the attempt and write down what became of it; the platform waits ``patience`` seconds."""
    try:
        async with asyncio.timeout(patience):
            signed = attempt.signed
            response = await http.post(
                url, params=dict(signed.query), content=signed.body, headers=dict(signed.headers)
            )
    except (TimeoutError, httpx.TimeoutException):
        attempt.fate = Fate.cut
    except httpx.HTTPError as error:
        attempt.fate, attempt.trouble = Fate.unreachable, type(error).__name__
    else:
        _read(attempt, response, read)
    attempt.seconds = perf_counter() - attempt.started


def _read(attempt: Attempt, response: httpx.Response, read: Read) -> None:
    attempt.status, attempt.kind = response.status_code, response.headers.get("content-type", "")
    attempt.body = response.text[:_SHOWN]
    try:
        attempt.reply = read(response.status_code, response.content)
        attempt.fate = Fate.answered if attempt.reply else Fate.refused
    except BadReply as bad:
        attempt.fate, attempt.trouble = Fate.unusable, str(bad)


async def lose(attempt: Attempt, url: str, *, patience: float) -> None:
    """Send the attempt on a socket of its own, read nothing, and cut it after ``patience`` seconds."""
    parts = urlsplit(url)
    asked = f"?{urlencode(attempt.signed.query)}" if attempt.signed.query else ""
    headers = "".join(f"{name}: {value}\r\n" for name, value in attempt.signed.headers.items())
    head = (
        f"POST {parts.path}{asked} HTTP/1.1\r\nHost: {parts.netloc}\r\n{headers}"
        f"Content-Length: {len(attempt.signed.body)}\r\n\r\n"
    )
    try:
        _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    except OSError as error:
        attempt.fate, attempt.trouble = Fate.unreachable, type(error).__name__
        await asyncio.sleep(patience)
    else:
        try:
            writer.write(head.encode() + attempt.signed.body)
            await asyncio.sleep(patience)
            attempt.fate = Fate.cut
        finally:
            writer.transport.abort()
    attempt.seconds = perf_counter() - attempt.started
