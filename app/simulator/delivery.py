"""One attempt of the platform to push: a real HTTP request to the webhook, answered, or cut without being read."""

import asyncio
from time import perf_counter
from urllib.parse import urlencode, urlsplit

import httpx

from app.conversations.accounts import Account
from app.simulator.envelopes import BadReply, open_reply
from app.simulator.phones import Attempt, Fate

_TYPE = "text/xml; charset=utf-8"
_SHOWN = 20_000
"""Characters of an answer that are kept for showing."""


async def deliver(
    http: httpx.AsyncClient, attempt: Attempt, url: str, account: Account, openid: str, *, patience: float
) -> None:
    """Send the attempt and write down what became of it; the platform waits ``patience`` seconds."""
    try:
        async with asyncio.timeout(patience):
            response = await http.post(
                url, params=dict(attempt.signed.query), content=attempt.signed.body, headers={"Content-Type": _TYPE}
            )
    except (TimeoutError, httpx.TimeoutException):
        attempt.fate = Fate.cut
    except httpx.HTTPError as error:
        attempt.fate, attempt.trouble = Fate.unreachable, type(error).__name__
    else:
        _read(attempt, response, account, openid)
    attempt.seconds = perf_counter() - attempt.started


def _read(attempt: Attempt, response: httpx.Response, account: Account, openid: str) -> None:
    attempt.status, attempt.kind = response.status_code, response.headers.get("content-type", "")
    attempt.body = response.text[:_SHOWN]
    if response.status_code != 200:
        attempt.fate = Fate.refused
        return
    try:
        attempt.reply, attempt.fate = open_reply(account, openid, response.content), Fate.answered
    except BadReply as bad:
        attempt.fate, attempt.trouble = Fate.unusable, str(bad)


async def lose(attempt: Attempt, url: str, *, patience: float) -> None:
    """Send the attempt on a socket of its own, read nothing, and cut it after ``patience`` seconds."""
    parts = urlsplit(url)
    head = (
        f"POST {parts.path}?{urlencode(attempt.signed.query)} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        f"Content-Type: {_TYPE}\r\nContent-Length: {len(attempt.signed.body)}\r\n\r\n"
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
