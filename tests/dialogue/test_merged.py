"""What a viewer writes after his ticket was merged into one of another conversation, and who hears of it."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agents.rights import Actor
from app.channels.content import Image
from app.channels.outbound import Text
from app.conversations.attachments import Attachment, AttachmentState
from app.conversations.models import Conversation
from app.desk import replies
from app.desk.tickets import assigning, merging, notices, reaching, reading, telling
from app.desk.tickets.telling import Then
from app.tickets import clocks, finding, views
from app.tickets.deadline_models import Metric
from app.tickets.models import Ticket, TicketEvent
from app.tickets.service import ELSEWHERE
from tests.db.gates import Gate, until_blocked
from tests.dialogue.conftest import Talk
from tests.factories import deadlines
from tests.factories.counting import counting

HUMAN = "会员没到账，转人工"


@pytest.fixture
def write_limit() -> None:
    """None: rules wait on purpose in one of these."""


def tickets(session: Session) -> list[Ticket]:
    return list(session.scalars(select(Ticket).order_by(Ticket.id)))


def added(session: Session, ticket_id: int) -> list[str]:
    own = (TicketEvent.ticket_id == ticket_id, TicketEvent.kind == "added")
    return list(session.scalars(select(TicketEvent.text).where(*own).order_by(TicketEvent.id)))


def running(session: Session, ticket_id: int) -> set[str]:
    return {clock.metric for clock in clocks.running(session, ticket_id)}


def close_talk(session: Session, now: object) -> None:
    for each in session.scalars(select(Conversation)):
        each.closed_at = each.closed_at or now  # type: ignore[assignment]
        each.owner = "bot"


@pytest.fixture
async def pair(talk: Talk, lin: Actor) -> tuple[int, int]:
    """(the ticket of his conversation now, the one of his earlier one, which lin has and has answered)."""
    await deadlines.policy(talk.db, next_response_m=60)
    await talk.say(HUMAN)
    await talk.db.write(close_talk, talk.now)
    talk.now += timedelta(days=2)
    await talk.say("第8集没有字幕，转人工")
    older, newer = [ticket.id for ticket in await talk.db.read(tickets)]
    await talk.db.write(assigning.give, older, by=lin, owner_id=lin.id, now=talk.now)
    await talk.db.write(
        telling.tell, older, by=lin, text="在查了", then=Then.goes_on, key="told-once", now=talk.now
    )  # fmt: skip
    return newer, older


async def merge(talk: Talk, source: int, into: int, by: Actor) -> None:
    await talk.db.write(merging.merge, source, by=by, into=into, now=talk.now)


async def test_words_go_to_the_ticket_that_goes_on_and_its_owner_is_told(
    talk: Talk, lin: Actor, chen: Actor, pair: tuple[int, int]
) -> None:
    source, target = pair
    await merge(talk, source, target, chen)
    await talk.db.write(notices.see, target, by=lin, now=talk.now)
    await talk.say("电视上也没有字幕")
    assert await talk.db.read(added, target) == ["电视上也没有字幕"]
    assert await talk.db.read(added, source) == []
    assert Metric.next_response in await talk.db.read(running, target)
    assert [(notice.ticket_id, notice.text) for notice in await talk.db.read(notices.list_unseen, by=lin)] == [
        (target, "电视上也没有字幕")
    ]


async def test_once_the_merge_is_undone_words_go_to_the_first_one_again(
    talk: Talk, lin: Actor, pair: tuple[int, int]
) -> None:
    source, target = pair
    await merge(talk, source, target, lin)
    await talk.say("电视上也没有字幕")
    await talk.db.write(merging.unmerge, source, by=lin, now=talk.now)
    await talk.say("手机上有")
    assert await talk.db.read(added, target) == ["电视上也没有字幕"]
    assert await talk.db.read(added, source) == ["手机上有"]


async def test_also_where_it_was_merged_on_and_on(talk: Talk, lin: Actor, pair: tuple[int, int]) -> None:
    source, target = pair
    await merge(talk, source, target, lin)
    (view,) = (await talk.db.read(views.going_on, [source])).values()
    assert view.ticket_id == target
    await talk.db.write(lambda session: session.add(_another(session, target)))
    third = (await talk.db.read(tickets))[-1].id
    await merge(talk, target, third, lin)
    await talk.say("电视上也没有字幕")
    assert await talk.db.read(added, third) == ["电视上也没有字幕"]


def _another(session: Session, like: int) -> Ticket:
    given = session.get_one(Ticket, like)
    return Ticket(
        number=9999, kind="fault", status="open", priority="normal", subject="没有字幕", source="wechat",
        viewer_id=given.viewer_id, opened_at=given.opened_at, updated_at=given.opened_at,
    )  # fmt: skip


async def test_a_picture_is_shown_with_its_line(talk: Talk, lin: Actor, pair: tuple[int, int]) -> None:
    source, target = pair
    await merge(talk, source, target, lin)
    await talk.say(Image("https://pictures.example/1.jpg", "MEDIA1"))
    await talk.db.write(_store_file)
    sheet = await talk.db.read(reading.read, target, by=lin, account=None, now=talk.now)
    (line,) = [line for line in sheet.lines if line.kind == "added"]
    assert len(line.pictures) == 1
    assert ELSEWHERE in line.detail


def _store_file(session: Session) -> None:
    """As if the platform's file had been fetched."""
    held = session.scalars(select(Attachment)).one()
    held.state, held.storage_key = AttachmentState.stored, "k"


async def test_a_persons_word_in_his_conversation_answers_the_one_that_goes_on(
    talk: Talk, lin: Actor, pair: tuple[int, int]
) -> None:
    source, target = pair
    await merge(talk, source, target, lin)
    await talk.say("电视上也没有字幕")
    place = (await talk.db.read(finding.get, source)).conversation_id
    assert place is not None
    await talk.db.write(_give_talk, place, lin.id)
    await talk.db.write(
        replies.send, place, by=lin, message=Text("看到了"), seen_seq=99, key="said-once", now=talk.now
    )  # fmt: skip
    assert Metric.next_response not in await talk.db.read(running, target)


def _give_talk(session: Session, conversation_id: int, agent_id: int) -> None:
    talk = session.get_one(Conversation, conversation_id)
    talk.owner, talk.agent_id, talk.queued_at = "agent", agent_id, None


async def test_a_call_that_took_over_his_ticket_gives_him_back(talk: Talk, lin: Actor) -> None:
    """Newer than his own: what he writes must not stay with it."""
    await talk.say(HUMAN)
    (own,) = await talk.db.read(tickets)
    await talk.db.write(lambda session: session.add(_call(own)))
    call = (await talk.db.read(tickets))[-1].id
    await merge(talk, own.id, call, lin)
    assert (await talk.db.read(finding.get, call)).viewer_id == own.viewer_id
    await talk.say("订单是昨天的")
    await talk.db.write(merging.unmerge, own.id, by=lin, now=talk.now)
    await talk.say("今天又扣了")
    assert (await talk.db.read(finding.get, call)).conversation_id is None
    assert (await talk.db.read(added, call), await talk.db.read(added, own.id)) == (["订单是昨天的"], ["今天又扣了"])


def _call(like: Ticket) -> Ticket:
    return Ticket(
        number=9998, kind="refund", status="open", priority="normal", subject="会员没到账", source="phone",
        contact="138****6620", opened_at=like.opened_at, updated_at=like.opened_at,
    )  # fmt: skip


async def test_answers_go_where_he_wrote_last(talk: Talk, lin: Actor, pair: tuple[int, int]) -> None:
    """The survivor belongs to a conversation that is over; he reads in the one that he has."""
    source, target = pair
    here = (await talk.db.read(finding.get, source)).conversation_id
    await merge(talk, source, target, lin)

    def place(session: Session) -> int | None:
        return reaching.place_of(session, finding.get(session, target))

    assert await talk.db.read(place) == here


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_what_comes_while_it_is_merged_is_passed_on(
    talk: Talk, database_url: str, lin: Actor, chen: Actor, pair: tuple[int, int]
) -> None:
    source, target = pair
    await talk.db.write(notices.see, target, by=lin, now=talk.now)
    gate = Gate()

    def merged(session: Session) -> None:
        merging.merge(session, source, by=chen, into=target, now=talk.now)
        gate.stop(session)

    merging_ = asyncio.create_task(talk.db.write(merged))
    await gate.reached()
    saying = asyncio.create_task(talk.say("电视上也没有字幕"))
    await until_blocked(database_url)
    gate.open()
    await asyncio.gather(merging_, saying)
    assert await talk.db.read(added, target) == ["电视上也没有字幕"]
    told = await talk.db.read(notices.list_unseen, by=lin)
    assert [notice.text for notice in told if notice.kind == "added"] == ["电视上也没有字幕"]


async def test_it_costs_a_statement_where_something_was_merged_and_none_elsewhere(
    talk: Talk, pair: tuple[int, int]
) -> None:
    look = counting(views.going_on)
    assert [await talk.db.read(look, ids) for ids in ((), pair[:1], pair)] == [0, 1, 1]
