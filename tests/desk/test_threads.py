"""One conversation as people read it."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.agents.rights import Actor
from app.channels.delivery import Media
from app.channels.outbound import Choice, Text
from app.conversations import attachments, history, outbox, routing
from app.conversations.history import Kind
from app.conversations.models import Conversation, Message, MessageState
from app.conversations.refusals import ConversationNotFound
from app.db.database import Database
from app.desk import threads
from app.desk.models import Mention, ReadMark
from app.desk.threads import Happened, Said, Thread
from app.jobs.models import Priority
from tests.factories import conversations as make
from tests.factories import delivering as do
from tests.factories import desk
from tests.factories.conversations import NOW
from tests.factories.counting import counting
from tests.factories.people import make_team

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@pytest.fixture
async def talk(db: Database, lin: Actor) -> int:
    """The viewer has written once, and lin has taken over."""
    return await desk.taken(db, lin)


async def read(db: Database, talk: int, by: Actor, *, before: int | None = None, limit: int = 50) -> Thread:
    return await db.read(threads.read, talk, by=by, before=before, limit=limit, now=NOW)


def told(thread: Thread) -> list[str]:
    """seq of what was said, kind of what happened."""
    return [str(item.seq) if isinstance(item, Said) else item.kind for item in thread.items]


async def test_what_was_said_and_what_happened_stand_in_their_order(db: Database, talk: int, lin: Actor) -> None:
    await make.message(db, talk, "好的")
    await desk.hear(db, talk)
    await db.write(routing.snooze, talk, by=lin, until=NOW + DAY, now=NOW)
    await db.write(routing.wake, talk, by=lin, now=NOW)
    thread = await read(db, talk, lin)
    assert told(thread) == ["1", "taken", "2", "3", "snoozed", "woken"]
    assert (thread.older, thread.read_seq, thread.newest_seq) == (None, 0, 3)


async def test_a_long_thread_comes_in_pages_without_gap_or_repeat(db: Database, talk: int, lin: Actor) -> None:
    for n in range(6):
        await desk.hear(db, talk)
        if n % 2:
            await db.write(routing.set_priority, talk, by=lin, priority=n // 2, now=NOW)
    whole = await read(db, talk, lin)
    pages = [await read(db, talk, lin, limit=3)]
    while pages[0].older is not None:
        pages.insert(0, await read(db, talk, lin, before=pages[0].older, limit=3))
    assert [item for page in pages for item in page.items] == list(whole.items)
    assert len(pages) == 3


async def test_a_conversation_in_which_nothing_was_said_has_a_thread(db: Database, lin: Actor) -> None:
    talk = await make.conversation(db, await make.channel(db), wrote_at=None)
    await db.write(routing.take_over, talk, by=lin, now=NOW)
    assert told(await read(db, talk, lin)) == ["taken"]


async def test_only_what_is_new(db: Database, talk: int, lin: Actor) -> None:
    await desk.hear(db, talk)
    await db.write(routing.set_priority, talk, by=lin, priority=1, now=NOW)
    thread = await db.read(threads.read_new, talk, by=lin, since_seq=1, now=NOW)
    assert told(thread) == ["taken", "2", "prioritised"]


async def test_the_head_tells_who_it_is_and_how_it_stands(db: Database, talk: int, lin: Actor, zhou: Actor) -> None:
    team = await make_team(db)
    await desk.change(db, talk, team_id=team, skill="退款", priority=2, title="长风渡", waits_since=NOW)

    def mark(session: Session) -> None:
        session.add(ReadMark(agent_id=zhou.id, conversation_id=talk, seq=1))

    await db.write(mark)
    thread = await read(db, talk, zhou)
    head = thread.head
    assert (head.id, head.viewer, head.is_vip, head.is_group) == (talk, "微信观众 ·id-1", False, False)
    assert (head.platform, head.channel, head.owner, head.agent_id, head.agent) == (
        "wechat", "main-openid-1", "agent", lin.id, "林小满",
    )  # fmt: skip
    assert (head.team, head.skill, head.priority, head.title) == ("会员服务", "退款", 2, "长风渡")
    assert (head.waits_since, head.last_seq, head.heard_seq, thread.read_seq) == (NOW, 1, 1, 1)
    await db.write(routing.resolve, talk, by=zhou, now=NOW)
    assert (await read(db, talk, lin)).head.closed_by == "周正"


async def test_what_was_put_off_is_not_once_the_viewer_writes(db: Database, talk: int, lin: Actor) -> None:
    await db.write(routing.snooze, talk, by=lin, until=NOW + DAY, now=NOW)
    assert (await read(db, talk, lin)).head.snoozed_until == NOW + DAY
    await desk.hear(db, talk, NOW + MINUTE)
    assert (await read(db, talk, lin)).head.snoozed_until is None


async def test_a_message_tells_how_it_fares_and_why_it_waits(db: Database, lin: Actor) -> None:
    account = await db.write(do.account)
    talk = await db.write(do.viewer, account.channel_id)
    said = await db.write(do.says, talk, "等您回来", author=str(lin.id))
    await db.write(do.leave, account)
    (item,) = (await read(db, talk, lin)).items
    assert isinstance(item, Said)
    assert (item.id, item.side, item.author_name, item.agent_id) == (said, "agent", "林小满", lin.id)
    assert (item.state, item.waits, item.until, item.via) == ("queued", "window", None, "outbox")


async def test_an_answer_of_the_bot_says_where_it_came_from_and_what_can_be_tapped(
    db: Database, talk: int, lin: Actor
) -> None:
    choices = (Choice("intent:human", "转人工"),)
    said = await db.write(
        outbox.post, talk, Text("请选择", choices), author="bot", priority=Priority.bot, now=NOW
    )  # fmt: skip

    def note_source(session: Session) -> None:
        data = {"entry": "membership.refund", "version": "abc", "score": 0.9, "choices": [["intent:human", "转人工"]]}
        session.execute(update(Message).where(Message.id == said).values(data=data))

    await db.write(note_source)
    item = (await read(db, talk, lin)).items[-1]
    assert isinstance(item, Said)
    assert (item.side, item.author_name, item.choices) == ("bot", "", choices)
    assert item.source == threads.Source("membership.refund", "abc", 0.9, None)


async def test_files_stand_with_the_message_that_brought_them(db: Database, talk: int, lin: Actor) -> None:
    def bring(session: Session) -> None:
        message = session.query(Message).filter_by(conversation_id=talk).one()
        attachments.expect(session, [(message.id, [Media("image", "media-1", "图.png")])], NOW)

    await db.write(bring)
    item = (await read(db, talk, lin)).items[0]
    assert isinstance(item, Said)
    assert [(file.kind, file.state, file.name) for file in item.files] == [("image", "waiting", "图.png")]


async def test_what_happened_names_people_and_teams(db: Database, talk: int, lin: Actor, chen: Actor) -> None:
    team = await make_team(db)
    await db.write(routing.transfer, talk, by=lin, to_agent=chen.id, note="请接着", now=NOW)
    await db.write(routing.transfer, talk, by=chen, to_team=team, now=NOW)

    def note(session: Session) -> None:
        entry = history.write(session, session.get_one(Conversation, talk), Kind.note, by=lin.id, now=NOW, text="看")
        session.flush()
        session.add(Mention(agent_id=chen.id, entry_id=entry.id, conversation_id=talk))

    await db.write(note)
    happened = [item for item in (await read(db, talk, lin)).items if isinstance(item, Happened)]
    assert [(each.kind, each.agent, each.text) for each in happened] == [
        ("taken", "林小满", ""), ("transferred", "林小满", "请接着"), ("transferred", "陈一诺", ""),
        ("note", "林小满", "看"),
    ]  # fmt: skip
    assert (happened[1].data["to_name"], happened[2].data["team_name"]) == ("陈一诺", "会员服务")
    assert happened[3].mentions == ("陈一诺",)


async def test_a_thread_takes_as_many_statements_whatever_it_holds(db: Database, talk: int, lin: Actor) -> None:
    for n in range(3):
        await desk.hear(db, talk)
        await make.message(db, talk, state=MessageState.failed)
        await db.write(routing.set_priority, talk, by=lin, priority=n, now=NOW)
    few = await db.read(counting(threads.read), talk, by=lin, limit=2, now=NOW)
    many = await db.read(counting(threads.read), talk, by=lin, limit=50, now=NOW)
    assert few == many <= 8


async def test_there_is_one_door_to_what_is_there(db: Database, talk: int, lin: Actor) -> None:
    assert (await db.read(threads.get_for, lin, talk)).id == talk
    with pytest.raises(ConversationNotFound):
        await db.read(threads.get_for, lin, 999)
    with pytest.raises(ConversationNotFound):
        await read(db, 999, lin)
