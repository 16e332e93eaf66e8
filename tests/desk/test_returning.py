"""Whose agent is gone comes back to the queue; what was put off comes back by itself."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from app.agents.duty import GRACE
from app.agents.models import Agent
from app.agents.rights import Actor
from app.db.database import Database
from app.desk import assigning, returning, waking
from app.desk.returning import Watch
from tests.factories import conversations as make
from tests.factories import queueing
from tests.factories.conversations import NOW

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def channel(db: Database) -> int:
    return await make.channel(db)


async def set_agent(db: Database, agent_id: int, **values: object) -> None:
    await db.write(lambda s: s.execute(update(Agent).where(Agent.id == agent_id).values(values)) and None)


async def test_who_waits_for_somebody_who_is_gone_is_anybodys(
    db: Database, channel: int, lin: Actor, chen: Actor
) -> None:
    waits = await queueing.held(db, channel, "waits", lin.id, waits_since=NOW - 9 * MINUTE, skill="粤语")
    answered = await queueing.held(db, channel, "answered", lin.id)
    of_chen = await queueing.held(db, channel, "chen", chen.id, waits_since=NOW)
    await set_agent(db, lin.id, seen_at=NOW - GRACE)
    assert await db.write(returning.give_back, now=NOW) == 1
    assert await db.write(returning.give_back, now=NOW) == 0
    back = await db.read(queueing.find, waits)
    assert (back.owner, back.agent_id, back.last_agent_id) == ("queue", None, lin.id)
    assert (back.queued_at, back.waits_since, back.skill) == (NOW - 9 * MINUTE, NOW - 9 * MINUTE, "粤语")
    assert await db.read(queueing.told, waits) == [("queued", {"former": lin.id, "why": "gone"})]
    assert (await db.read(queueing.find, answered)).agent_id == lin.id
    assert (await db.read(queueing.find, of_chen)).agent_id == chen.id


async def test_who_comes_back_gets_him_again(db: Database, channel: int, lin: Actor, chen: Actor) -> None:
    for n in range(3):
        await queueing.held(db, channel, f"other{n}", lin.id)  # chen has less
    talk = await queueing.held(db, channel, "waits", lin.id, waits_since=NOW)
    await set_agent(db, lin.id, seen_at=NOW - GRACE)
    await db.write(returning.give_back, now=NOW)
    await set_agent(db, lin.id, seen_at=NOW)
    await db.write(assigning.assign, now=NOW)
    assert (await db.read(queueing.find, talk)).agent_id == lin.id


@pytest.mark.parametrize(
    ("values", "is_gone"),
    [
        ({"seen_at": NOW - GRACE + MINUTE}, False),
        ({"seen_at": None}, False),
        ({"deactivated_at": NOW}, True),
        ({"seen_at": NOW - GRACE, "presence": "away"}, True),
        ({"presence": "away"}, False),
    ],
)
async def test_who_is_gone(db: Database, channel: int, lin: Actor, values: dict[str, object], is_gone: bool) -> None:
    await queueing.held(db, channel, "waits", lin.id, waits_since=NOW)
    await set_agent(db, lin.id, **values)
    assert await db.write(returning.give_back, now=NOW) == int(is_gone)


def test_after_a_restart_nobody_is_gone_for_a_while() -> None:
    watch = Watch(NOW, NOW)
    seen = [watch.look(NOW + n * timedelta(seconds=30)) for n in range(8)]
    assert seen == [False] * 6 + [True] * 2
    assert not watch.look(NOW + timedelta(hours=1))  # it slept itself
    assert not watch.look(NOW)  # the clock was set back


async def test_what_was_put_off_comes_back_when_its_time_is_over(db: Database, channel: int, lin: Actor) -> None:
    due = await queueing.held(db, channel, "due", lin.id, snoozed_at=NOW - MINUTE, snoozed_until=NOW)
    later = await queueing.held(db, channel, "later", lin.id, snoozed_at=NOW, snoozed_until=NOW + MINUTE)
    assert [await db.write(waking.wake, now=NOW) for _ in range(2)] == [1, 0]
    woken = await db.read(queueing.find, due)
    assert (woken.snoozed_at, woken.snoozed_until, woken.agent_id) == (None, None, lin.id)
    assert await db.read(queueing.told, due) == [("woken", None)]
    assert (await db.read(queueing.find, later)).snoozed_until == NOW + MINUTE
