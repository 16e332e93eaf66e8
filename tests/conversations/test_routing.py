"""Who speaks: taken, handed on, put off, ended, opened again."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from app.agents import people, teams
from app.agents.rights import Actor, Role
from app.conversations import routing
from app.conversations.refusals import (
    CannotTake,
    ConversationClosed,
    ConversationNotFound,
    ConversationTaken,
    NewerConversation,
    NobodyNamed,
    NotYours,
    StillOpen,
    WrongPriority,
    WrongTime,
)
from app.db.database import Database
from tests.factories import conversations as make
from tests.factories import delivering as do
from tests.factories import desk
from tests.factories.conversations import NOW
from tests.factories.people import make_agent, make_team

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


# -------------------- taken


async def test_who_waits_is_taken_over_and_still_waits_for_a_word(db: Database, lin: Actor) -> None:
    talk = await make.conversation(db, await make.channel(db), owner="queue", queued_at=NOW)
    await desk.change(db, talk, waits_since=NOW, snoozed_at=NOW, snoozed_until=NOW + DAY)
    await db.write(routing.take_over, talk, by=lin, now=NOW)
    row = await db.read(desk.talk_of, talk)
    assert (row.owner, row.agent_id, row.last_agent_id, row.queued_at) == ("agent", lin.id, lin.id, None)
    assert (row.waits_since, row.snoozed_until) == (NOW, None)
    assert await db.read(desk.happened, talk) == [("taken", lin.id, {"waited": 0.0})]
    assert {"conversation", "queue"} <= await db.read(desk.told)


async def test_of_two_who_take_over_one_speaks_and_the_other_learns_who(db: Database, lin: Actor, chen: Actor) -> None:
    talk = await desk.taken(db, lin)
    await db.write(routing.take_over, talk, by=lin, now=NOW)  # a second tap
    with pytest.raises(ConversationTaken, match="林小满"):
        await db.write(routing.take_over, talk, by=chen, now=NOW)
    assert await db.read(desk.happened, talk) == [("taken", lin.id, None)]


async def test_two_who_take_over_at_once_are_told_apart_by_the_database(db: Database, lin: Actor, chen: Actor) -> None:
    talk = await make.conversation(db, await make.channel(db), owner="queue", queued_at=NOW)
    takes = [db.write(routing.take_over, talk, by=by, now=NOW) for by in (lin, chen)]
    outcomes = await asyncio.gather(*takes, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes if outcome is not None] == [ConversationTaken]
    row = await db.read(desk.talk_of, talk)
    assert await db.read(desk.happened, talk) == [("taken", row.agent_id, {"waited": 0.0})]


async def test_what_the_platforms_own_console_serves_can_be_taken_over(db: Database, lin: Actor) -> None:
    talk = await make.conversation(db, await make.channel(db), owner="agent")
    await db.write(routing.take_over, talk, by=lin, now=NOW)
    assert (await db.read(desk.talk_of, talk)).agent_id == lin.id


async def test_nobody_takes_what_is_closed_or_not_there(db: Database, lin: Actor) -> None:
    talk = await make.conversation(db, await make.channel(db), closed_at=NOW)
    with pytest.raises(ConversationClosed):
        await db.write(routing.take_over, talk, by=lin, now=NOW)
    with pytest.raises(ConversationNotFound):
        await db.write(routing.take_over, 999, by=lin, now=NOW)


async def test_a_supervisor_takes_from_whom_he_sees_and_that_is_on_record(
    db: Database, lin: Actor, chen: Actor, zhou: Actor
) -> None:
    talk = await desk.taken(db, lin)
    with pytest.raises(ConversationTaken, match="林小满"):
        await db.write(routing.take_from, talk, by=zhou, expected=chen.id, now=NOW)
    await db.write(routing.take_from, talk, by=zhou, expected=lin.id, now=NOW)
    assert (await db.read(desk.talk_of, talk)).agent_id == zhou.id
    assert (await db.read(desk.happened, talk))[1:] == [("taken", zhou.id, {"former": lin.id})]
    assert await db.read(desk.audited) == [(zhou.id, {"former": lin.id})]


# -------------------- handed on


async def test_what_an_agent_gives_back_is_the_bots(db: Database, lin: Actor) -> None:
    talk = await desk.taken(db, lin)
    await desk.change(db, talk, waits_since=NOW, failures=2)
    await db.write(routing.release, talk, by=lin, now=NOW)
    row = await db.read(desk.talk_of, talk)
    assert (row.owner, row.agent_id, row.last_agent_id, row.waits_since, row.failures) == ("bot", None, lin.id, None, 0)
    assert (await db.read(desk.happened, talk))[-1] == ("released", lin.id, None)
    with pytest.raises(NotYours):
        await db.write(routing.release, talk, by=lin, now=NOW)


async def test_what_is_put_back_waits_as_long_as_the_viewer_has(db: Database, lin: Actor) -> None:
    talk = await desk.taken(db, lin)
    await desk.change(db, talk, waits_since=NOW - MINUTE)
    await db.write(routing.put_back, talk, by=lin, now=NOW)
    row = await db.read(desk.talk_of, talk)
    assert (row.owner, row.agent_id, row.queued_at, row.waits_since) == ("queue", None, NOW - MINUTE, NOW - MINUTE)


async def test_a_colleague_has_it_at_once(db: Database, lin: Actor, chen: Actor) -> None:
    talk = await desk.taken(db, lin)
    await db.write(routing.transfer, talk, by=lin, to_agent=chen.id, note=" 要退款 ", now=NOW)
    row = await db.read(desk.talk_of, talk)
    assert (row.owner, row.agent_id, row.last_agent_id) == ("agent", chen.id, chen.id)
    assert (await db.read(desk.happened, talk))[-1] == ("transferred", lin.id, {"to": chen.id})
    assert await db.read(desk.audited) == []


async def test_a_team_or_a_skill_has_it_in_the_queue(db: Database, lin: Actor) -> None:
    team = await make_team(db)
    talk = await desk.taken(db, lin)
    await db.write(routing.transfer, talk, by=lin, to_team=team, now=NOW)
    row = await db.read(desk.talk_of, talk)
    assert (row.owner, row.agent_id, row.team_id, row.skill, row.queued_at) == ("queue", None, team, None, NOW)
    await db.write(routing.take_over, talk, by=lin, now=NOW)
    await db.write(routing.transfer, talk, by=lin, to_skill="退款", now=NOW + MINUTE)
    row = await db.read(desk.talk_of, talk)
    assert (row.owner, row.team_id, row.skill, row.queued_at) == ("queue", None, "退款", NOW + MINUTE)


async def test_whoever_cannot_speak_gets_nothing(db: Database, lin: Actor, chen: Actor) -> None:
    talk = await desk.taken(db, lin)
    su = await make_agent(db, "su", roles=[Role.quality])
    await db.write(people.deactivate, chen.id, by=None, now=NOW)
    for nobody in (su.id, chen.id, 999):
        with pytest.raises(CannotTake):
            await db.write(routing.transfer, talk, by=lin, to_agent=nobody, now=NOW)
    team = await make_team(db)
    await db.write(teams.archive, team, by=None, now=NOW)
    for target in ({"to_team": team}, {}, {"to_agent": lin.id, "to_skill": "退款"}):
        given: dict[str, Any] = target
        with pytest.raises(NobodyNamed):
            await db.write(routing.transfer, talk, by=lin, now=NOW, **given)
    assert (await db.read(desk.talk_of, talk)).agent_id == lin.id


async def test_a_colleagues_is_handed_on_by_a_supervisor_alone(
    db: Database, lin: Actor, chen: Actor, zhou: Actor
) -> None:
    talk = await desk.taken(db, lin)
    with pytest.raises(ConversationTaken):
        await db.write(routing.transfer, talk, by=chen, to_agent=chen.id, now=NOW)
    await db.write(routing.transfer, talk, by=zhou, to_agent=chen.id, now=NOW)
    assert (await db.read(desk.talk_of, talk)).agent_id == chen.id
    assert await db.read(desk.audited) == [(zhou.id, {"did": "transferred", "former": lin.id})]


async def test_who_waits_can_be_handed_on_by_a_supervisor(db: Database, lin: Actor, zhou: Actor) -> None:
    talk = await make.conversation(db, await make.channel(db), owner="queue", queued_at=NOW - MINUTE)
    with pytest.raises(NotYours):
        await db.write(routing.transfer, talk, by=lin, to_skill="退款", now=NOW)
    await db.write(routing.transfer, talk, by=zhou, to_skill="退款", now=NOW)
    assert (await db.read(desk.talk_of, talk)).queued_at == NOW - MINUTE
    await db.write(routing.transfer, talk, by=zhou, to_agent=lin.id, now=NOW)
    assert (await db.read(desk.talk_of, talk)).agent_id == lin.id


async def test_whoever_is_gone_gives_all_up(db: Database, lin: Actor, chen: Actor) -> None:
    channel = await make.channel(db)
    talks = [await desk.taken(db, lin, f"v-{n}", channel=channel) for n in range(3)]
    await db.write(routing.resolve, talks[0], by=lin, now=NOW)
    other = await desk.taken(db, chen, "other", channel=channel)
    await desk.change(db, talks[1], waits_since=NOW - MINUTE)
    assert await db.write(routing.give_up_all, lin.id, now=NOW) == 2
    rows = [await db.read(desk.talk_of, talk) for talk in (*talks, other)]
    assert [row.owner for row in rows] == ["agent", "queue", "queue", "agent"]
    assert [row.queued_at for row in rows[1:3]] == [NOW - MINUTE, NOW]
    assert (await db.read(desk.happened, talks[1]))[-1] == ("queued", None, {"former": lin.id})
    assert await db.write(routing.give_up_all, lin.id, now=NOW) == 0


# -------------------- put off


async def test_one_puts_off_what_he_has_for_a_time(db: Database, lin: Actor, zhou: Actor) -> None:
    talk = await desk.taken(db, lin)
    for wrong in (NOW, NOW + 91 * DAY):
        with pytest.raises(WrongTime):
            await db.write(routing.snooze, talk, by=lin, until=wrong, now=NOW)
    with pytest.raises(ConversationTaken):
        await db.write(routing.snooze, talk, by=zhou, until=NOW + DAY, now=NOW)
    await db.write(routing.snooze, talk, by=lin, until=NOW + DAY, now=NOW)
    row = await db.read(desk.talk_of, talk)
    assert (row.snoozed_at, row.snoozed_until) == (NOW, NOW + DAY)
    for _ in range(2):
        await db.write(routing.wake, talk, by=lin, now=NOW)
    assert (await db.read(desk.talk_of, talk)).snoozed_until is None
    kinds = [kind for kind, *_ in await db.read(desk.happened, talk)]
    assert kinds == ["taken", "snoozed", "woken"]


async def test_priority_is_on_record(db: Database, lin: Actor) -> None:
    talk = await make.conversation(db, await make.channel(db), owner="queue", queued_at=NOW)
    for _ in range(2):
        await db.write(routing.set_priority, talk, by=lin, priority=2, now=NOW)
    assert await db.read(desk.happened, talk) == [("prioritised", lin.id, {"priority": 2})]
    assert await db.read(desk.audited, "conversations.prioritise") == [(lin.id, {"before": 0, "after": 2})]
    with pytest.raises(WrongPriority):
        await db.write(routing.set_priority, talk, by=lin, priority=3, now=NOW)


# -------------------- ended, and opened again


async def test_what_is_resolved_is_over_for_whoever_had_it(db: Database, lin: Actor, chen: Actor, zhou: Actor) -> None:
    talk = await desk.taken(db, lin)
    await desk.change(db, talk, waits_since=NOW)
    with pytest.raises(ConversationTaken):
        await db.write(routing.resolve, talk, by=chen, now=NOW)
    await db.write(routing.resolve, talk, by=lin, now=NOW)
    row = await db.read(desk.talk_of, talk)
    assert (row.closed_at, row.closed_by, row.agent_id, row.waits_since) == (NOW, lin.id, lin.id, None)
    with pytest.raises(ConversationClosed):
        await db.write(routing.resolve, talk, by=zhou, now=NOW)


async def test_a_supervisor_ends_what_nobody_has(db: Database, lin: Actor, zhou: Actor) -> None:
    talk = await make.conversation(db, await make.channel(db), owner="queue", queued_at=NOW)
    with pytest.raises(NotYours):
        await db.write(routing.resolve, talk, by=lin, now=NOW)
    await db.write(routing.resolve, talk, by=zhou, now=NOW)
    row = await db.read(desk.talk_of, talk)
    assert (row.owner, row.queued_at, row.closed_by) == ("bot", None, zhou.id)
    await db.write(routing.reopen, talk, by=lin, now=NOW)
    assert (await db.read(desk.talk_of, talk)).agent_id == lin.id


async def test_what_was_said_before_the_end_still_leaves(db: Database, lin: Actor) -> None:
    account = await db.write(do.account)
    talk = await db.write(do.viewer, account.channel_id)
    await db.write(do.writes, talk)
    await db.write(routing.take_over, talk, by=lin, now=NOW)
    said = await db.write(do.says, talk, author=str(lin.id))
    await db.write(routing.resolve, talk, by=lin, now=NOW)
    assert [draft.message_id for draft in await db.write(do.leave, account)] == [said]


async def test_it_is_opened_again_for_whoever_had_it(db: Database, lin: Actor, chen: Actor) -> None:
    talk = await desk.taken(db, lin)
    with pytest.raises(StillOpen):
        await db.write(routing.reopen, talk, by=lin, now=NOW)
    await db.write(routing.resolve, talk, by=lin, now=NOW)
    with pytest.raises(ConversationTaken):
        await db.write(routing.reopen, talk, by=chen, now=NOW)
    await db.write(routing.reopen, talk, by=lin, now=NOW)
    row = await db.read(desk.talk_of, talk)
    assert (row.closed_at, row.closed_by, row.owner, row.agent_id) == (None, None, "agent", lin.id)
    assert [kind for kind, *_ in await db.read(desk.happened, talk)] == ["taken", "resolved", "reopened"]


async def test_a_viewer_with_a_newer_conversation_goes_on_there(db: Database, lin: Actor) -> None:
    talk = await desk.taken(db, lin)
    newer = await db.write(do.next_conversation, talk, NOW)
    with pytest.raises(NewerConversation) as refused:
        await db.write(routing.reopen, talk, by=lin, now=NOW)
    assert refused.value.conversation_id == newer
