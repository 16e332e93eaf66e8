"""PostgreSQL goes away while workers send, and comes back."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import DBAPIError

from app.conversations.sending import PLACES
from app.db.schema import bring_up_to_date
from app.settings import Settings
from tests import databases, postgres
from tests.faults import stored
from tests.faults.desk import Desk
from tests.faults.talking import begin_to_speak, reckon, to_say
from tests.postgres import Server

WORKERS = 2


@pytest.fixture
def server() -> Iterator[Server]:
    """One of its own: the others' tests are not disturbed."""
    with postgres.start() as server:
        yield server


@pytest.fixture
def database_url(server: Server) -> str:
    url = databases.address(server.url, "restarted")
    asyncio.run(databases.execute(server.url, "CREATE DATABASE restarted"))
    bring_up_to_date(Settings(database_url=url))
    return url


async def test_workers_go_on_and_nothing_is_lost(desk: Desk, server: Server, full: bool) -> None:
    said = await to_say(desk, 4_000 if full else 240)
    await desk.platforms.tell(latency=0.05)
    await desk.start(count=WORKERS)
    await begin_to_speak(desk, said)
    await desk.settled(len(said) // 3)
    await asyncio.to_thread(server.restart)
    ended = datetime.now(UTC)
    with suppress(DBAPIError):  # the test's own connections are gone too
        await desk.database.read(stored.states)
    await desk.all_done()

    assert all(worker.running.poll() is None for worker in desk.senders)
    assert any("nothing claimed for now" in worker.log.read_text() for worker in desk.senders), "nobody noticed"
    interrupted = [row for row in await desk.database.read(stored.rows) if row.is_interrupted]
    assert len(interrupted) <= WORKERS * PLACES
    # Nobody heard whether they were claimed, so nobody sent them.
    assert all(row.sending_at and row.sending_at <= ended for row in interrupted)
    desk.held |= {row.id for row in interrupted}
    await reckon(desk, said)
