"""Phones with QQ, alone with the bot: signed pushes to the real webhook, answers by the real sender."""

import json

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.channels.qq.addresses import Scene
from app.commands import demo
from app.conversations import accounts
from app.conversations.attachments import Attachment, AttachmentState
from app.conversations.models import InboundEvent
from app.dialogue import phrases
from app.dialogue.push import Fate as PushFate
from app.simulator.exchanges import CallExchange, Fate, PushExchange
from app.simulator.phones import Bubble, Chat, QQChat, Side
from app.viewers.models import Identity
from tests.demo_knowledge import answer_of, options_of, title_of
from tests.dialogue.conftest import NOW
from tests.faults.waiting import eventually
from tests.simulator.conftest import PATIENCE, Played, until

REFUND, UNCLEAR = "会员怎么退款", "那延播有补偿吗"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Phones are in memory, and what they reach is tried on both engines elsewhere."""
    return sqlite_url


@pytest.fixture
async def qq(played: Played) -> Played:
    await played.do("settings", channel="demo-qq")
    return played


def pushes(chat: Chat) -> list[PushExchange]:
    return [exchange for exchange in chat.exchanges if isinstance(exchange, PushExchange)]


def calls(chat: Chat, path: str) -> list[CallExchange]:
    return [exchange for exchange in chat.exchanges if isinstance(exchange, CallExchange) and path in exchange.path]


def events(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(InboundEvent)) or 0


async def with_buttons(qq: Played) -> Bubble:
    chat = await qq.do("text", text=UNCLEAR)
    await qq.said(chat, 1)
    return next(bubble for bubble in chat.bubbles if bubble.side is Side.account)


async def test_a_push_is_acknowledged_and_answered_by_a_call_that_names_it(qq: Played) -> None:
    chat = await qq.do("text", text=REFUND)
    assert await qq.said(chat, 1) == [answer_of("membership.refund")]
    (push,) = pushes(chat)
    (attempt,) = push.attempts
    assert (attempt.fate, attempt.body) == (Fate.answered, '{"op":12,"d":0}')
    assert attempt.signed.headers["X-Bot-Appid"] == demo.QQ_APP_ID
    assert len(attempt.signed.headers["X-Signature-Ed25519"]) == 128
    (call,) = calls(chat, "/messages")
    asked = json.loads(call.request)
    assert (asked["msg_id"], asked["msg_seq"]) == (push.reply, 1)
    assert [len(calls(chat, path)) for path in ("/app/getAppAccessToken", f"/v2/users/{chat.openid}/messages")] == [
        1, 1,
    ]  # fmt: skip


async def test_the_wire_tells_header_number_window_and_token(qq: Played) -> None:
    chat = await qq.do("text", text=REFUND)
    await qq.said(chat, 1)
    newest = await qq.wire()
    assert "QQ 推送" in newest
    assert "X-Signature-Ed25519" in newest
    assert "Ed25519 私钥" in newest
    assert "不随推送返回" in newest
    assert "最新一条还能回 3 条，窗口还剩 59 分钟" in newest
    (call,) = calls(chat, "/messages")
    told = await qq.wire(exchange=call.number)
    assert f"msg_id {pushes(chat)[0].reply} 的第 1 条（msg_seq）" in told
    assert "Authorization: QQBot …" in told
    (token,) = calls(chat, "getAppAccessToken")
    assert "最后 60 秒再取会得到新的" in await qq.wire(exchange=token.number)


async def test_what_is_not_acknowledged_comes_again_and_is_answered_once(qq: Played) -> None:
    await qq.do("settings", network="lost_twice")
    chat = await qq.do("text", text=REFUND)
    (push,) = pushes(chat)
    assert [attempt.fate for attempt in push.attempts] == [Fate.cut, Fate.cut, Fate.answered]
    fates = [attempt.seen.answer.fate for attempt in push.attempts if attempt.seen]
    assert fates == [PushFate.decided, PushFate.repeated, PushFate.repeated]
    assert await qq.said(chat, 1) == [answer_of("membership.refund")]
    assert await qq.db.read(events) == 1


async def test_four_lost_acknowledgements_are_seen_by_nobody(qq: Played) -> None:
    await qq.do("settings", network="lost")
    chat = await qq.do("text", text=REFUND)
    assert len(pushes(chat)[0].attempts) == 4
    assert await qq.said(chat, 1) == [answer_of("membership.refund")]
    assert not [bubble for bubble in chat.bubbles if bubble.side is Side.system]
    assert "没有确认：QQ 不再推送" in await qq.wire()


async def test_all_that_a_viewer_can_send_arrives_and_its_files_are_kept(qq: Played) -> None:
    sent = [
        ("send/image", {"name": "error-30012"}, phrases.PICTURE),
        ("send/video", {"name": "video"}, phrases.RECORDING),
        ("send/file", {"name": "file"}, None),
        ("voice", {"recognition": REFUND}, answer_of("membership.refund")),
    ]
    for count, (path, fields, answer) in enumerate(sent, 1):
        said = await qq.said(await qq.do(path, **fields), count)
        assert answer is None or said[-1] == answer, path

    def fetched(session: Session) -> bool:
        return [str(state) for state in session.scalars(select(Attachment.state))] == [AttachmentState.stored] * 4

    async def look() -> bool:
        return await qq.db.read(fetched)

    await eventually("all four files are kept", look, within=PATIENCE)


async def test_what_only_wechat_has_cannot_be_sent(qq: Played) -> None:
    for path, name in (("send/location", "pudong"), ("menu", "playback.buffering")):
        assert (await qq.post(f"/phones/{qq.phone.id}/{path}", name=name)).status_code == 404


# -------------------- buttons


async def test_a_tap_is_settled_and_answered(qq: Played) -> None:
    bubble = await with_buttons(qq)
    option = options_of(UNCLEAR)[1]
    assert [button.label for button in bubble.buttons] == [title_of(each) for each in options_of(UNCLEAR)]
    chat = await qq.do("tap", bubble=str(bubble.number), button="1")
    assert (await qq.said(chat, 2))[-1] == answer_of(option)
    push = pushes(chat)[-1]
    assert push.title == f"点选：{title_of(option)}"
    await until(lambda: calls(chat, f"/interactions/{push.tap}"))
    assert push.tap == bubble.taps[1]
    assert 'class="done"' in (await qq.http.get(f"/simulator/phones/{qq.phone.id}/screen")).text


async def test_without_the_right_to_buttons_the_same_is_asked_by_number(qq: Played) -> None:
    await qq.do("text", text="你好")
    await qq.said(qq.phone.chat, 1)
    await qq.do("buttons", on="false")
    chat = await qq.do("text", text=UNCLEAR)
    asked = (await qq.said(chat, 2))[-1]
    assert f"1. {title_of(options_of(UNCLEAR)[0])}" in asked
    assert not [bubble for bubble in chat.bubbles if bubble.buttons]
    assert [call.errcode for call in calls(chat, "/messages")][-2:] == [304057, 0]
    await qq.do("text", text="2")
    assert (await qq.said(chat, 3))[-1] == answer_of(options_of(UNCLEAR)[1])


async def test_a_button_that_is_not_there_cannot_be_tapped(qq: Played) -> None:
    assert (await qq.post(f"/phones/{qq.phone.id}/tap", bubble="7", button="0")).status_code == 404
    await qq.do("settings", channel="demo")
    assert (await qq.post(f"/phones/{qq.phone.id}/tap", bubble="7", button="0")).status_code == 404


# -------------------- friends


async def test_whoever_removes_the_bot_is_greeted_when_he_comes_back(qq: Played) -> None:
    await qq.do("text", text=REFUND)
    await qq.said(qq.phone.chat, 1)
    await qq.do("unfollow")
    refused = await qq.post(f"/phones/{qq.phone.id}/text", text="在吗")
    assert (refused.status_code, refused.json()) == (409, {"error": "已经删除好友，不能发消息；请先重新添加"})
    chat = await qq.do("follow")
    assert (await qq.said(chat, 2))[-1].startswith(phrases.WELCOME.partition("{")[0])
    assert "event_id" in json.loads(calls(chat, "/messages")[-1].request)


async def test_the_switch_of_proactive_messages_reaches_the_service(qq: Played) -> None:
    await qq.do("text", text=REFUND)
    for allowed in ("false", "true"):
        chat = await qq.do("proactive", on=allowed)
        assert await qq.db.read(proactive, chat.address) is (allowed == "true")
        assert isinstance(chat, QQChat)
        assert qq.simulator.qq.world.place(Scene.c2c, chat.openid).proactive is (allowed == "true")


def proactive(session: Session, address: str) -> bool | None:
    return session.scalar(select(Identity.proactive).where(Identity.external_id == address))


async def test_a_real_bot_is_never_spoken_for(qq: Played) -> None:
    service = qq.app.state.service
    await qq.db.write(
        accounts.save, platform="qq", name="demo-qq", settings={"app_id": "102000009"},
        secrets={"app_secret": "aRealBotsSecret"}, keyring=service.keyring, now=NOW,
    )  # fmt: skip
    service.directory.forget()
    chat = await qq.do("text", text=REFUND)
    assert "是真实的机器人" in [bubble.text for bubble in chat.bubbles][-1]
    assert await qq.db.read(events) == 0
    token = {"appId": "102000009", "clientSecret": "aRealBotsSecret"}
    assert (await qq.http.post("/simulator/qq/app/getAppAccessToken", json=token)).json()["code"] == 100016


async def test_ids_go_on_where_an_earlier_process_ended(qq: Played) -> None:
    """The store has seen them: a message under a former id would be taken for a repeat."""
    chat = await qq.do("text", text=REFUND)
    assert int(pushes(chat)[0].reply.removeprefix("ROBOT1.0_in")) > 10**12
