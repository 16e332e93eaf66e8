"""What is told in a transaction: one row a kind, with it or not at all, and a call after the commit."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import events
from app.db.database import Database
from app.events import Kind, LiveEvent, publish, publishing
from tests.factories.conversations import NOW


def rows(session: Session) -> list[tuple[str, list[int]]]:
    return [(row.kind, row.ids) for row in session.scalars(select(LiveEvent).order_by(LiveEvent.id))]


@pytest.fixture
def calls(db: Database) -> list[None]:
    """One for each call of ``on_publish``."""
    made: list[None] = []
    db.on_publish = lambda: made.append(None)
    return made


def tell(session: Session, *ids: int) -> None:
    publish(session, Kind.conversation, ids, now=NOW)


async def test_what_a_transaction_tells_is_a_row_a_kind(db: Database, calls: list[None]) -> None:
    def rule(session: Session) -> None:
        tell(session, 3, 1)
        publish(session, Kind.queue, now=NOW)
        tell(session, 2, 3)

    await db.write(rule)
    assert await db.read(rows) == [("conversation", [1, 2, 3]), ("queue", [])]
    assert len(calls) == 1


async def test_no_ids_at_all_are_nothing_to_tell(db: Database, calls: list[None]) -> None:
    await db.write(tell)
    assert await db.read(rows) == []
    assert calls == []


async def test_a_rule_that_fails_tells_nothing(db: Database, calls: list[None]) -> None:
    def fail(session: Session) -> None:
        tell(session, 1)
        raise LookupError

    with pytest.raises(LookupError):
        await db.write(fail)
    assert await db.read(rows) == []
    assert calls == []


async def test_others_of_its_group_are_told_of_when_one_fails(db: Database, calls: list[None]) -> None:
    def fail(session: Session) -> None:
        tell(session, 1)
        raise LookupError

    outcomes = await gather(db, fail, lambda session: tell(session, 2), fail)
    assert [type(outcome) for outcome in outcomes] == [LookupError, type(None), LookupError]
    assert await db.read(rows) == [("conversation", [2])]
    assert calls


async def gather(db: Database, *rules: Callable[[Session], None]) -> list[object]:
    return list(await asyncio.gather(*(db.write(rule) for rule in rules), return_exceptions=True))


async def test_what_was_written_beside_other_rows_is_not_written_again(db: Database, calls: list[None]) -> None:
    def rule(session: Session) -> None:
        tell(session, 1)
        write, given = publishing(session)
        write(session, given)
        tell(session, 2)

    await db.write(rule)
    assert await db.read(rows) == [("conversation", [1]), ("conversation", [2])]
    assert len(calls) == 1


async def test_nothing_told_is_nothing_to_write(db: Database, calls: list[None]) -> None:
    _, given = await db.write(publishing)
    assert list(given) == []
    assert calls == []


async def test_old_rows_go_and_the_newest_stays(db: Database) -> None:
    """SQLite numbers a new row after the greatest: were none left, it would begin anew, behind every reader."""
    for minutes in range(4):
        await db.write(publish, Kind.conversation, [minutes], now=NOW + timedelta(minutes=minutes))
    assert await db.write(events.forget, before=NOW + timedelta(minutes=2), limit=1) == 1
    assert await db.write(events.forget, before=NOW + timedelta(minutes=2)) == 1
    assert await db.read(rows) == [("conversation", [2]), ("conversation", [3])]
    assert await db.write(events.forget, before=NOW + timedelta(days=1)) == 1
    assert await db.write(events.forget, before=NOW + timedelta(days=1)) == 0
    assert await db.read(rows) == [("conversation", [3])]
