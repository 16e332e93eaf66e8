"""What whoever leads the desk sees."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.agents import presence
from app.agents.models import Agent, Presence
from app.agents.presence import Shown
from app.agents.rights import Actor, Forbidden, Role
from app.conversations import history
from app.conversations.history import Entry, Kind
from app.conversations.models import Direction, Message
from app.db.database import Database
from app.db.rows import together
from app.desk import assigning, watching
from app.desk.waits import Why
from tests.factories import conversations as make
from tests.factories import queueing
from tests.factories.conversations import NOW
from tests.factories.counting import counting
from tests.factories.people import actor_of, make_agent, make_team

MINUTE = timedelta(minutes=1)
LEADER = actor_of(Role.supervisor)


@pytest.fixture
async def channel(db: Database) -> int:
    return await make.channel(db)


async def look(db: Database) -> watching.Watch:
    return await db.read(watching.look, by=LEADER, now=NOW)


@pytest.mark.parametrize("role", [Role.agent, Role.operator])
async def test_only_who_leads_looks(db: Database, role: Role) -> None:
    with pytest.raises(Forbidden):
        await db.read(watching.look, by=actor_of(role), now=NOW)


async def test_an_empty_desk(db: Database) -> None:
    found = await look(db)
    assert (found.waiting, found.agents, found.teams) == ((), (), ())
    assert (found.totals.waiting, found.totals.longest_wait, found.totals.median_wait_today) == (0, None, None)


async def test_who_waits_and_why_nobody_has_him(db: Database, channel: int) -> None:
    refunds, empty = await make_team(db, "退款"), await make_team(db, "空")
    full = await make_agent(db, "full", capacity=1, skills=["粤语"])
    await make_agent(db, "gone", seen_at=None, skills=["手语"])
    await make_agent(db, "free", teams=[refunds])
    await queueing.held(db, channel, "his", full.id)
    await queueing.waiting(db, channel, "openid-ab12", at=NOW - 2 * MINUTE, priority=2, title="长风渡")
    await queueing.waiting(db, channel, "2", at=NOW - 5 * MINUTE, skill="粤语")
    await queueing.waiting(db, channel, "3", at=NOW - 4 * MINUTE, skill="手语")
    await queueing.waiting(db, channel, "4", at=NOW - 3 * MINUTE, skill="没人会")
    await queueing.waiting(db, channel, "5", at=NOW - MINUTE, team_id=empty)
    await queueing.waiting(db, channel, "6", at=NOW, team_id=refunds)
    found = await look(db)
    assert [row.why for row in found.waiting] == [
        None, Why.all_full, Why.nobody_there, Why.nobody_can, Why.nobody_can, None,
    ]  # fmt: skip
    first, *_, last = found.waiting
    assert (first.viewer, first.priority, first.title, first.since) == ("微信观众 ·ab12", 2, "长风渡", NOW - 2 * MINUTE)
    assert (last.team, last.channel, last.platform) == ("退款", "main", "wechat")
    assert (found.totals.waiting, found.totals.longest_wait) == (6, 5 * MINUTE)
    assert [(t.name, t.members, t.there, t.room, t.waiting) for t in found.teams] == [
        ("空", 0, 0, 0, 1), ("退款", 1, 1, 8, 1),
    ]  # fmt: skip


async def test_who_is_there_with_what(db: Database, channel: int, lin: Actor, chen: Actor, zhou: Actor) -> None:
    await queueing.held(db, channel, "later", lin.id, waits_since=NOW - MINUTE)
    await queueing.held(db, channel, "answered", lin.id)
    await queueing.held(db, channel, "first", lin.id, waits_since=NOW - 9 * MINUTE)
    await queueing.held(db, channel, "put off", lin.id, snoozed_at=NOW, snoozed_until=NOW + MINUTE)
    await queueing.held(db, channel, "ended", lin.id, closed_at=NOW, closed_by=lin.id)
    await db.write(presence.set_presence, by=chen, presence=Presence.away, reason="午休", now=NOW)
    await db.write(lambda s: s.execute(update(Agent).where(Agent.id == zhou.id).values(seen_at=NOW - MINUTE)) and None)
    busiest, away, offline = (await look(db)).agents
    assert (busiest.id, busiest.load, busiest.capacity, busiest.handled_today) == (lin.id, 3, 8, 1)
    assert [(talk.viewer[-2:], talk.waits_since) for talk in busiest.conversations][:2] == [
        ("st", NOW - 9 * MINUTE), ("er", NOW - MINUTE),
    ]  # fmt: skip
    assert [talk.is_put_off for talk in busiest.conversations] == [False, False, False, True]
    assert (away.shown, away.since, away.away_reason) == (Shown.away, NOW, "午休")
    assert (offline.id, offline.shown, offline.since) == (zhou.id, Shown.offline, NOW - MINUTE)


async def test_how_the_day_goes(db: Database, channel: int, lin: Actor) -> None:
    for n in range(4):
        await queueing.waiting(db, channel, f"v{n}", at=NOW - (n + 1) * MINUTE)
    given = await db.write(assigning.assign, now=NOW)
    gone = await make.conversation(db, channel, "gone")

    def go_on(session: Session) -> None:
        left = [Entry(gone, 1, Kind.left, NOW), Entry(gone, 1, Kind.left, NOW - timedelta(days=1))]
        together(session, [history.entries(left)])
        for minutes, each in enumerate(given[:3], 1):
            for seq, author, at in ((2, "bot", NOW), (3, str(lin.id), NOW + minutes * MINUTE), (4, str(lin.id), NOW)):
                session.add(
                    Message(
                        conversation_id=each.conversation_id, seq=seq, direction=Direction.outbound, author=author,
                        kind="text", text="您好", state="sent", created_at=at,
                    )
                )  # fmt: skip

    await db.write(go_on)
    found = await look(db)
    assert found.totals.being_handled == found.totals.answered_today == 4
    assert (found.totals.median_wait_today, found.totals.p90_wait_today) == (2 * MINUTE, 4 * MINUTE)
    assert found.totals.given_up_today == 1
    assert found.agents[0].first_response == 2 * MINUTE


async def test_the_first_word_is_his_own_and_from_when_he_had_the_conversation(
    db: Database, channel: int, lin: Actor, chen: Actor
) -> None:
    talk, silent = [await queueing.held(db, channel, viewer, lin.id) for viewer in ("his", "silent")]

    def go_on(session: Session) -> None:
        words = ((2, lin, -9), (3, chen, 1), (4, lin, 5), (5, lin, 6))  # (seq, whose, minutes from now)
        for seq, author, minutes in words:
            session.add(
                Message(
                    conversation_id=talk, seq=seq, direction=Direction.outbound, author=str(author.id), kind="text",
                    text="您好", state="sent", created_at=NOW + minutes * MINUTE,
                )
            )  # fmt: skip
        taken = Entry(talk, 2, Kind.taken, NOW - MINUTE, {"waited": 3.0}, lin.id)
        given = Entry(talk, 3, Kind.assigned, NOW - 2 * MINUTE, {"to": chen.id})
        together(session, [history.entries([taken, given, Entry(silent, 1, Kind.taken, NOW, None, lin.id)])])

    await db.write(go_on)
    first = {agent.id: agent.first_response for agent in (await look(db)).agents}
    assert first == {lin.id: 6 * MINUTE, chen.id: None}


async def test_it_costs_as_many_statements_however_much_they_have(db: Database, channel: int, lin: Actor) -> None:
    async def statements() -> int:
        count: int = await db.read(counting(watching.look), by=LEADER, now=NOW)
        return count

    for n in range(3):
        await queueing.held(db, channel, f"first-{n}", lin.id)
    await queueing.waiting(db, channel, "waits")
    few = await statements()
    for n in range(40):
        agent = await make_agent(db, f"more-{n}")
        await queueing.held(db, channel, f"more-{n}", agent.id)
        await queueing.waiting(db, channel, f"waits-{n}")
    assert await statements() == few
    assert len((await look(db)).agents) == 41
