"""The bell between processes on PostgreSQL: LISTEN and NOTIFY on one connection of the process's own.

It only says that something is there. A ring that is lost is made up for by the next look of the feed, so nothing
depends on it but time. It is never rung inside a rule's transaction: NOTIFY takes a lock of the whole server until the
commit, which costs 40 % of what can be written; rings of a moment are one.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from app.db.database import tell_nobody

CHANNEL = "live_events"
RING_EVERY = 0.025
"""Seconds between two rings: nobody looks more often."""
SILENCE = 30.0
"""Seconds after which a connection that is quiet is asked whether it lives."""
ANSWER = 10.0
"""Seconds for an answer of the server."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Seconds between two attempts to connect."""

log = logging.getLogger(__name__)


class Bell:
    def __init__(self, url: str, heard: Callable[[], None] = tell_nobody) -> None:
        """``heard`` is called whenever something may have been told, here or by another process."""
        self._url, self._heard = url, heard
        self._is_rung = False
        self._woken = asyncio.Event()

    def ring(self) -> None:
        """Something was told by this process: here it is heard at once, elsewhere within a moment."""
        self._heard()
        self._is_rung = True
        self._woken.set()

    async def run(self) -> None:
        """Serve until cancelled; a lost connection is made again."""
        pause = FIRST_PAUSE
        while True:
            try:
                async with self._connected() as connection:
                    self._heard()  # what rang while there was no connection
                    pause = FIRST_PAUSE
                    await self._serve(connection)
            except Exception as error:  # whatever the driver makes of a server that goes away
                self._is_rung = True  # the last ring may be lost
                log.warning("the bell is not connected", extra={"reason": f"{type(error).__name__}: {error}"})
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    @asynccontextmanager
    async def _connected(self) -> "AsyncIterator[asyncpg.Connection[Any]]":
        settings = {"application_name": "viewer-desk bell", "synchronous_commit": "off"}  # nothing of it is kept
        connection = await asyncpg.connect(self._url, timeout=ANSWER, command_timeout=ANSWER, server_settings=settings)
        try:
            connection.add_termination_listener(lambda _: self._woken.set())
            await connection.add_listener(CHANNEL, self._hear)
            yield connection
        finally:
            connection.terminate()

    def _hear(self, connection: Any, process: int, channel: str, payload: object) -> None:
        if process != connection.get_server_pid():
            self._heard()

    async def _serve(self, connection: "asyncpg.Connection[Any]") -> None:
        while True:
            is_rung, self._is_rung = self._is_rung, False
            await connection.execute(f"NOTIFY {CHANNEL}" if is_rung else "SELECT 1")
            await asyncio.sleep(RING_EVERY)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SILENCE):
                    await self._woken.wait()
            self._woken.clear()
