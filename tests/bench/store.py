"""The databases under our service: real ones, on a real disk, that keep what they have confirmed."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from tests import postgres

_PATIENCE = 100
_IN_MEMORY = ("tmpfs", "ramfs")


@contextmanager
def durable_postgres() -> Iterator[tuple[str, int]]:
    """A throw-away server as the tests have it, but with fsync on: its URL and process id."""
    with postgres.start() as server:
        asyncio.run(_make_durable(server.url))
        pid = (server.folder / "data/postmaster.pid").read_text().split()[0]
        yield server.url, int(pid)


def lies_in_memory(folder: Path) -> bool:
    """Whether the folder's file system has no disk below it, so that durability costs nothing and figures flatter."""
    mounts = (line.split() for line in Path("/proc/mounts").read_text().splitlines())
    around = [(mount[1], mount[2]) for mount in mounts if folder.resolve().is_relative_to(mount[1])]
    return max(around, key=lambda mount: len(mount[0]))[1] in _IN_MEMORY


async def _make_durable(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("ALTER SYSTEM SET fsync = on")
        await connection.execute("ALTER SYSTEM SET full_page_writes = on")
        await connection.execute("SELECT pg_reload_conf()")
        for _ in range(_PATIENCE):  # the signal reaches each process in its own time
            if await connection.fetchval("SHOW fsync") == "on":
                return
            await asyncio.sleep(0.05)
        raise SystemExit("PostgreSQL does not switch fsync on; its figures would flatter us")
    finally:
        await connection.close()
