"""Who speaks with viewers no more: whom he had waits in the queue again, and everybody hears of it."""

from collections.abc import Collection
from datetime import timedelta

import pytest

from app.agents import people
from app.agents.people import LastAdministrator
from app.agents.rights import Actor, Role
from app.conversations import routing
from app.db.database import Database
from app.desk import leaving, sweeps
from tests.factories import conversations as make
from tests.factories import desk
from tests.factories.conversations import NOW
from tests.factories.people import make_agent

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def chief(db: Database) -> Actor:
    return await make_agent(db, "chief", roles=[Role.administrator, Role.agent])


async def owners(db: Database, talks: Collection[int]) -> list[tuple[str, int | None]]:
    rows = [await db.read(desk.talk_of, talk) for talk in talks]
    return [(row.owner, row.agent_id) for row in rows]


async def test_who_loses_the_last_role_that_speaks_gives_all_back(
    db: Database, lin: Actor, chen: Actor, chief: Actor
) -> None:
    channel = await make.channel(db)
    waits, put_off, resolved = [await desk.taken(db, lin, f"v-{n}", channel=channel) for n in range(3)]
    of_chen = await desk.taken(db, chen, "other", channel=channel)
    await desk.change(db, waits, waits_since=NOW - MINUTE)
    await db.write(routing.snooze, put_off, by=lin, until=NOW + MINUTE, now=NOW)
    await db.write(routing.resolve, resolved, by=lin, now=NOW)
    await db.write(desk.forget_told)
    await db.write(leaving.set_roles, lin.id, by=chief, roles=[Role.quality, Role.operator], now=NOW)
    assert await owners(db, (waits, put_off)) == [("queue", None)] * 2
    assert await owners(db, (resolved, of_chen)) == [("agent", lin.id), ("agent", chen.id)]
    first, second = await db.read(desk.talk_of, waits), await db.read(desk.talk_of, put_off)
    assert (first.queued_at, second.queued_at, second.snoozed_until) == (NOW - MINUTE, NOW, None)
    for talk in (waits, put_off):
        assert (await db.read(desk.happened, talk))[-1] == ("queued", chief.id, {"former": lin.id})
    assert await db.read(desk.told) == {"conversation", "agent", "queue", "people"}


@pytest.mark.parametrize("roles", [[Role.supervisor], [Role.agent, Role.quality], [Role.agent]])
async def test_who_may_still_speak_keeps_whom_he_has(db: Database, lin: Actor, chief: Actor, roles: list[Role]) -> None:
    talk = await desk.taken(db, lin)
    before = await db.read(desk.happened, talk)
    await db.write(desk.forget_told)
    await db.write(leaving.set_roles, lin.id, by=chief, roles=roles, now=NOW)
    assert await owners(db, [talk]) == [("agent", lin.id)]
    assert await db.read(desk.happened, talk) == before
    assert await db.read(desk.told) <= {"people"}


async def test_a_change_that_is_refused_gives_nothing_back(db: Database, chief: Actor) -> None:
    talk = await desk.taken(db, chief)
    with pytest.raises(LastAdministrator):
        await db.write(leaving.set_roles, chief.id, by=chief, roles=[Role.quality], now=NOW)
    assert await owners(db, [talk]) == [("agent", chief.id)]


@pytest.mark.parametrize("how", ["deactivated", "without a role"])
async def test_what_he_took_at_the_same_moment_waits_again_soon(db: Database, lin: Actor, how: str) -> None:
    talk = await desk.taken(db, lin)
    assert await db.write(sweeps.give_up_gone, now=NOW) == 0
    if how == "deactivated":
        await db.write(people.deactivate, lin.id, by=None, now=NOW)
    else:
        await db.write(people.set_roles, lin.id, by=None, roles=[Role.quality], now=NOW)
    assert [await db.write(sweeps.give_up_gone, now=NOW) for _ in range(2)] == [1, 0]
    assert await owners(db, [talk]) == [("queue", None)]
