"""Who gets whom."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.agents import people, presence, teams
from app.agents.models import Agent, Presence
from app.agents.rights import Actor, Role
from app.conversations import routing
from app.conversations.models import Conversation
from app.db.database import Database
from app.db.opening import connect
from app.desk import assigning
from app.desk.assigner import LATER, SOON, Assigner
from app.desk.assigning import Assigned, State
from app.events import LiveEvent
from app.settings import Settings
from tests.db.gates import Gate
from tests.factories import conversations as make
from tests.factories import queueing
from tests.factories.clock import Clock
from tests.factories.conversations import NOW
from tests.factories.people import get_agent, make_agent, make_team

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def channel(db: Database) -> int:
    return await make.channel(db)


async def assign(db: Database, limit: int = 50) -> dict[int, int]:
    """By conversation, who got it."""
    return {given.conversation_id: given.agent_id for given in await db.write(assigning.assign, now=NOW, limit=limit)}


async def test_who_waits_is_given_to_who_is_there(db: Database, channel: int, lin: Actor) -> None:
    talk = await queueing.waiting(db, channel, "v", at=NOW - MINUTE)
    assert await db.write(assigning.assign, now=NOW) == [Assigned(talk, lin.id)]
    given = await db.read(queueing.find, talk)
    assert (given.owner, given.agent_id, given.last_agent_id, given.queued_at) == ("agent", lin.id, lin.id, None)
    assert given.waits_since == NOW - MINUTE
    assert await db.read(queueing.told, talk) == [("assigned", {"to": lin.id, "waited": 60.0})]
    assert (await db.read(get_agent, lin.id)).given_at == NOW
    told = await db.read(lambda s: {(e.kind, tuple(e.ids)) for e in s.scalars(select(LiveEvent))})
    assert {("conversation", (talk,)), ("queue", ()), ("people", (lin.id,))} <= told
    assert await db.write(assigning.assign, now=NOW) == []


async def test_the_urgent_first_then_whose_viewers_go_first_then_the_longest_wait(
    db: Database, channel: int, lin: Actor
) -> None:
    order = [
        await queueing.waiting(db, channel, "urgent", at=NOW, priority=2),
        await queueing.waiting(db, channel, "high vip", at=NOW, priority=1, vip=True),
        await queueing.waiting(db, channel, "high", at=NOW - 9 * MINUTE, priority=1),
        await queueing.waiting(db, channel, "vip", at=NOW, vip=True),
        await queueing.waiting(db, channel, "long", at=NOW - 2 * MINUTE),
        await queueing.waiting(db, channel, "short", at=NOW - MINUTE),
    ]
    taken = [talk for _ in order for talk in await assign(db, limit=1)]
    assert taken == order


async def test_nobody_gets_more_than_he_can_have(db: Database, channel: int) -> None:
    small = await make_agent(db, "small", capacity=2)
    none = await make_agent(db, "none", capacity=0)
    own = await queueing.held(db, channel, "his", small.id)
    for n in range(3):
        await queueing.waiting(db, channel, f"v{n}")
    assert len(await assign(db)) == 1
    assert await assign(db) == {}
    await db.write(queueing.change, own, snoozed_at=NOW, snoozed_until=NOW + 9 * MINUTE, viewer_wrote_at=NOW - MINUTE)
    assert len(await assign(db)) == 1  # what is put off counts no more
    await db.write(queueing.change, own, viewer_wrote_at=NOW + MINUTE)
    await db.write(people.edit, small.id, by=None, capacity=3, now=NOW)
    assert await assign(db) == {}  # its viewer has written: it counts
    assert none.id not in await db.read(queueing.holders)


@pytest.mark.parametrize(
    ("given", "is_there"),
    [
        ({}, True),
        ({"presence": Presence.busy}, False),
        ({"presence": Presence.away}, False),
        ({"seen_at": NOW - presence.GONE_AFTER}, False),
        ({"seen_at": None}, False),
        ({"deactivated_at": NOW}, False),
    ],
)
async def test_only_who_is_there_gets_anything(
    db: Database, channel: int, lin: Actor, given: dict[str, object], is_there: bool
) -> None:
    await queueing.waiting(db, channel, "v")
    if given:
        await db.write(lambda s: s.execute(update(Agent).where(Agent.id == lin.id).values(given)) and None)
    assert await db.read(assigning.look, now=NOW) is (State.due if is_there else State.stuck)
    assert bool(await assign(db)) is is_there


async def test_only_who_may_speak_gets_anything(db: Database, channel: int, zhou: Actor) -> None:
    for role in (Role.operator, Role.quality, Role.administrator):
        await make_agent(db, role.value, roles=[role])
    talk = await queueing.waiting(db, channel, "v")
    assert await assign(db) == {talk: zhou.id}


async def test_a_team_and_a_skill_are_kept_to(db: Database, channel: int, lin: Actor) -> None:
    refunds = await make_team(db, "退款", skills=["退款"])
    member = await make_agent(db, "member", teams=[refunds])
    skilled = await make_agent(db, "skilled", skills=["粤语"])
    by_team = await queueing.waiting(db, channel, "team", team_id=refunds)
    by_skill = await queueing.waiting(db, channel, "skill", skill="粤语")
    by_skill_of_team = await queueing.waiting(db, channel, "skill of team", skill="退款")
    both = await queueing.waiting(db, channel, "both", team_id=refunds, skill="粤语")
    found = await assign(db)
    assert found == {by_team: member.id, by_skill: skilled.id, by_skill_of_team: member.id}
    await db.write(teams.archive, refunds, by=None, now=NOW)
    assert await assign(db) == {both: skilled.id}  # what was meant for an archived team is anybody's


async def test_whom_nobody_can_take_holds_up_nobody(db: Database, channel: int, lin: Actor) -> None:
    for n in range(30):
        await queueing.waiting(db, channel, f"deaf{n}", at=NOW - MINUTE, priority=2, skill="手语")
    talk = await queueing.waiting(db, channel, "v")
    assert await assign(db) == {talk: lin.id}


async def test_the_last_agent_comes_first(db: Database, channel: int, lin: Actor, chen: Actor) -> None:
    """Of this conversation, else of an earlier one; not where he is full, or it is too long ago."""
    for n in range(3):
        await queueing.held(db, channel, f"chen{n}", chen.id)
    back = await queueing.waiting(db, channel, "back", at=NOW - MINUTE, last_agent_id=chen.id)
    assert await assign(db) == {back: chen.id}
    again = await queueing.waiting(db, channel, "again")
    await earlier(db, again, chen.id, days=6)
    assert await assign(db) == {again: chen.id}
    old = await queueing.waiting(db, channel, "old")
    await earlier(db, old, chen.id, days=8)
    assert await assign(db) == {old: lin.id}
    await db.write(people.edit, chen.id, by=None, capacity=5, now=NOW)
    full = await queueing.waiting(db, channel, "full", last_agent_id=chen.id)
    assert await assign(db) == {full: lin.id}


async def earlier(db: Database, conversation_id: int, agent_id: int, *, days: int) -> None:
    """A closed conversation of the same viewer, in which he last wrote so many days ago."""
    wrote = NOW - timedelta(days=days)

    def add(session: Session) -> None:
        own = session.get_one(Conversation, conversation_id)
        session.add(
            Conversation(
                identity_id=own.identity_id, channel_id=own.channel_id, owner="agent", last_seq=0, failures=0,
                opened_at=wrote, viewer_wrote_at=wrote, closed_at=NOW, acknowledged=False, last_agent_id=agent_id,
                agent_id=agent_id,
            )
        )  # fmt: skip

    await db.write(add)


async def test_the_least_loaded_gets_the_next_and_of_equals_who_waited_longest(
    db: Database, channel: int, lin: Actor, chen: Actor
) -> None:
    half = await make_agent(db, "half", capacity=2)
    await queueing.held(db, channel, "his", half.id)  # 1 of 2 is more than 3 of 8
    for n in range(3):
        await queueing.held(db, channel, f"chen{n}", chen.id)
        await queueing.held(db, channel, f"lin{n}", lin.id)
    await db.write(lambda s: s.execute(update(Agent).where(Agent.id == lin.id).values(given_at=NOW)) and None)
    talks = [await queueing.waiting(db, channel, f"v{n}", at=NOW + n * MINUTE) for n in range(3)]
    assert await assign(db) == {talks[0]: chen.id, talks[1]: lin.id, talks[2]: half.id}


# -------------------- several at once


@pytest.fixture
def write_limit() -> None:
    """None: rules wait on purpose here."""


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_two_processes_never_give_more_than_somebody_can_have(
    db: Database, settings: Settings, channel: int
) -> None:
    """The second one comes while the first has chosen and not committed."""
    lin = await make_agent(db, "lin", capacity=3)
    talks = [await queueing.waiting(db, channel, f"v{n}") for n in range(6)]
    gate, other = Gate(), connect(settings)

    def held(session: Session) -> list[Assigned]:
        found = assigning.assign(session, now=NOW)
        session.flush()
        gate.stop(session)
        return found

    try:
        first = asyncio.ensure_future(db.write(held))
        await gate.reached()
        assert await other.write(assigning.assign, now=NOW) == []
        gate.open()
        assert [given.conversation_id for given in await first] == talks[:3]
        assert await other.write(assigning.assign, now=NOW) == []
        assert await other.read(queueing.holders) == {lin.id: 3}
    finally:
        await other.close()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_what_an_agent_takes_meanwhile_is_not_given_to_another(
    db: Database, channel: int, lin: Actor, chen: Actor
) -> None:
    """Both ways: whoever is first has it, and nobody waits for the other."""
    taken = await queueing.waiting(db, channel, "taken", at=NOW - MINUTE)
    free = await queueing.waiting(db, channel, "free")
    gate = Gate()

    def taking(session: Session) -> None:
        routing.take_over(session, taken, by=lin, now=NOW)
        session.flush()
        gate.stop(session)

    first = asyncio.ensure_future(db.write(taking))
    await gate.reached()
    assert list(await assign(db)) == [free]
    gate.open()
    await first
    assert (await db.read(queueing.find, taken)).agent_id == lin.id
    assert [kind for kind, _ in await db.read(queueing.told, taken)] == ["taken"]


async def test_many_at_once_give_everything_once(db: Database, settings: Settings, channel: int) -> None:
    """Two processes, rounds of random sizes beside each other: each conversation once, nobody beyond his capacity."""
    capacities = {(await make_agent(db, f"a{n}", capacity=n)).id: n for n in range(1, 6)}
    for n in range(20):
        await queueing.waiting(db, channel, f"v{n}", at=NOW + n * MINUTE)
    others = [db] if db.dialect == "sqlite" else [db, connect(settings)]
    rounds = [others[n % len(others)].write(assigning.assign, now=NOW, limit=1 + n % 3) for n in range(24)]
    given = [each for found in await asyncio.gather(*rounds) for each in found]
    given += await db.write(assigning.assign, now=NOW)
    for other in others[1:]:
        await other.close()
    assert len(given) == len({each.conversation_id for each in given}) == 15
    assert await db.read(queueing.holders) == capacities
    assert await db.read(lambda s: s.query(Conversation).filter_by(owner="queue").count()) == 5


# -------------------- the task


async def test_the_giver_comes_back_soon_where_it_may_be_needed(db: Database, channel: int, lin: Actor) -> None:
    giver = Assigner(db, clock=Clock())
    assert await giver.round() == SOON
    for n in range(9):
        await queueing.waiting(db, channel, f"v{n}")
    assert await giver.round() == SOON
    assert await db.read(queueing.holders) == {lin.id: 8}
    assert await giver.round() == LATER  # everybody who is there is full
