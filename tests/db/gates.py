"""Interleavings by force: rules that stop at a point until the test lets them go on."""

import asyncio
import fcntl
from concurrent.futures import Future
from pathlib import Path
from time import monotonic

import asyncpg
from sqlalchemy.orm import Session
from sqlalchemy.util import await_only

PATIENCE = 10
"""Seconds after which a test that waits for something gives up."""


class Gate:
    """A point that a rule reaches and passes only when it is opened; an open gate stops nobody."""

    def __init__(self) -> None:
        self._reached: Future[None] = Future()
        self._opened: Future[None] = Future()

    def stop(self, session: Session) -> None:
        """Called by the rule. On PostgreSQL it runs in the event loop and gives it back; on SQLite in a thread."""
        if not self._reached.done():
            self._reached.set_result(None)
        if session.get_bind().dialect.name == "postgresql":
            await_only(asyncio.wait_for(asyncio.wrap_future(self._opened), PATIENCE))
        else:
            self._opened.result(PATIENCE)

    async def reached(self) -> None:
        await asyncio.wait_for(asyncio.wrap_future(self._reached), PATIENCE)

    def open(self) -> None:
        if not self._opened.done():
            self._opened.set_result(None)


async def until_blocked(url: str, count: int = 1) -> None:
    """Return once ``count`` transactions of the PostgreSQL database wait for a lock of another."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    connection = await asyncpg.connect(url)
    try:
        async with asyncio.timeout(PATIENCE):
            while await connection.fetchval(waiting) < count:
                pass
    finally:
        await connection.close()


async def until_second_waits(url: str) -> None:
    """Return once a write that was begun beside one at a gate waits for it; on SQLite any does from the first."""
    if url.startswith("postgresql"):
        await until_blocked(url)


def until_somebody_waits(lock: Path) -> None:
    """Return once another holder stands in the gate of this FileLock, waiting for the lock itself."""
    end = monotonic() + PATIENCE
    with lock.with_name(lock.name + ".gate").open("ab") as gate:
        while monotonic() < end:
            try:
                fcntl.flock(gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            fcntl.flock(gate, fcntl.LOCK_UN)
    raise TimeoutError
