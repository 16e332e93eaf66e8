"""What a write promises, on both engines."""

import asyncio

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.db import database
from app.db.database import Database, SlowWrite
from app.db.opening import connect
from app.db.sql import Counter, counter, reserve
from app.settings import Settings
from tests.db.gates import Gate


def fail(session: Session, name: str) -> None:
    reserve(session, name)
    raise LookupError(name)


def stop_and_reserve(session: Session, gate: Gate, name: str) -> int:
    gate.stop(session)
    return reserve(session, name)


async def test_is_committed_when_it_returns(db: Database, settings: Settings) -> None:
    other = connect(settings)
    assert await db.write(reserve, "a") == 1
    assert await other.read(counter, "a") == 1
    assert await db.write_first(reserve, "a") == 2
    assert await other.read(counter, "a") == 2
    await other.close()


async def test_passes_arguments_and_result_through(db: Database) -> None:
    assert await db.write(reserve, "a", count=5) == 1
    assert await db.read(counter, name="a") == 5


async def test_an_error_takes_back_only_its_own_work(db: Database) -> None:
    gate = Gate()
    first = asyncio.ensure_future(db.write(stop_and_reserve, gate, "first"))
    await gate.reached()
    rest = [asyncio.ensure_future(write) for write in (db.write(fail, "failed"), db.write(reserve, "last"))]
    await asyncio.sleep(0)  # on SQLite all three are one group now
    gate.open()
    outcomes = await asyncio.gather(first, *rest, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [int, LookupError, int]
    assert [await db.read(counter, name) for name in ("first", "failed", "last")] == [1, 0, 1]


async def test_a_caught_conflict_leaves_the_rest_of_the_rule(db: Database) -> None:
    def rule(session: Session) -> str:
        session.add(Counter(name="before", value=1))
        session.flush()
        try:
            with session.begin_nested():
                session.add(Counter(name="before", value=2))
                session.flush()
        except IntegrityError:
            session.add(Counter(name="after", value=3))
        return "done"

    assert await db.write(rule) == "done"
    assert [await db.read(counter, name) for name in ("before", "after")] == [1, 3]


async def test_an_uncaught_conflict_is_the_callers(db: Database) -> None:
    await db.write(reserve, "a")
    with pytest.raises(IntegrityError):
        await db.write(lambda session: session.add(Counter(name="a", value=7)))
    assert await db.read(counter, "a") == 1


async def test_what_the_rule_left_unflushed_is_written(db: Database) -> None:
    await db.write(lambda session: session.add(Counter(name="a", value=7)))
    assert await db.read(counter, "a") == 7


async def test_rows_can_be_used_after_their_session(db: Database) -> None:
    def rule(session: Session) -> Counter:
        row = Counter(name="a", value=7)
        session.add(row)
        return row

    assert (await db.write(rule)).value == 7


async def test_an_iterator_that_ends_in_a_rule_is_an_error(db: Database) -> None:
    empty: list[int] = []
    stopped, other = await asyncio.gather(
        db.write(lambda _: next(iter(empty))), db.write(reserve, "a"), return_exceptions=True
    )
    assert isinstance(stopped, RuntimeError)
    assert other == 1


async def test_many_writers_lose_nothing(db: Database) -> None:
    taken = await asyncio.gather(*(db.write(reserve, "a") for _ in range(60)))
    assert sorted(taken) == list(range(1, 61))


async def test_a_slow_write_is_logged(
    db: Database, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "SLOW_WRITE", 0)
    await db.write(reserve, "a")
    record = caplog.records[-1]
    assert (record.getMessage(), record.__dict__["rule"]) == ("slow write", "reserve")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_write_beyond_the_limit_fails(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "SLOW_WRITE", 0)
    db = connect(settings, write_limit=0)
    with pytest.raises(SlowWrite, match="reserve worked"):
        await db.write(reserve, "a")
    assert await db.read(counter, "a") == 0
    await db.close()


async def test_a_read_sees_one_state_throughout(db: Database) -> None:
    gate = Gate()

    def look_twice(session: Session) -> tuple[int, int]:
        first = counter(session, "a")
        gate.stop(session)
        session.expire_all()
        return first, counter(session, "a")

    reading = asyncio.ensure_future(db.read(look_twice))
    await gate.reached()
    await db.write(reserve, "a")
    gate.open()
    assert await reading == (0, 0)
    assert await db.read(counter, "a") == 1


async def test_a_read_cannot_write(db: Database) -> None:
    with pytest.raises(Exception, match=r"read-?only"):
        await db.read(reserve, "a")
    assert await db.write(reserve, "a") == 1


async def test_a_cancelled_write_frees_its_place(db: Database) -> None:
    gate = Gate()
    writing = asyncio.ensure_future(db.write(stop_and_reserve, gate, "a"))
    await gate.reached()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    gate.open()
    assert sorted(await asyncio.gather(*(db.write(reserve, "b") for _ in range(20)))) == list(range(1, 21))
