"""What a person says to a viewer."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agents.rights import Actor, Role
from app.channels.outbound import Image, Notice, Text
from app.conversations import routing
from app.conversations.models import Message
from app.conversations.refusals import ConversationClosed, ConversationNotFound, ConversationTaken, NotYours
from app.db.database import Database
from app.desk import drafts, replies, words
from app.desk.models import Draft, ReadMark
from app.desk.replies import NewMessages, NothingSaid, TextTooLong
from app.desk.words import WordBlocked, WordDoubtful
from app.jobs.models import Priority
from tests.factories import conversations as make
from tests.factories import delivering as do
from tests.factories import desk
from tests.factories.conversations import NOW
from tests.factories.people import make_agent

HOUR = timedelta(hours=1)


@pytest.fixture
async def talk(db: Database, lin: Actor) -> int:
    """The viewer has written once, and lin has taken over."""
    return await desk.taken(db, lin)


async def send(db: Database, talk: int, by: Actor, message: Any = "您好", *, seen: int = 1, **given: Any) -> int:
    """The id of what was sent."""
    said = Text(message) if isinstance(message, str) else message
    given.setdefault("key", f"key-{message}")
    return await db.write(replies.send, talk, by=by, message=said, seen_seq=seen, now=NOW, **given)


def said(session: Session, talk: int) -> list[tuple[str, str]]:
    own = (Message.conversation_id == talk, Message.direction == "out")
    rows = session.execute(select(Message.author, Message.text).where(*own).order_by(Message.seq))
    return [(row[0], row[1]) for row in rows]


async def test_a_reply_waits_to_leave_before_all_that_is_less_urgent(db: Database, talk: int, lin: Actor) -> None:
    await desk.change(db, talk, waits_since=NOW)
    sent = await send(db, talk, lin)
    message = await db.read(do.message, sent)
    assert (message.author, message.state, message.seq) == (str(lin.id), "queued", 2)
    assert message.data is None  # the platform's own name of an agent is not ours
    assert (await db.read(do.lane, talk)).priority == Priority.agent.rank
    assert (await db.read(desk.talk_of, talk)).waits_since is None
    mark = await db.read(lambda session: session.get_one(ReadMark, (lin.id, talk)).seq)
    assert mark == 2


async def test_whoever_does_not_have_it_says_nothing(db: Database, talk: int, lin: Actor, chen: Actor) -> None:
    with pytest.raises(ConversationTaken, match="林小满"):
        await send(db, talk, chen)
    await db.write(routing.release, talk, by=lin, now=NOW)
    for step_in in (False, True):
        with pytest.raises(NotYours):
            await send(db, talk, lin, step_in=step_in)
    await db.write(routing.take_over, talk, by=lin, now=NOW)
    await db.write(routing.resolve, talk, by=lin, now=NOW)
    with pytest.raises(ConversationClosed):
        await send(db, talk, lin)
    with pytest.raises(ConversationNotFound):
        await send(db, 999, lin)
    assert await db.read(said, talk) == []


async def test_a_colleague_can_step_in_on_record_and_the_owner_stays(
    db: Database, talk: int, lin: Actor, chen: Actor
) -> None:
    await send(db, talk, chen, "我补充一句", step_in=True)
    assert await db.read(said, talk) == [(str(chen.id), "我补充一句")]
    assert (await db.read(desk.talk_of, talk)).agent_id == lin.id
    assert (await db.read(desk.happened, talk))[-1] == ("stepped_in", chen.id, {"owner": lin.id})
    assert await db.read(desk.audited, "conversations.step_in") == [(chen.id, {"owner": lin.id})]
    await send(db, talk, lin, "好的", step_in=True)
    assert len(await db.read(desk.happened, talk)) == 2  # his own needs no record


async def test_what_the_viewer_wrote_meanwhile_is_seen_first(db: Database, talk: int, lin: Actor) -> None:
    await desk.hear(db, talk, count=2)
    with pytest.raises(NewMessages) as refused:
        await send(db, talk, lin, seen=1)
    assert refused.value.count == 2
    await send(db, talk, lin, seen=1, even_if_stale=True)
    await make.message(db, talk, "机器人的话")
    await send(db, talk, lin, "再说一句", seen=3)
    assert [text for _, text in await db.read(said, talk)] == ["您好", "机器人的话", "再说一句"]


async def test_a_second_tap_says_nothing_new(db: Database, talk: int, lin: Actor, chen: Actor) -> None:
    first = await send(db, talk, lin, key="k1")
    await desk.hear(db, talk)
    await db.write(routing.transfer, talk, by=lin, to_agent=chen.id, now=NOW)
    assert await send(db, talk, lin, key="k1") == first
    assert await send(db, talk, chen, seen=9, key="k1") != first
    assert len(await db.read(said, talk)) == 2


async def test_two_taps_at_once_say_it_once(db: Database, talk: int, lin: Actor) -> None:
    made = await asyncio.gather(*(send(db, talk, lin, key="k1") for _ in range(4)))
    assert len(set(made)) == 1
    assert len(await db.read(said, talk)) == 1


async def test_a_long_text_leaves_in_pieces_in_order(db: Database, talk: int, lin: Actor) -> None:
    text = "".join(f"第{n}句话说得很长很长很长很长很长很长很长。" for n in range(40))
    first = await send(db, talk, lin, text)
    pieces = await db.read(said, talk)
    assert len(pieces) == 2
    assert "".join(piece for _, piece in pieces) == text
    assert (await db.read(do.message, first)).text == pieces[0][1]
    with pytest.raises(TextTooLong):
        await send(db, talk, lin, text * 5, key="more")


async def test_nothing_is_not_sent(db: Database, talk: int, lin: Actor) -> None:
    for nothing in ("", " \n\t ", "\x00\x07"):
        with pytest.raises(NothingSaid):
            await send(db, talk, lin, nothing, key="k1")


async def test_pictures_and_notices_leave_too(db: Database, talk: int, lin: Actor) -> None:
    await send(db, talk, lin, Image("ab/cd"), key="picture")
    await send(db, talk, lin, Notice("template", {"thing": "更新"}), key="notice")
    announcement = Notice("template", {"thing": "更新"})
    sent = await send(db, talk, lin, "在吗", key="text", announcement=announcement)
    message = await db.read(do.message, sent)
    assert message.data is not None
    assert message.data["fallback"]["content"]["template_id"] == "template"


# -------------------- words


async def add_words(db: Database) -> None:
    ye = await make_agent(db, "ye", roles=[Role.operator])
    for word, blocks, advice in (
        ("赔偿", True, "请说“补偿方案以公告为准”"),
        ("绝对", False, ""),
        ("VIP", False, "请写“会员”"),
    ):
        await db.write(words.add, by=ye, words=[word], blocks=blocks, advice=advice, now=NOW)


async def test_some_words_are_never_sent_and_some_only_after_a_second_look(db: Database, talk: int, lin: Actor) -> None:
    await add_words(db)
    with pytest.raises(WordBlocked) as blocked:
        await send(db, talk, lin, "我们赔 偿您", even_if_doubtful=True)
    assert blocked.value.message == "“赔偿”不能发给观众：请说“补偿方案以公告为准”"
    with pytest.raises(WordDoubtful) as doubtful:
        await send(db, talk, lin, "ｖｉｐ绝对可以")
    assert doubtful.value.message.startswith("“VIP”、“绝对”可能不合适：请写“会员”；请换个说法")
    assert await db.read(said, talk) == []
    await send(db, talk, lin, "ｖｉｐ绝对可以", even_if_doubtful=True)
    await send(db, talk, lin, "会员可以")
    with pytest.raises(WordBlocked):
        await send(db, talk, lin, Notice("template", {"thing": "赔偿"}))


# -------------------- drafts


async def save(db: Database, talk: int, by: Actor, text: str, revision: int) -> Draft:
    return await db.write(drafts.save, talk, by=by, text=text, seen_seq=1, revision=revision, now=NOW)


async def test_a_revision_is_the_time_as_a_browser_has_it(db: Database, talk: int, lin: Actor) -> None:
    now = int(NOW.timestamp() * 1000)
    await save(db, talk, lin, "您好", now)
    await send(db, talk, lin, "您好，我在", draft_revision=now + 1)
    assert (await save(db, talk, lin, "您好", now + 1)).text == ""
    assert (await save(db, talk, lin, "还有", now + 2)).revision == now + 2


async def test_of_two_tabs_the_later_draft_stays(db: Database, talk: int, lin: Actor, chen: Actor) -> None:
    await save(db, talk, lin, "二", 2)
    assert (await save(db, talk, lin, "一", 1)).text == "二"
    found = await db.read(drafts.find, talk, by=lin)
    assert found is not None
    assert (found.text, found.revision, found.seen_seq) == ("二", 2, 1)
    assert await db.read(drafts.find, talk, by=chen) is None


async def test_what_was_emptied_or_sent_does_not_come_back(db: Database, talk: int, lin: Actor) -> None:
    await save(db, talk, lin, "写着", 2)
    await save(db, talk, lin, " ", 3)
    await save(db, talk, lin, "迟到的", 2)
    assert await db.read(drafts.find, talk, by=lin) is None
    await save(db, talk, lin, "新的", 4)
    await send(db, talk, lin, "新的好了", draft_revision=6)
    await save(db, talk, lin, "新的好", 5)
    assert await db.read(drafts.find, talk, by=lin) is None
    await save(db, talk, lin, "下一条", 7)
    assert await db.read(drafts.find, talk, by=lin) is not None
    await send(db, talk, lin, "不带版本")
    assert await db.read(drafts.find, talk, by=lin) is None


async def test_a_draft_that_was_begun_since_the_sent_one_stays(db: Database, talk: int, lin: Actor) -> None:
    await save(db, talk, lin, "另一页写的", 9)
    await send(db, talk, lin, draft_revision=3)
    assert await db.read(drafts.find, talk, by=lin) is not None


async def test_an_endless_draft_is_refused(db: Database, talk: int, lin: Actor) -> None:
    with pytest.raises(drafts.DraftTooLong):
        await save(db, talk, lin, "长" * 20_001, 1)
    with pytest.raises(ConversationNotFound):
        await save(db, 999, lin, "好", 1)


# -------------------- forgotten


async def test_a_repeat_is_recognised_until_it_is_forgotten(db: Database, talk: int, lin: Actor) -> None:
    first = await send(db, talk, lin, key="k1")
    assert await db.write(replies.forget_keys, before=NOW) == 0
    assert await db.write(replies.forget_keys, before=NOW + HOUR) == 1
    assert await send(db, talk, lin, key="k1") != first
