"""The bell between processes on PostgreSQL: heard at once, coalesced, and nothing depends on it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest

from app.db.database import Database
from app.db.opening import connect
from app.events import Kind, publish
from app.live.bell import CHANNEL, Bell
from app.live.feed import Feed
from app.settings import Settings
from tests.factories.conversations import NOW
from tests.faults.waiting import eventually
from tests.live.hearing import following, running

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
SELDOM = 60.0
"""Seconds: who hears sooner was woken by a bell."""
_OURS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE '%bell'"
_TERMINATE = "SELECT pg_terminate_backend(pid) FROM unnest($1::INT[]) AS pid"


@dataclass
class Process:
    """What of a process of the service takes part."""

    db: Database
    feed: Feed
    bell: Bell

    async def tell(self, *ids: int) -> None:
        await self.db.write(publish, Kind.conversation, ids, now=NOW)


@asynccontextmanager
async def process(settings: Settings) -> AsyncIterator[Process]:
    db = connect(settings)
    feed = Feed(db, look_every=SELDOM)
    bell = Bell(settings.database, feed.wake)
    db.on_publish = bell.ring
    async with running(feed, bell):
        yield Process(db, feed, bell)
    await db.close()


@pytest.fixture
async def watcher(database_url: str) -> "AsyncIterator[asyncpg.Connection[Any]]":
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def connected(watcher: "asyncpg.Connection[Any]", count: int, *, besides: Sequence[int] = ()) -> list[int]:
    """The server's processes of that many bells, at work; ``besides``: those of connections that were lost."""

    async def look() -> list[int]:
        at_work = await watcher.fetch(f"{_OURS} AND state = 'idle' AND query ~ '^(SELECT 1|NOTIFY)'")
        found = [row["pid"] for row in at_work if row["pid"] not in besides]
        return found if len(found) == count else []

    return await eventually(f"{count} bells are connected", look)


async def test_each_process_hears_the_other_at_once(settings: Settings, watcher: "asyncpg.Connection[Any]") -> None:
    async with process(settings) as one, process(settings) as other:
        await connected(watcher, 2)
        async with following(one.feed) as here, following(other.feed) as there:
            await one.tell(1)
            assert await here.hear(("conversation", 1)) == await there.hear(("conversation", 1))
            await other.tell(2)
            assert await here.hear(("conversation", 2)) == await there.hear(("conversation", 2))


async def test_a_process_without_followers_rings_all_the_same(
    settings: Settings, watcher: "asyncpg.Connection[Any]"
) -> None:
    async with process(settings) as server:
        worker = connect(settings)
        bell = Bell(settings.database)
        worker.on_publish = bell.ring
        async with running(bell), following(server.feed) as listener:
            await connected(watcher, 2)
            await worker.write(publish, Kind.conversation, [1], now=NOW)
            await listener.hear(("conversation", 1))
        await worker.close()


async def test_rings_of_a_moment_are_few(settings: Settings, watcher: "asyncpg.Connection[Any]") -> None:
    rings: list[int] = []
    await watcher.add_listener(CHANNEL, lambda *_: rings.append(1))
    async with process(settings) as one, process(settings) as other:
        await connected(watcher, 2)
        async with following(other.feed) as listener:
            start = asyncio.get_running_loop().time()
            await asyncio.gather(*(one.tell(number) for number in range(100)))
            await listener.hear(*(("conversation", number) for number in range(100)))
            took = asyncio.get_running_loop().time() - start
        assert 1 <= len(rings) <= 2 + took / 0.025


async def test_nothing_is_lost_with_the_connection(settings: Settings, watcher: "asyncpg.Connection[Any]") -> None:
    async with process(settings) as one, process(settings) as other:
        bells = await connected(watcher, 2)
        async with following(other.feed) as listener:
            for number in range(60):
                await one.tell(number)
                if number % 20 == 10:
                    await watcher.execute(_TERMINATE, bells)
                    bells = [row["pid"] for row in await watcher.fetch(_OURS)]
            await listener.hear(*(("conversation", number) for number in range(60)))


async def test_a_connection_that_was_lost_is_made_again(settings: Settings, watcher: "asyncpg.Connection[Any]") -> None:
    async with process(settings) as one, process(settings) as other:
        lost = await connected(watcher, 2)
        await watcher.execute(_TERMINATE, lost)
        await connected(watcher, 2, besides=lost)
        async with following(other.feed) as listener:
            await one.tell(1)
            await listener.hear(("conversation", 1))
