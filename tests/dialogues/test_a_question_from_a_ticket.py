"""A person asks from a ticket, and the viewer answers where he always writes: no dialogue of its own, but of many."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.agents.rights import Actor
from app.conversations import routing
from app.conversations.models import Conversation
from app.desk.tickets import labelling, telling
from app.desk.tickets.telling import Then
from app.tickets.models import Ticket, TicketEvent, TicketNotice
from tests.dialogues.stage import Stage, Viewer
from tests.factories import deadlines, ticketing
from tests.factories.people import make_agent

QUESTION, ANSWER = "请问是手机上还是电视上？", "电视上看的，第7集没有声音"


@pytest.fixture
async def agent(stage: Stage) -> Actor:
    return await make_agent(stage.db, "lin")


@pytest.fixture
async def viewer(stage: Stage) -> Viewer:
    viewer = stage.viewer("小林")
    await viewer.says("你好")
    return viewer


@pytest.fixture
async def ticket(stage: Stage, viewer: Viewer) -> Ticket:
    await deadlines.policy(stage.db, next_response_m=30, resolution_m=600)
    return await viewer.had_ticket(20397, "第 7 集没有声音", opened=datetime.now(UTC) - timedelta(hours=1))


async def asked(stage: Stage, ticket: Ticket, by: Actor) -> None:
    now = datetime.now(UTC)
    await stage.db.write(telling.tell, ticket.id, by=by, text=QUESTION, then=Then.asks, key="k", now=now)


async def test_his_next_words_answer_it_and_the_work_goes_on(
    stage: Stage, viewer: Viewer, ticket: Ticket, agent: Actor
) -> None:
    watcher = await make_agent(stage.db, "chen")
    await stage.db.write(ticketing.give, ticket.id, agent.id)
    await stage.db.write(labelling.watch, ticket.id, by=watcher, now=datetime.now(UTC))
    await asked(stage, ticket, agent)
    assert await stage.db.read(deadlines.dues, ticket.id) == {"resolution": None}
    assert QUESTION in await viewer.says("在吗")  # where nothing leaves by itself it rides on the next response
    waiting = await viewer.ticket()
    assert (waiting.status, waiting.asked) == ("waiting", QUESTION)

    thanked = await viewer.says(ANSWER)
    answered = await viewer.ticket()
    assert (answered.status, answered.asked, answered.waiting_since) == ("in_progress", None, None)
    last = (await stage.history(ticket))[-1]
    assert (last.kind, last.author, last.text) == ("answered", "viewer", ANSWER)
    assert answered.due_at == stage.calendar.end_of_working_day(last.at, 1)
    assert thanked.said[-1].text.endswith("前答复您。")
    dues = await stage.db.read(deadlines.dues, ticket.id)
    assert set(dues) == {"resolution", "promise", "next_response"}
    assert None not in dues.values()
    assert dues["promise"] == answered.due_at

    assert await stage.db.read(notices, agent.id) == ["answered"]
    assert await stage.db.read(notices, watcher.id) == ["asked", "answered"]

    again = await viewer.says("第7集还要等多久")
    assert (await viewer.ticket()).status == "in_progress"
    assert not any(line.kind == "answered" and line.text == again.text for line in await stage.history(ticket))


async def test_days_later_his_words_still_answer_it(stage: Stage, viewer: Viewer, ticket: Ticket, agent: Actor) -> None:
    """A silence ends what the bot asked, not what a person did."""
    await asked(stage, ticket, agent)
    await viewer.says("在吗")
    await stage.db.write(be_silent, timedelta(days=2))
    await viewer.says(ANSWER)
    assert (await viewer.ticket()).status == "in_progress"
    assert len({message.conversation_id for message in await viewer.messages()}) == 1


async def test_what_lapsed_answers_nothing(stage: Stage, viewer: Viewer, ticket: Ticket, agent: Actor) -> None:
    long_ago = datetime.now(UTC) - telling.ANSWERED_WITHIN - timedelta(hours=1)
    await stage.db.write(telling.tell, ticket.id, by=agent, text=QUESTION, then=Then.asks, key="k", now=long_ago)
    await viewer.says("在吗")
    await viewer.says(ANSWER)
    assert (await viewer.ticket()).status == "waiting"


async def test_a_question_in_a_conversation_that_was_ended_is_answered_there(
    stage: Stage, viewer: Viewer, ticket: Ticket, agent: Actor
) -> None:
    talk, now = (await viewer.messages())[0].conversation_id, datetime.now(UTC)
    await stage.db.write(routing.take_over, talk, by=agent, now=now)
    await stage.db.write(routing.resolve, talk, by=agent, now=now)
    await asked(stage, ticket, agent)
    assert QUESTION in await viewer.says("在吗")
    assert (await viewer.says(ANSWER)).conversation.id == talk
    assert (await viewer.ticket()).status == "in_progress"


async def test_who_has_not_seen_the_question_does_not_answer_it(
    stage: Stage, viewer: Viewer, ticket: Ticket, agent: Actor
) -> None:
    await asked(stage, ticket, agent)
    first = await viewer.says("我的会员又没了")
    assert QUESTION in first
    assert (await viewer.ticket()).status == "waiting"


def notices(session: Session, agent_id: int) -> list[str]:
    """The kinds of lines that somebody was told of."""
    rows = select(TicketEvent.kind).join(TicketNotice, TicketNotice.event_id == TicketEvent.id)
    return list(session.scalars(rows.where(TicketNotice.agent_id == agent_id).order_by(TicketEvent.id)))


def be_silent(session: Session, for_so_long: timedelta) -> None:
    session.execute(update(Conversation).values(viewer_wrote_at=datetime.now(UTC) - for_so_long))
