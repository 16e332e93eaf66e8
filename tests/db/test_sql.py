"""Counters, value lists, locks between processes."""

import asyncio
from collections.abc import Collection

import pytest
from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from app.conversations.models import InboundEvent
from app.db.database import Database
from app.db.opening import connect
from app.db.rows import Insert, table_of
from app.db.sql import Counter, alone, changed, counter, is_any, raise_to, reserve
from app.settings import Settings
from tests.db.gates import Gate, until_blocked

insert = Insert(table_of(Counter), ("name", "value"))


async def test_numbers_begin_at_one_and_follow_each_other(db: Database) -> None:
    assert await db.read(counter, "a") == 0
    assert [await db.write(reserve, "a", count) for count in (1, 3, 1)] == [1, 2, 5]
    assert await db.read(counter, "a") == 5
    assert await db.write(reserve, "b") == 1


async def test_no_number_comes_twice(db: Database, settings: Settings) -> None:
    """A second Database is a second process to the first."""
    other = connect(settings)
    firsts = await asyncio.gather(*(d.write(reserve, "a", 3) for d in (db, other) for _ in range(20)))
    assert sorted(firsts) == list(range(1, 121, 3))
    await other.close()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_the_next_number_waits_for_the_commit_of_the_last(db: Database, database_url: str) -> None:
    gate = Gate()

    def take_and_fail(session: Session) -> None:
        reserve(session, "a")
        gate.stop(session)
        raise LookupError

    failing = asyncio.ensure_future(db.write(take_and_fail))
    await gate.reached()
    waiting = asyncio.ensure_future(db.write(reserve, "a"))
    await until_blocked(database_url)
    gate.open()
    with pytest.raises(LookupError):
        await failing
    assert await waiting == 1  # the number that was given back


async def test_a_mark_does_not_go_back(db: Database) -> None:
    for value, expected in ((7, 7), (5, 7), (9, 9)):
        await db.write(raise_to, "mark", value)
        assert await db.read(counter, "mark") == expected


def found(session: Session, names: Collection[str]) -> list[str]:
    return list(session.scalars(select(Counter.name).where(is_any(Counter.name, names)).order_by(Counter.value)))


def valued(session: Session, values: Collection[int]) -> list[int]:
    return list(session.scalars(select(Counter.value).where(is_any(Counter.value, values)).order_by(Counter.value)))


async def test_lists_of_any_length(db: Database) -> None:
    names = [f"c{n}" for n in range(1000)]
    await db.write(insert, [(name, n) for n, name in enumerate(names)])
    for count in (0, 1, 2, 1000):
        assert await db.read(found, names[:count]) == names[:count]
        assert await db.read(valued, list(range(count))) == list(range(count))


async def test_lists_hold_any_text(db: Database) -> None:
    names = ["it's", '"quoted"', "字", "\U0001f600", "7", "a\\b", "{a,b}", "null", "%", " ", ""]
    await db.write(insert, [(name, n) for n, name in enumerate(names)])
    for name in names:
        assert await db.read(found, [name, "missing", name]) == [name]
    assert await db.read(found, set(names)) == names


async def test_lists_hold_large_numbers(db: Database) -> None:
    await db.write(insert, [("large", 2**62), ("negative", -5)])
    assert await db.read(valued, [2**62, -5, 2**62 + 1]) == [-5, 2**62]


async def test_a_statement_built_once_takes_its_list_later(db: Database) -> None:
    statement = update(Counter).where(is_any(Counter.name, "names")).values(value=bindparam("to"))

    def rule(session: Session, names: list[str], to: int) -> int:
        return changed(session.connection().execute(statement, {"names": names, "to": to}))

    await db.write(insert, [("a", 1), ("b", 2), ("c", 3)])
    assert [await db.write(rule, ["a", "c", "x"], 7), await db.write(rule, [], 8)] == [2, 0]
    assert await db.read(found, ["a", "b", "c"]) in (["b", "a", "c"], ["b", "c", "a"])


async def test_two_lists_in_one_statement(db: Database) -> None:
    await db.write(insert, [("a", 1), ("b", 2), ("c", 3)])
    both = select(Counter.name).where(is_any(Counter.name, ["a", "b"]), is_any(Counter.value, [2, 3]))
    assert await db.read(lambda session: list(session.scalars(both))) == ["b"]


async def test_the_type_is_that_of_the_column(db: Database) -> None:
    """An id's list is of bigints, a state's of texts, whatever length their columns have."""
    where = (is_any(InboundEvent.id, [2**40]), is_any(InboundEvent.state, ["longer than the column takes"]))
    assert await db.read(lambda session: session.scalar(select(InboundEvent.id).where(*where))) is None


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_one_at_a_time_is_alone_in_a_section(db: Database) -> None:
    gate = Gate()

    def enter(session: Session) -> bool:
        entered = alone(session, "sweep")
        gate.stop(session)
        return entered

    first = asyncio.ensure_future(db.write(enter))
    await gate.reached()
    assert not await db.write(alone, "sweep")
    assert await db.write(alone, "another")
    gate.open()
    assert await first
    assert await db.write(alone, "sweep")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_one_writer_is_always_alone(db: Database) -> None:
    assert await db.write(alone, "sweep")
