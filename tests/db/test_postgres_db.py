"""PostgreSQL: conflicts between transactions are repeated, connections are shared out, DATABASE_URL is understood."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.db.postgres import ATTEMPTS, PostgresDatabase
from app.db.sql import Counter, counter, for_update, is_any, reserve
from tests.db.gates import Gate, until_blocked

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[PostgresDatabase]:
    db = PostgresDatabase(database_url)
    yield db
    await db.close()


def lock_both(session: Session, first: str, second: str, mine: Gate) -> None:
    """Lock two counters one after the other, stopping in between; find a deadlock soon."""
    session.execute(text("SET LOCAL deadlock_timeout = '10ms'"))
    reserve(session, first)
    mine.stop(session)
    reserve(session, second)


async def test_a_deadlock_is_repeated_and_both_go_through(db: PostgresDatabase) -> None:
    await db.write(reserve, "a")
    await db.write(reserve, "b")
    gates = Gate(), Gate()
    both = asyncio.gather(
        db.write(lock_both, "a", "b", gates[0]),
        db.write(lock_both, "b", "a", gates[1]),
    )
    for gate in gates:
        await gate.reached()
    for gate in gates:
        gate.open()
    await both
    assert [await db.read(counter, name) for name in ("a", "b")] == [3, 3]


async def test_a_serialisation_failure_is_repeated(db: PostgresDatabase) -> None:
    gate, runs = Gate(), list[int]()
    await db.write(reserve, "a")

    def double(session: Session) -> None:
        session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        runs.append(counter(session, "a"))
        gate.stop(session)
        session.get_one(Counter, "a").value = 2 * runs[-1]

    doubling = asyncio.ensure_future(db.write(double))
    await gate.reached()
    await db.write(reserve, "a", 4)
    gate.open()
    await doubling
    assert runs == [1, 5]
    assert await db.read(counter, "a") == 10


@pytest.mark.parametrize(("state", "runs"), [("40001", ATTEMPTS), ("40P01", ATTEMPTS), ("23505", 1)])
async def test_only_conflicts_are_repeated_and_not_for_ever(db: PostgresDatabase, state: str, runs: int) -> None:
    calls: list[int] = []

    def refuse(session: Session) -> None:
        calls.append(1)
        session.execute(text(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}'; END $$"))

    with pytest.raises(DBAPIError):
        await db.write(refuse)
    assert len(calls) == runs


async def test_rows_are_locked_until_the_commit(db: PostgresDatabase, database_url: str) -> None:
    gate = Gate()

    def lock(session: Session) -> None:
        session.execute(for_update(select(Counter)))
        gate.stop(session)

    def free(session: Session) -> list[str]:
        return [row.name for row in session.scalars(for_update(select(Counter), skip_locked=True))]

    await db.write(reserve, "a")
    locking = asyncio.ensure_future(db.write(lock))
    await gate.reached()
    assert await db.write(free) == []
    waiting = asyncio.ensure_future(db.write(reserve, "a"))
    await until_blocked(database_url)
    gate.open()
    await locking
    assert await waiting == 2
    assert await db.write(free) == ["a"]


async def test_ingest_has_a_connection_of_its_own(database_url: str) -> None:
    db, gate = PostgresDatabase(database_url, pool=4), Gate()
    busy = [asyncio.ensure_future(db.write(lambda session: gate.stop(session))) for _ in range(5)]
    await gate.reached()
    assert await asyncio.wait_for(db.write_first(reserve, "a"), 5) == 1
    gate.open()
    await asyncio.gather(*busy)
    await db.close()


async def test_a_cancelled_write_leaves_nothing(database_url: str) -> None:
    db = PostgresDatabase(database_url, pool=4)
    for _ in range(5):  # more often than there are connections
        gate = Gate()
        writing = asyncio.ensure_future(db.write(lock_both, "a", "b", gate))
        await gate.reached()
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
    assert await db.write(reserve, "a") == 1
    await db.close()


@pytest.mark.parametrize("verb", ["read", "write"])
@pytest.mark.parametrize("steps", range(12))
async def test_a_rule_cancelled_at_any_moment_leaves_no_transaction_to_the_next(
    database_url: str, verb: str, steps: int
) -> None:
    """What the next rule wrote inside it would be gone, although its caller was told that it is kept."""
    db, other = PostgresDatabase(database_url, pool=4), PostgresDatabase(database_url, pool=4)
    await db.read(counter, "a")  # the one connection for ordinary work is there
    cut = asyncio.ensure_future(db.read(counter, "a") if verb == "read" else db.write(reserve, "b"))
    for _ in range(steps):
        await asyncio.sleep(0)
    cut.cancel()
    await asyncio.wait([cut])
    assert await db.write(reserve, "a") == 1
    assert await other.read(counter, "a") == 1
    await db.close()
    await other.close()


async def test_connections_that_the_server_ended_are_not_used_again(db: PostgresDatabase, database_url: str) -> None:
    """By statements that go to the driver directly, as most do."""
    gate, other = Gate(), PostgresDatabase(database_url)
    both = [asyncio.ensure_future(db.write(lambda session: gate.stop(session))) for _ in range(2)]
    await gate.reached()
    gate.open()
    await asyncio.gather(*both)
    await other.read(lambda session: session.execute(text(END_OTHERS)).all())
    with pytest.raises(DBAPIError, match="closed"):
        await db.read(counter, "a")
    for _ in range(3):
        assert await db.read(counter, "a") == 0
    await other.close()


END_OTHERS = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


async def test_options_in_the_url_are_understood(database_url: str) -> None:
    db = PostgresDatabase(f"{database_url}?sslmode=prefer&application_name=probe")
    assert await db.write(reserve, "a") == 1
    await db.close()


async def test_a_text_with_nul_is_refused_and_does_not_become_two(db: PostgresDatabase) -> None:
    with pytest.raises(Exception, match="NUL"):
        await db.read(lambda session: session.scalars(select(Counter).where(is_any(Counter.name, ["a\0b"]))).all())
