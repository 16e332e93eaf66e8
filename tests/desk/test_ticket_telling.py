"""What a person tells the viewer of a ticket."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.agents.rights import Actor
from app.channels.outbound import Text
from app.channels.text import split_text
from app.conversations import routing
from app.conversations.history import HistoryEntry
from app.conversations.models import Channel, Conversation, Message
from app.db.base import Base
from app.db.database import Database
from app.desk import words
from app.desk.models import SentKey
from app.desk.replies import TextTooLong
from app.desk.tickets import closing, telling
from app.desk.tickets.closing import TextMissing
from app.desk.tickets.reaching import InGroup, NoWay
from app.desk.tickets.telling import Then, Told
from app.desk.words import WordBlocked, WordDoubtful
from app.jobs.models import Job, Priority
from app.tickets.finding import TicketClosed
from app.tickets.models import Satisfaction, TicketEvent, TicketStatus
from app.viewers.models import Identity
from tests.factories import conversations as make
from tests.factories import deadlines, desk, ticketing
from tests.factories import delivering as do
from tests.factories.conversations import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
GROUP = "group:G1:M1"
"""A member of a QQ group, as its platform writes such addresses."""


@pytest.fixture
async def talk(db: Database) -> int:
    return await make.conversation(db, await make.channel(db))


@pytest.fixture
async def ticket(db: Database, talk: int) -> int:
    return await ticketing.ticket(db, conversation_id=talk, viewer_id=await db.read(viewer_of, talk), number=7001)


def viewer_of(session: Session, talk: int) -> int:
    own = select(Identity.viewer_id).join(Conversation, Conversation.identity_id == Identity.id)
    return session.scalars(own.where(Conversation.id == talk)).one()


async def tell(
    db: Database, ticket: int, by: Actor, text: str = "正在补字幕", then: Then = Then.goes_on, **given: Any
) -> Told:
    given.setdefault("key", text)
    return await db.write(telling.tell, ticket, by=by, text=text, then=then, now=NOW, **given)


def said(session: Session, talk: int) -> list[str]:
    own = (Message.conversation_id == talk, Message.direction == "out")
    return list(session.scalars(select(Message.text).where(*own).order_by(Message.seq)))


def history(session: Session, ticket: int) -> list[TicketEvent]:
    own = select(TicketEvent).where(TicketEvent.ticket_id == ticket)
    return list(session.scalars(own.order_by(TicketEvent.id)))


async def test_it_waits_to_leave_as_a_persons_word_and_stands_in_the_history(
    db: Database, talk: int, ticket: int, lin: Actor
) -> None:
    await desk.change(db, talk, waits_since=NOW)
    told = await tell(db, ticket, lin)
    message = await db.read(do.message, told.message_id)
    assert (message.conversation_id, message.author, message.state) == (talk, str(lin.id), "queued")
    assert message.text == "【工单 T-7001】\n正在补字幕"
    assert (await db.read(do.lane, talk)).priority == Priority.agent.rank
    (line,) = await db.read(history, ticket)
    assert (line.id, line.kind, line.author, line.text) == (told.event_id, "replied", str(lin.id), "正在补字幕")
    assert line.message_id == told.message_id
    row = await db.read(deadlines.ticket_of, ticket)
    assert (row.status, row.responded_at) == (TicketStatus.in_progress, NOW)
    assert (await db.read(desk.talk_of, talk)).waits_since is None


async def test_he_is_told_in_his_newest_conversation_there(db: Database, talk: int, ticket: int, lin: Actor) -> None:
    identity = (await db.read(desk.talk_of, talk)).identity_id
    await desk.change(db, talk, closed_at=NOW)
    channel_id = (await db.read(desk.talk_of, talk)).channel_id
    newest = await db.write(do.conversation, channel_id, identity, NOW + HOUR)
    told = await tell(db, ticket, lin)
    assert (await db.read(do.message, told.message_id)).conversation_id == newest


async def test_of_a_call_he_is_told_where_he_writes(db: Database, talk: int, lin: Actor) -> None:
    called = await ticketing.ticket(db, source="phone", viewer_id=await db.read(viewer_of, talk))
    told = await tell(db, called, lin)
    assert (await db.read(do.message, told.message_id)).conversation_id == talk


async def test_of_a_call_he_is_told_alone_though_he_wrote_in_a_group_since(db: Database, talk: int, lin: Actor) -> None:
    viewer, channel_id = await db.read(viewer_of, talk), await make.channel(db, "qq")
    await db.write(lambda s: s.execute(update(Channel).where(Channel.id == channel_id).values(platform="qq")) and None)
    group = await make.conversation(db, channel_id, GROUP)
    identity = (await db.read(desk.talk_of, group)).identity_id
    own = update(Identity).where(Identity.id == identity).values(viewer_id=viewer)
    await db.write(lambda s: s.execute(own) and None)
    called = await ticketing.ticket(db, source="phone", viewer_id=viewer)
    told = await tell(db, called, lin)
    assert (await db.read(do.message, told.message_id)).conversation_id == talk


@pytest.mark.parametrize(
    ("then", "status", "kind", "words"),
    [
        (Then.goes_on, "in_progress", "replied", "【工单 T-7001】"),
        (Then.asks, "waiting", "asked", "想向您核实"),
        (Then.closes, "closed", "closed", "已经处理完"),
    ],
)
async def test_what_becomes_of_the_ticket_with_it(
    db: Database, talk: int, ticket: int, lin: Actor, then: Then, status: str, kind: str, words: str
) -> None:
    await tell(db, ticket, lin, then=then)
    row = await db.read(deadlines.ticket_of, ticket)
    assert (row.status, row.asked) == (status, "正在补字幕" if then is Then.asks else None)
    assert [line.kind for line in await db.read(history, ticket)] == [kind]
    assert words in (await db.read(said, talk))[0]
    assert row.responded_at == NOW


async def test_a_repeat_says_nothing(db: Database, talk: int, ticket: int, lin: Actor, chen: Actor) -> None:
    first = await tell(db, ticket, lin, then=Then.closes, key="k")
    assert await tell(db, ticket, lin, then=Then.closes, key="k") == Told(first.message_id, None)
    assert len(await db.read(said, talk)) == 1
    await db.write(closing.reopen, ticket, by=chen, text="没好", now=NOW)
    other = await tell(db, ticket, chen, key="k")  # a colleague's key is another
    assert other.event_id is not None
    assert len(await db.read(said, talk)) == 2


async def test_a_closed_ticket_tells_nothing(db: Database, talk: int, ticket: int, lin: Actor) -> None:
    await db.write(closing.close, ticket, by=lin, text="好了", now=NOW)
    with pytest.raises(TicketClosed):
        await tell(db, ticket, lin)
    assert await db.read(said, talk) == []


async def test_in_a_group_nothing_is_said(db: Database, lin: Actor) -> None:
    channel_id = await make.channel(db)
    await db.write(lambda s: s.execute(update(Channel).values(platform="qq")) and None)
    group = await make.conversation(db, channel_id, GROUP)
    ticket = await ticketing.ticket(db, conversation_id=group)
    with pytest.raises(InGroup):
        await tell(db, ticket, lin)
    assert await db.read(said, group) == []


async def test_without_a_way_to_him_nothing_is_said(db: Database, lin: Actor) -> None:
    called = await ticketing.ticket(db, source="phone", contact="王女士 138****0000")
    with pytest.raises(NoWay):
        await tell(db, called, lin)
    assert await db.read(history, called) == []


async def test_sensitive_words_hold_it_up(db: Database, talk: int, ticket: int, lin: Actor, zhou: Actor) -> None:
    def add(session: Session) -> None:
        words.add(session, by=None, words=["竞品"], blocks=True, advice="", now=NOW)
        words.add(session, by=None, words=["保证"], blocks=False, advice="", now=NOW)

    await db.write(add)
    with pytest.raises(WordBlocked):
        await tell(db, ticket, lin, "竞品也这样", even_if_doubtful=True)
    with pytest.raises(WordDoubtful):
        await tell(db, ticket, lin, "保证明天好")
    assert (await db.read(said, talk), await db.read(history, ticket)) == ([], [])
    assert (await db.read(deadlines.ticket_of, ticket)).responded_at is None
    await tell(db, ticket, lin, "保证明天好", even_if_doubtful=True)
    assert len(await db.read(said, talk)) == 1


async def test_a_long_text_leaves_in_pieces_and_is_one_line(db: Database, talk: int, ticket: int, lin: Actor) -> None:
    text = "已经核对片源。" * 300
    told = await tell(db, ticket, lin, text)
    pieces = await db.read(said, talk)
    assert len(pieces) == len(split_text(f"【工单 T-7001】\n{text}", 2047)) > 1
    assert "".join(pieces) == f"【工单 T-7001】\n{text}"
    first = await db.read(do.message, told.message_id)
    assert first.text == pieces[0]
    assert len(await db.read(history, ticket)) == 1


@pytest.mark.parametrize("text", ["", " \n ", "长" * (closing.LONGEST + 1), "\x00"])
async def test_nothing_and_too_much_is_refused(db: Database, talk: int, ticket: int, lin: Actor, text: str) -> None:
    with pytest.raises(TextMissing):
        await tell(db, ticket, lin, text, key="k")
    assert await db.read(said, talk) == []


async def test_more_than_the_platform_takes_is_refused(db: Database, talk: int, ticket: int, lin: Actor) -> None:
    with pytest.raises(TextTooLong):
        await tell(db, ticket, lin, "长" * closing.LONGEST, key="k")
    assert (await db.read(said, talk), await db.read(history, ticket)) == ([], [])


@pytest.mark.parametrize("has_notice", [False, True])
async def test_where_his_window_is_closed_it_waits_or_the_approved_notice_leaves(
    db: Database, lin: Actor, has_notice: bool
) -> None:
    """Which of the two is decided when it would leave, and stands on the message."""
    account = await db.write(do.account)
    talk = await db.write(do.viewer, account.channel_id)
    await db.write(do.writes, talk, NOW - 3 * DAY)
    ticket = await ticketing.ticket(db, conversation_id=talk)
    told = await tell(db, ticket, lin, announcement=do.NOTICE if has_notice else None)
    drafts = await db.write(do.leave, account)
    job = await db.read(do.job, told.message_id)
    assert job is not None
    assert [draft.message for draft in drafts] == ([do.NOTICE] if has_notice else [])
    assert (job.waits == "window") is not has_notice
    if not has_notice:
        assert (await db.read(do.message, told.message_id)).state == "queued"
        await db.write(do.writes, talk, NOW)
        (draft,) = await db.write(do.leave, account)
        assert isinstance(draft.message, Text)


async def test_a_long_text_is_announced_once(db: Database, lin: Actor) -> None:
    account = await db.write(do.account)
    talk = await db.write(do.viewer, account.channel_id)
    await db.write(do.writes, talk, NOW - 3 * DAY)
    ticket = await ticketing.ticket(db, conversation_id=talk)
    await tell(db, ticket, lin, text="长" * 2000, announcement=do.NOTICE)
    assert len(await db.read(said, talk)) > 1
    (notice,) = await db.write(do.leave, account)
    await db.write(do.settle, do.arrived(notice))
    assert await db.write(do.leave, account) == []
    states = select(Message.state).where(Message.conversation_id == talk, Message.direction == "out")
    assert await db.read(lambda session: set(session.scalars(states))) == {"queued"}


# -------------------- what he answers


async def test_a_question_opens_what_was_ended_and_the_bot_hears_the_answer(
    db: Database, talk: int, ticket: int, lin: Actor
) -> None:
    await db.write(routing.take_over, talk, by=lin, now=NOW)
    await db.write(routing.resolve, talk, by=lin, now=NOW)
    await tell(db, ticket, lin)
    assert (await db.read(desk.talk_of, talk)).closed_at is not None  # a word alone asks nothing
    await tell(db, ticket, lin, "哪一集？", Then.asks)
    row = await db.read(desk.talk_of, talk)
    assert (row.closed_at, row.closed_by, row.owner, row.agent_id) == (None, None, "bot", None)
    assert (row.awaiting or "").startswith("answer\n")
    kinds = select(HistoryEntry.kind).where(HistoryEntry.conversation_id == talk).order_by(HistoryEntry.id)
    assert (await db.read(lambda s: s.scalars(kinds).all()))[-1] == "reopened"


async def test_whoever_speaks_with_him_hears_the_answer_himself(
    db: Database, talk: int, ticket: int, lin: Actor, chen: Actor
) -> None:
    await db.write(routing.take_over, talk, by=chen, now=NOW)
    await tell(db, ticket, lin, "哪一集？", Then.asks)
    row = await db.read(desk.talk_of, talk)
    assert (row.owner, row.agent_id, row.awaiting) == ("agent", chen.id, None)


async def test_who_was_asked_how_content_he_is_is_asked_whether_it_is_done_when_it_is_closed_again(
    db: Database, talk: int, ticket: int, lin: Actor
) -> None:
    await tell(db, ticket, lin, "好了", Then.closes)
    assert (await db.read(desk.talk_of, talk)).awaiting is None
    await db.write(lambda s: s.execute(update(Satisfaction).values(ask_at=None, asked_at=NOW)) and None)
    await db.write(closing.reopen, ticket, by=lin, text="没好", now=NOW)
    await tell(db, ticket, lin, "重新压制了", Then.closes)
    first, again = await db.read(said, talk)
    assert "解决了吗" not in first
    assert again == telling.CLOSES_AGAIN.format(number="T-7001", text="重新压制了")
    assert ((await db.read(desk.talk_of, talk)).awaiting or "").startswith("solved\n")


async def test_whom_the_survey_still_asks_is_not_asked_twice(db: Database, talk: int, ticket: int, lin: Actor) -> None:
    await tell(db, ticket, lin, "好了", Then.closes)
    await db.write(closing.reopen, ticket, by=lin, text="没好", now=NOW)
    await tell(db, ticket, lin, "重新压制了", Then.closes)
    assert "解决了吗" not in (await db.read(said, talk))[-1]


async def test_what_is_refused_leaves_no_trace(db: Database, talk: int, ticket: int, lin: Actor) -> None:
    await db.write(closing.close, ticket, by=lin, text="好了", now=NOW)
    with pytest.raises(TicketClosed):
        await tell(db, ticket, lin, "哪一集？", Then.asks)
    assert await db.read(count, Job) == await db.read(count, SentKey) == 0


def count(session: Session, model: type[Base]) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0
