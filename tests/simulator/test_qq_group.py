"""The group of the demo: several phones in it, a bot that hears what is said to it, and an owner with switches."""

import json

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.conversations.models import InboundEvent
from app.dialogue import phrases
from app.simulator.carriers.qq import NOT_THERE, NOT_TO_THE_BOT
from app.simulator.exchanges import NoteExchange, PushExchange
from app.simulator.faces import BOT
from app.simulator.phones import Chat, Phone, Side
from tests.demo_knowledge import answer_of
from tests.simulator.conftest import Played, texts, until

REFUND = "会员怎么退款"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Phones are in memory, and what they reach is tried on both engines elsewhere."""
    return sqlite_url


@pytest.fixture
async def group(played: Played) -> Played:
    """The first phone in it, and a second."""
    await played.post("/phones", name="阿强")
    for phone in played.simulator.stage:
        await played.do("settings", phone, channel="demo-qq-group")
        assert phone.chat.face.is_group
    return played


def other(group: Played) -> Phone:
    return list(group.simulator.stage)[1]


def kinds(session: Session) -> list[str]:
    return list(session.scalars(select(InboundEvent.sender).order_by(InboundEvent.id)))


def last(chat: Chat) -> object:
    return chat.exchanges[-1]


async def test_everybody_sees_what_is_asked_and_answered(group: Played) -> None:
    chat = await group.do("text", text=REFUND, to_bot="true")
    assert await group.said(chat, 1) == [answer_of("membership.refund")]
    assert texts(other(group).chat) == texts(chat)
    screen = (await group.http.get(f"/simulator/phones/{other(group).id}/screen")).text
    assert f"@{BOT}</span> {REFUND}" in screen
    assert f"回复 {group.phone.viewer.name}" in screen
    assert 'class="line other"' in screen
    assert not other(group).chat.exchanges
    assert await group.db.read(kinds) == [f"group:{group.simulator.stage.group.openid}:{chat.openid}"]


async def test_whoever_types_the_bots_name_speaks_to_it(group: Played) -> None:
    chat = await group.do("text", text=f"@{BOT} {REFUND}")
    assert await group.said(chat, 1) == [answer_of("membership.refund")]
    pushed = next(exchange for exchange in chat.exchanges if isinstance(exchange, PushExchange))
    assert json.loads(pushed.body)["d"]["content"] == f" {REFUND}"  # as the platform leaves it
    assert json.loads(pushed.body)["t"] == "GROUP_AT_MESSAGE_CREATE"


async def test_what_is_said_to_the_others_is_pushed_by_nobody(group: Played) -> None:
    chat = await group.do("text", text=REFUND)
    note = last(chat)
    assert isinstance(note, NoteExchange)
    assert note.text == NOT_TO_THE_BOT
    assert [bubble.content for bubble in other(group).chat.bubbles] == [bubble.content for bubble in chat.bubbles]
    assert await group.db.read(kinds) == []


async def test_what_the_owner_lets_the_bot_overhear_is_kept_and_not_answered(group: Played) -> None:
    await group.do("hears-all", on="true")
    chat = await group.do("text", text="今晚一起看吗")
    pushed = last(chat)
    assert isinstance(pushed, PushExchange)
    assert json.loads(pushed.body)["t"] == "GROUP_MESSAGE_CREATE"
    assert len(await group.db.read(kinds)) == 1
    await group.do("text", text=REFUND, to_bot="true")
    assert await group.said(chat, 1) == [answer_of("membership.refund")]


async def test_what_is_ones_own_is_not_told_where_all_read_along(group: Played) -> None:
    chat = await group.do("text", other(group), text="工单进度", to_bot="true")
    assert await group.said(chat, 1) == [phrases.IN_PRIVATE]
    assert texts(group.phone.chat) == [phrases.IN_PRIVATE]


async def test_a_bot_that_is_not_there_hears_nothing_and_greets_when_it_comes(group: Played) -> None:
    await group.do("unfollow")
    chat = await group.do("text", text=REFUND, to_bot="true")
    note = last(chat)
    assert isinstance(note, NoteExchange)
    assert note.text == NOT_THERE
    before = len(await group.db.read(kinds))
    await group.do("follow", other(group))
    await group.said(chat, 1)
    assert texts(chat)[0].startswith(phrases.WELCOME.partition("{")[0])
    assert len(await group.db.read(kinds)) == before + 1
    told = [bubble.text for bubble in chat.bubbles if bubble.side is Side.system]
    assert told == ["群主把机器人移出了群", "群主把机器人请进了群"]


async def test_after_five_minutes_an_answer_waits_unless_the_owner_lets_the_bot_speak(group: Played) -> None:
    chat = await group.do("text", text=REFUND, to_bot="true")
    await group.said(chat, 1)
    await group.do("desk/take")
    await group.do("time", hours="1")
    await reply(group, "这条要等")
    await group.stands("排队中", "窗口已关闭")
    assert "这条要等" not in texts(chat)
    await group.do("text", text="还在吗", to_bot="true")
    await group.said(chat, 2)
    assert texts(chat)[-1] == "这条要等"


async def test_where_the_owner_allows_it_the_bot_speaks_first(group: Played) -> None:
    chat = await group.do("text", text=REFUND, to_bot="true")
    await group.said(chat, 1)
    await group.do("proactive", on="true")
    await group.do("desk/take")
    await group.do("time", hours="1")
    await reply(group, "查到了")
    await group.said(chat, 2)
    await group.stands("已发送")
    sent = json.loads(next(e.request for e in reversed(chat.exchanges) if hasattr(e, "request")))
    assert "msg_id" not in sent
    await until(lambda: texts(other(group).chat)[-1] == "查到了")


async def reply(group: Played, text: str) -> None:
    form = {"text": (None, text)}
    answer = await group.http.post(f"/simulator/phones/{group.phone.id}/desk/reply", files=form)
    assert answer.status_code == 204, answer.text
