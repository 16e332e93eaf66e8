"""Tickets that nobody has find somebody, and those of who leaves are nobody's again."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.agents.models import Agent, Presence
from app.agents.rights import Actor, Role
from app.db.database import Database
from app.desk import leaving
from app.desk.tickets import assigning, sharing
from app.tickets.models import Ticket, TicketEvent, TicketNotice
from tests.db.gates import Gate
from tests.factories import conversations as make
from tests.factories import deadlines, queueing, ticketing
from tests.factories.conversations import NOW
from tests.factories.people import make_agent, make_team

MINUTE = timedelta(minutes=1)
OLD = NOW - 10 * MINUTE


@pytest.fixture
def write_limit() -> None:
    """None: rules wait on purpose in some of these."""


@pytest.fixture
async def channel(db: Database) -> int:
    return await make.channel(db)


async def waiting(db: Database, **values: Any) -> int:
    """A ticket that nobody has, long enough."""
    return await ticketing.ticket(db, values.pop("at", OLD), **values)


def owners(session: Session) -> dict[int, int]:
    owned = select(Ticket.id, Ticket.owner_id).where(Ticket.owner_id.is_not(None))
    return {ticket: owner for ticket, owner in session.execute(owned) if owner is not None}


async def share(db: Database, limit: int = 50) -> dict[int, int]:
    await db.write(sharing.share, now=NOW, limit=limit)
    return await db.read(owners)


async def test_who_speaks_with_the_viewer_gets_his_ticket_at_once(
    db: Database, channel: int, lin: Actor, chen: Actor
) -> None:
    talk = await queueing.held(db, channel, "v", chen.id)
    ticket = await waiting(db, at=NOW, conversation_id=talk)
    assert await share(db) == {ticket: chen.id}
    told = await db.read(lambda s: s.execute(select(TicketEvent.author, TicketEvent.detail)).all())
    assert [tuple(row) for row in told] == [("clock", {"owner_id": [None, chen.id]})]
    assert await db.read(lambda s: s.scalars(select(TicketNotice.agent_id)).all()) == [chen.id]


@pytest.mark.parametrize("given", [{"presence": Presence.away}, {"seen_at": None}, {"deactivated_at": NOW}])
async def test_where_the_speaker_is_not_there_it_waits_a_while_and_is_then_anothers(
    db: Database, channel: int, lin: Actor, chen: Actor, given: dict[str, object]
) -> None:
    talk = await queueing.held(db, channel, "v", chen.id)
    await db.write(lambda s: s.execute(update(Agent).where(Agent.id == chen.id).values(given)) and None)
    fresh, old = await waiting(db, at=NOW, conversation_id=talk), await waiting(db, conversation_id=talk)
    assert await share(db) == {old: lin.id}
    assert fresh


async def test_of_an_ended_conversation_nobody_is_preferred(
    db: Database, channel: int, lin: Actor, chen: Actor
) -> None:
    talk = await queueing.held(db, channel, "v", chen.id, closed_at=NOW)
    fresh, old = await waiting(db, at=NOW, conversation_id=talk), await waiting(db, conversation_id=talk)
    assert set(await share(db)) == {old}
    assert fresh


async def test_who_waits_in_the_queue_is_left_alone(db: Database, channel: int, lin: Actor) -> None:
    talk = await queueing.waiting(db, channel, "v")
    ticket = await waiting(db, conversation_id=talk)
    assert await share(db) == {}
    await db.write(queueing.change, talk, owner="bot", queued_at=None)
    assert await share(db) == {ticket: lin.id}


async def test_team_and_skill_are_asked_for(db: Database, lin: Actor) -> None:
    team = await make_team(db)
    member, skilled = await make_agent(db, "member", teams=[team]), await make_agent(db, "skilled", skills=["退款"])
    of_team, of_skill = await waiting(db, team_id=team), await waiting(db, skill="退款")
    both = await waiting(db, team_id=team, skill="退款")
    assert await share(db) == {of_team: member.id, of_skill: skilled.id}
    assert both


async def test_who_has_least_gets_the_next_and_the_urgent_go_first(db: Database, lin: Actor, chen: Actor) -> None:
    for _ in range(2):
        await ticketing.ticket(db, owner_id=lin.id)
    await ticketing.ticket(db, owner_id=chen.id)
    await ticketing.ticket(db, owner_id=chen.id, closed_at=NOW)
    before = set(await db.read(owners))
    old, urgent = await waiting(db, at=OLD - MINUTE), await waiting(db, priority="urgent")
    assert set(await share(db, limit=1)) - before == {urgent}
    given = await share(db)
    assert given[urgent] == chen.id
    assert set(given) - before == {urgent, old}
    for _ in range(3):
        await waiting(db)
    counts = Counter((await share(db)).values())
    assert counts[lin.id] + counts[chen.id] == 9
    assert abs(counts[lin.id] - counts[chen.id]) <= 2


async def test_suggestions_and_what_is_closed_find_nobody(db: Database, lin: Actor) -> None:
    await waiting(db, kind="suggestion")
    await waiting(db, closed_at=NOW)
    assert await share(db) == {}
    assert not await db.read(sharing.is_due, now=NOW)


async def test_nobody_is_there(db: Database) -> None:
    await make_agent(db, "away", presence=Presence.away)
    await waiting(db)
    assert await share(db) == {}


async def test_those_whom_nobody_can_take_do_not_hold_up_the_others(db: Database, lin: Actor) -> None:
    for _ in range(3):
        await waiting(db, priority="urgent", skill="没人会")
    ordinary = await waiting(db)
    assert await share(db, limit=2) == {ordinary: lin.id}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_two_processes_give_each_ticket_once(db: Database, lin: Actor, chen: Actor) -> None:
    """The second passes over the people whom the first has, and over its tickets."""
    tickets = [await waiting(db) for _ in range(4)]
    gate = Gate()

    def and_stop(session: Session) -> int:
        given = sharing.share(session, now=NOW, limit=2)
        gate.stop(session)
        return given

    first = asyncio.ensure_future(db.write(and_stop))
    await gate.reached()
    assert await db.write(sharing.share, now=NOW) == 0
    gate.open()
    assert await first == 2
    assert await db.write(sharing.share, now=NOW) == 2
    assert set(await db.read(owners)) == set(tickets)
    lines = Counter(await db.read(lambda s: s.scalars(select(TicketEvent.ticket_id)).all()))
    assert lines == Counter(tickets)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_what_somebody_takes_at_the_moment_stays_his(db: Database, lin: Actor, chen: Actor) -> None:
    ticket, gate = await waiting(db), Gate()

    def take(session: Session) -> None:
        assigning.give(session, ticket, by=chen, owner_id=chen.id, now=NOW)
        gate.stop(session)

    taking = asyncio.ensure_future(db.write(take))
    await gate.reached()
    assert await db.write(sharing.share, now=NOW) == 0
    gate.open()
    await taking
    assert await db.write(sharing.share, now=NOW) == 0
    assert await db.read(owners) == {ticket: chen.id}


# -------------------- given up


@pytest.mark.parametrize("how", ["leaves", "loses his role"])
async def test_who_works_here_no_more_has_none(db: Database, lin: Actor, zhou: Actor, how: str) -> None:
    chief = await make_agent(db, "chief", roles=[Role.administrator])
    his, closed = (
        await ticketing.ticket(db, owner_id=lin.id),
        await ticketing.ticket(db, owner_id=lin.id, closed_at=NOW),
    )
    others = await ticketing.ticket(db, owner_id=zhou.id)
    if how == "leaves":
        await db.write(leaving.leave, lin.id, by=chief, now=NOW)
    else:
        await db.write(leaving.set_roles, lin.id, by=chief, roles=[Role.quality], now=NOW)
    assert await db.read(owners) == {closed: lin.id, others: zhou.id}
    lines = await db.read(lambda s: s.execute(select(TicketEvent.ticket_id, TicketEvent.detail)).all())
    assert [tuple(row) for row in lines] == [(his, {"owner_id": [lin.id, None]})]
    assert await db.read(lambda s: s.scalars(select(TicketNotice.agent_id)).all()) == [zhou.id]


async def test_who_may_still_work_keeps_them(db: Database, lin: Actor) -> None:
    chief = await make_agent(db, "chief", roles=[Role.administrator])
    his = await ticketing.ticket(db, owner_id=lin.id)
    await db.write(leaving.set_roles, lin.id, by=chief, roles=[Role.supervisor], now=NOW)
    assert await db.read(owners) == {his: lin.id}


async def test_more_than_a_page_is_given_up(db: Database, lin: Actor) -> None:
    chief = await make_agent(db, "chief", roles=[Role.administrator])
    for _ in range(sharing.PAGE + 3):
        await ticketing.ticket(db, owner_id=lin.id)
    await db.write(leaving.leave, lin.id, by=chief, now=NOW)
    assert await db.read(owners) == {}


async def test_what_he_was_given_at_the_same_moment_is_nobodys_soon(db: Database, lin: Actor) -> None:
    ticket = await ticketing.ticket(db, owner_id=lin.id)
    assert await db.write(sharing.give_up_gone, now=NOW) == 0
    await db.write(ticketing.deactivate, lin.id)
    assert [await db.write(sharing.give_up_gone, now=NOW) for _ in range(2)] == [1, 0]
    assert (await db.read(deadlines.ticket_of, ticket)).owner_id is None
