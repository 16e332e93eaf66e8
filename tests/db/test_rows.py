"""Multi-row statements: what goes in comes out, on both engines."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any

import pytest
from sqlalchemy import (
    Boolean,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    select,
)
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from sqlalchemy.orm import Session

from app.db.base import Id, Json, UtcDateTime
from app.db.database import Database
from app.db.opening import connect
from app.db.rows import Insert, Row, Update, together
from app.settings import Settings
from tests.db.gates import Gate, until_blocked

AT = datetime(2026, 11, 23, 8, 30, 0, 123456, tzinfo=UTC)
NAMES = ("word", "story", "at", "data", "raw", "yes", "small", "number")

things = Table(
    "things",
    MetaData(),
    Column("id", Id, primary_key=True),
    Column("word", String(8)),
    Column("story", Text),
    Column("at", UtcDateTime),
    Column("data", Json),
    Column("raw", LargeBinary),
    Column("yes", Boolean),
    Column("small", SmallInteger),
    Column("number", Integer),
    UniqueConstraint("word", "number"),
)
insert = Insert(things, NAMES)
insert_back = Insert(things, NAMES, returning=("id", *NAMES))
insert_new = Insert(things, ("word", "number"), or_ignore=True, returning=("id", "word", "number"))
insert_new_quietly = Insert(things, ("word", "number"), or_ignore=True)
update = Update(things, NAMES)


class Mood(StrEnum):
    fine = "fine"


@pytest.fixture
async def db(settings: Settings) -> AsyncIterator[Database]:
    """With a table of its own that has a column of every type."""
    db = connect(settings)
    await db.write(lambda session: things.create(session.connection()))
    yield db
    await db.close()


def stored(session: Session) -> list[Row]:
    columns = (things.c[name] for name in NAMES)
    return [tuple(row) for row in session.execute(select(*columns).order_by(things.c.id))]


FULL: Row = ("片名", "它说：“好”\n'; --", AT, {"键": ["值", None, 1.5, True]}, b"\x00\xff", True, -3, 2**31 - 1)
ROWS: list[Row] = [
    FULL,
    (None,) * len(NAMES),
    ("", "", datetime(1970, 1, 1, tzinfo=UTC), {}, b"", False, 0, 0),
    ("a", "b", datetime(1912, 3, 4, 5, 6, 7, 8, tzinfo=UTC), {"a": {}}, b"a", True, 1, -1),
    ("a", "b", datetime(9999, 1, 1, tzinfo=UTC), {"a": []}, bytes(range(256)), True, 32767, -(2**31)),
    ("a", "b", AT, ["{", '"'], b"a", False, -32768, 1),
    ("字" * 8, "字" * 10_000, AT, {"\U0001f600": "\u2028"}, b"x" * 10_000, True, 1, 2),
]


async def test_every_type_round_trips(db: Database) -> None:
    await db.write(insert, ROWS)
    assert await db.read(stored) == ROWS


async def test_every_type_comes_back_as_it_went_in(db: Database) -> None:
    made = await db.write(insert_back, ROWS)
    assert [row[1:] for row in sorted(made)] == ROWS


async def test_every_type_can_be_updated(db: Database) -> None:
    made = await db.write(insert_back, [(None,) * len(NAMES)] * (len(ROWS) + 1))
    ids = sorted(row[0] for row in made)
    await db.write(update, [(row_id, *row) for row_id, row in zip(ids[:-1], ROWS, strict=True)])
    assert await db.read(stored) == [*ROWS, (None,) * len(NAMES)]


async def test_no_text_is_taken_for_syntax(db: Database) -> None:
    texts = [
        "NULL",
        "null",
        '"',
        "\\",
        '\\"',
        "{}",
        "{a,b}",
        ",",
        "",
        " ",
        "'",
        "\n",
        "\t",
        "$1",
        "?",
        ":a",
        "%s",
        "\\x00",
        "a\\",
    ]
    rows: list[Row] = [(None, t, AT, {t: [t, {"": t}]}, t.encode(), None, None, n) for n, t in enumerate(texts)]
    await db.write(insert, rows)
    assert await db.read(stored) == rows


async def test_times_of_other_zones_come_back_in_utc(db: Database) -> None:
    shanghai = AT.astimezone(timezone(timedelta(hours=8)))
    await db.write(insert, [(None, None, shanghai, *(None,) * 5)])
    ((_, _, at, *_),) = await db.read(stored)
    assert (at, at.tzinfo) == (AT, UTC)


async def test_a_time_without_a_zone_is_refused(db: Database) -> None:
    naive = AT.replace(tzinfo=None)
    with pytest.raises((TypeError, ValueError)):
        await db.write(insert, [(None, None, naive, *(None,) * 5)])
    with pytest.raises(StatementError, match="naive"):
        await db.write(lambda session: session.execute(things.insert().values(at=naive)))
    assert await db.read(stored) == []


async def test_missing_data_is_null_and_not_the_json_null(db: Database) -> None:
    await db.write(insert, [(None,) * len(NAMES)])
    assert await db.read(lambda s: s.scalar(select(things.c.id).where(things.c.data.is_(None)))) == 1


async def test_enum_members_are_stored_as_their_values(db: Database) -> None:
    await db.write(insert_new, [(Mood.fine, 1)])
    assert (await db.read(stored))[0][0] == "fine"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_text_too_long_is_refused_and_not_cut(db: Database) -> None:
    with pytest.raises(DBAPIError, match="too long"):
        await db.write(insert_new, [("123456789", 1)])
    ((row_id, *_),) = await db.write(insert_new, [("12345678", 1)])
    with pytest.raises(DBAPIError, match="too long"):
        await db.write(Update(things, ("word",)), [(row_id, "123456789")])
    assert [row[0] for row in await db.read(stored)] == ["12345678"]


async def test_nothing_is_nothing(db: Database) -> None:
    assert await db.write(insert_back, []) == []
    await db.write(update, [])
    assert await db.read(stored) == []


async def test_rows_that_exist_are_left_out(db: Database) -> None:
    first = await db.write(insert_new, [("a", 1), ("b", 1)])
    again = await db.write(insert_new, [("a", 1), ("a", 2), ("b", 1), ("a", 2)])
    await db.write(insert_new_quietly, [("a", 1), ("c", 1)])
    assert [row[1:] for row in first] == [("a", 1), ("b", 1)]
    assert [row[1:] for row in again] == [("a", 2)]
    assert [(row[0], row[-1]) for row in await db.read(stored)] == [("a", 1), ("b", 1), ("a", 2), ("c", 1)]


async def test_without_leave_a_double_row_is_an_error(db: Database) -> None:
    await db.write(insert, [FULL])
    with pytest.raises(IntegrityError):
        await db.write(insert, [(*FULL[:-1], 1), FULL])
    assert len(await db.read(stored)) == 1


async def test_rows_must_be_of_one_length(db: Database) -> None:
    with pytest.raises(ValueError, match="zip"):
        await db.write(insert_new, [("a", 1), ("b",)])


async def test_any_number_of_rows(db: Database) -> None:
    total, numbers = 0, Update(things, ("number",))
    for count in (1, 2, 63, 64, 65, 127, 1000):
        made = await db.write(insert_new, [(f"of {count}", n) for n in range(count)])
        await db.write(numbers, [(row_id, number + 5000) for row_id, _, number in made])
        total += count
        rows = await db.read(stored)
        assert len({row[0] for row in made}) == count
        assert len(rows) == total
        assert sorted(row[-1] for row in rows if row[0] == f"of {count}") == list(range(5000, 5000 + count))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_on_sqlite_few_sizes_are_prepared(db: Database) -> None:
    statements: list[str] = []

    def rule(session: Session) -> None:
        driver: Any = session.connection().connection.driver_connection
        driver.set_trace_callback(statements.append)
        insert_new(session, [("a", n) for n in range(150)])
        insert_new(session, [("a", n) for n in range(140, 155)])
        driver.set_trace_callback(None)

    await db.write(rule)
    inserts = [statement.count("('a', ") for statement in statements if statement.startswith("INSERT")]
    assert inserts == [64, 64, 16, 6, 15]
    assert len(statements) == len(inserts) + 1  # only where a row was left out the new ones are looked up


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_the_same_keys_in_order_do_not_deadlock(db: Database, database_url: str) -> None:
    """The second stands behind the first at their first common key, and then leaves out what the first made."""
    gate = Gate()

    def first(session: Session) -> list[Row]:
        made = insert_new(session, [("a", 1), ("b", 1)])
        gate.stop(session)
        return made + insert_new(session, [("c", 1)])

    leading = asyncio.ensure_future(db.write(first))
    await gate.reached()
    following = asyncio.ensure_future(db.write(insert_new, [("a", 1), ("b", 1), ("c", 1), ("d", 1)]))
    await until_blocked(database_url)
    gate.open()
    assert [row[1] for row in await leading] == ["a", "b", "c"]
    assert [row[1] for row in await following] == ["d"]


@pytest.mark.parametrize("count", [0, 1, 3])
async def test_several_writes_at_once_write_what_each_alone_would(db: Database, count: int) -> None:
    """Different kinds of them, some without rows; on PostgreSQL they are one statement."""
    rename, renumber = Update(things, ("word",)), Update(things, ("number", "at"))
    await db.write(insert, [("一", None, None, None, None, None, None, n) for n in range(count)])

    def write(session: Session) -> list[tuple[int, str, int | None]]:
        ids = list(session.scalars(select(things.c.id).order_by(things.c.id)))
        new = [(f"新{n}", 50 + n) for n in range(count)]
        named = [(number, f"第{number}") for number in ids[:2]]
        together(session, [(rename, named), (insert_new_quietly, new), (renumber, [(n, 9, AT) for n in ids[2:]])])
        together(session, [])
        return [(row[0], row[1], row[2]) for row in session.execute(
            select(things.c.id, things.c.word, things.c.number).order_by(things.c.id)
        )]  # fmt: skip

    found = [(word, number) for _, word, number in await db.write(write)]
    old = [("第1", 0), ("第2", 1), ("一", 9)][:count]
    assert found == old + [(f"新{n}", 50 + n) for n in range(count)]
