"""What came to the queue and left it: read entry by entry, and summed up, it is the same."""

import random
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from app.agents.rights import Actor
from app.conversations import history
from app.conversations.history import Entry, Kind
from app.db.database import Database
from app.db.rows import together
from app.desk import flow
from app.desk.flow import Figures, quantile
from tests.factories import conversations as make
from tests.factories.conversations import NOW

HOUR = timedelta(hours=1)


@pytest.fixture
async def talk(db: Database) -> int:
    return await make.conversation(db, await make.channel(db))


def told(session: Session, entries: list[Entry]) -> None:
    together(session, [history.entries(entries)])


def figures(session: Session) -> tuple[Figures, Figures]:
    """Summed up by the rule, and here."""
    span = {"since": NOW - HOUR, "until": NOW}
    found = flow.read(session, **span)
    waits = sorted(each.waited for each in found.exits)
    counted = Figures(len(waits), quantile(waits, 0.5), quantile(waits, 0.9), found.given_up)
    return flow.sum_up(session, **span), counted


async def test_nothing_is_summed_up_to_nothing(db: Database) -> None:
    assert await db.read(flow.sum_up, since=NOW - HOUR, until=NOW) == Figures(0, None, None, 0)


@pytest.mark.parametrize("count", [1, 2, 9, 10, 11, 100])
async def test_a_sum_is_that_of_what_is_read(db: Database, talk: int, lin: Actor, count: int) -> None:
    choice = random.Random(count)
    entries = [Entry(talk, 1, Kind.assigned, NOW - HOUR, {"to": lin.id, "waited": 0.0})]  # the first moment counts
    for _ in range(count):
        data: dict[str, object] = {"waited": round(choice.uniform(0, 7_000), 1)} if choice.random() < 0.8 else {}
        data |= {"to": lin.id} if choice.random() < 0.5 else {}
        at = NOW - choice.uniform(-0.2, 1.2) * HOUR
        entries.append(Entry(talk, 1, choice.choice(list(Kind)), at, data or None, lin.id))
    entries.append(Entry(talk, 1, Kind.left, NOW))  # the last does not
    await db.write(told, entries)
    summed, counted = await db.read(figures)
    assert summed == counted
    assert summed.exits > 0


async def test_waits_and_those_who_gave_up_are_counted_apart(db: Database, talk: int) -> None:
    waits = [1.5, 0.3, 8.7, 1_234.5, 0.0]
    entries = [Entry(talk, 1, Kind.taken, NOW - (n + 1) * HOUR / 60, {"waited": wait}) for n, wait in enumerate(waits)]
    left = [Entry(talk, 1, Kind.left, NOW - HOUR / 2)] * 2
    await db.write(told, entries + left)
    summed, counted = await db.read(figures)
    assert summed == counted == Figures(5, timedelta(seconds=1.5), timedelta(seconds=1_234.5), 2)
