"""Holding a lock of the database, so that whoever decides must wait for as long as a test wants."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from app.db.sqlite import FileLock


@asynccontextmanager
async def conversations_held(database_url: str) -> AsyncIterator[None]:
    """Nothing can be decided meanwhile: the writers' file lock (SQLite), or every conversation's row (PostgreSQL)."""
    if database_url.startswith("sqlite"):
        lock = FileLock(Path(database_url.removeprefix("sqlite:///") + ".lock"))
        with lock.held():
            yield
        lock.close()
        return
    connection = await asyncpg.connect(database_url)
    try:
        async with connection.transaction():
            await connection.execute("SELECT id FROM conversations FOR UPDATE")
            yield
    finally:
        await connection.close()


async def waiting_for_locks(postgres_url: str) -> int:
    """How many connections of this PostgreSQL database stand before a lock."""
    connection = await asyncpg.connect(postgres_url)
    try:
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return int(await connection.fetchval(waiting))
    finally:
        await connection.close()
