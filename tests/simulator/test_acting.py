"""Viewers act on phones: real requests to the real webhook, on both engines."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.channels.content import Text
from app.commands import demo
from app.conversations import accounts, outbox
from app.conversations.models import Conversation, InboundEvent, Message, MessageState, Via
from app.conversations.outbox import Queued
from app.conversations.pending import KIND
from app.dialogue import phrases
from app.dialogue.push import Fate as PushFate
from app.jobs.models import Job, Waits
from app.simulator.acting import QUEUE, Acting
from app.simulator.carriers.wechat import FAILURE
from app.simulator.exchanges import CallExchange, Fate, NoteExchange, PushExchange
from app.simulator.phones import Chat, Side, WeChatChat
from app.simulator.traffic import REFUSALS
from tests.demo_knowledge import answer_of
from tests.dialogue.conftest import NOW
from tests.faults.waiting import eventually
from tests.simulator.conftest import Played, until

REFUND = "会员怎么退款"


def said(chat: Chat) -> list[str]:
    return [bubble.text for bubble in chat.bubbles if bubble.side is not Side.viewer]


def last_push(chat: Chat) -> PushExchange:
    return next(exchange for exchange in reversed(chat.exchanges) if isinstance(exchange, PushExchange))


def rows(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(InboundEvent)) or 0


async def test_a_question_is_answered_and_seen_from_within(played: Played) -> None:
    chat = await played.do("text", text=REFUND)
    exchange = last_push(chat)
    assert [attempt.fate for attempt in exchange.attempts] == [Fate.answered]
    assert said(chat) == [answer_of("membership.refund")]
    seen = exchange.seen
    assert seen is not None
    assert seen.answer.decision is not None
    assert seen.answer.decision.memory.last_entry == "membership.refund"
    assert seen.answer.before is not None
    assert seen.arrived < seen.parsed < seen.submitted < seen.committed


async def test_safe_mode_is_sealed_both_ways(played: Played) -> None:
    await played.do("settings", channel="demo-safe")
    chat = await played.do("text", text=REFUND)
    attempt = last_push(chat).attempts[0]
    assert attempt.reply is not None
    assert attempt.reply.sealed
    assert REFUND not in attempt.signed.body.decode()
    answer = answer_of("membership.refund")
    assert said(chat) == [answer]
    assert answer[:6] not in attempt.body


async def test_a_lost_answer_is_repeated_and_stored_once(played: Played) -> None:
    await played.do("settings", network="lost_twice")
    chat = await played.do("text", text=REFUND)
    exchange = last_push(chat)
    assert [attempt.fate for attempt in exchange.attempts] == [Fate.cut, Fate.cut, Fate.answered]
    fates = [attempt.seen.answer.fate for attempt in exchange.attempts if attempt.seen]
    assert fates == [PushFate.decided, PushFate.repeated, PushFate.repeated]
    assert said(chat) == [answer_of("membership.refund")]
    assert await played.db.read(rows) == 1


async def test_three_lost_answers_are_the_platforms_failure_line(played: Played) -> None:
    await played.do("settings", network="lost")
    chat = await played.do("text", text=REFUND)
    assert said(chat) == [FAILURE]
    assert last_push(chat).failed
    assert await played.db.read(rows) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # nothing of it comes to the store
@pytest.mark.parametrize(("status", "fate"), [(503, Fate.refused), (None, Fate.unreachable)])
async def test_a_service_that_fails_is_asked_three_times(played: Played, status: int | None, fate: Fate) -> None:
    simulator = played.simulator
    async with answering(status) as address:
        acting = Acting(
            simulator.stage,
            simulator.changes,
            simulator.inner,
            played.app.state.service.directory,
            simulator.ingest,
            address,
        )
        acting.act(played.phone, Text(REFUND))
        await played.quiet()
        await acting.close()
    exchange = last_push(played.phone.chat)
    assert [(attempt.fate, attempt.status) for attempt in exchange.attempts] == [(fate, status)] * 3
    assert said(played.phone.chat) == [FAILURE]
    assert (REFUSALS[status] if status else "连不上服务") in await played.wire()


@asynccontextmanager
async def answering(status: int | None) -> AsyncIterator[str]:
    """The address of a service that always answers so; None: of one that is not there."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"</xml>")
        writer.write(f"HTTP/1.1 {status} Bad\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    if status is None:
        server.close()
        await server.wait_closed()
    try:
        yield address
    finally:
        server.close()
        await server.wait_closed()


async def test_a_real_account_is_never_spoken_for(played: Played) -> None:
    """A channel of the demo's name that somebody has made for a real account."""
    service = played.app.state.service
    await played.db.write(
        accounts.save, platform="wechat", name="demo", settings={"app_id": "wx1", "mode": "plain"},
        secrets={"token": "sesame"}, keyring=service.keyring, now=NOW,
    )  # fmt: skip
    service.directory.forget()
    assert "真实的公众号" in said(await played.do("text", text=REFUND))[0]
    assert await played.db.read(rows) == 0
    await demo.add_channels(played.db, service.keyring)
    service.directory.forget()
    assert "真实的公众号" in said(await played.do("text", text=REFUND))[-1]


async def test_an_opened_ticket_is_named_on_the_wire(played: Played) -> None:
    chat = await played.do("text", text="我要投诉")
    seen = last_push(chat).seen
    assert seen is not None
    assert seen.answer.ticket is not None
    assert f"编号 T-{seen.answer.ticket}" in said(chat)[0]
    assert f"记入工单 T-{seen.answer.ticket}（投诉，加急）：我要投诉" in await played.wire()


async def test_a_hand_over_is_told_with_its_owners(played: Played) -> None:
    chat = await played.do("text", text="人工")
    assert phrases.NEXT in said(chat)[0]
    wire = await played.wire()
    assert "机器人 → <strong>排队等人工</strong>" in wire
    assert "（咨询）：人工" in wire


SENT = [
    ("send/image", {"name": "error-30012"}, phrases.PICTURE),
    ("send/video", {"name": "video"}, phrases.RECORDING),
    ("send/location", {"name": "pudong"}, phrases.PLACE_SHARED),
    ("send/link", {"name": "episode"}, phrases.LINK),
    ("voice", {"recognition": REFUND}, answer_of("membership.refund")),
    ("voice", {}, phrases.VOICE),
    ("menu", {"name": "playback.buffering"}, answer_of("playback.buffering")),
]


async def test_everything_that_a_viewer_can_send_arrives(played: Played) -> None:
    for path, fields, answer in SENT:
        assert said(await played.do(path, **fields))[-1] == answer, path


async def test_whoever_leaves_can_write_again_after_coming_back(played: Played) -> None:
    await played.do("unfollow")
    assert last_push(played.phone.chat).title == "取消关注"
    refused = await played.post(f"/phones/{played.phone.id}/text", text="在吗")
    assert (refused.status_code, refused.json()) == (409, {"error": "已经取消关注，不能发消息；请先重新关注"})
    chat = await played.do("follow")
    assert said(chat)[-1].startswith(phrases.WELCOME.partition("{")[0])


async def test_a_recall_is_pushed_by_nobody(played: Played) -> None:
    chat = await played.do("text", text=REFUND)
    mine = chat.bubbles[0]
    await played.do("recall", bubble=str(mine.number))
    assert mine.recalled
    assert isinstance(chat.exchanges[-1], NoteExchange)
    assert await played.db.read(rows) == 1
    again = await played.post(f"/phones/{played.phone.id}/recall", bubble=str(mine.number))
    assert again.status_code == 409


async def test_a_tap_in_a_text_says_its_content_with_its_id(played: Played) -> None:
    chat = await played.do("text", text="转人工", menu_id="9")
    assert "<bizmsgmenuid><![CDATA[9]]></bizmsgmenuid>" in last_push(chat).body


async def test_a_phone_that_waits_refuses_politely(played: Played) -> None:
    await played.do("settings", network="lost")
    answers = [await played.post(f"/phones/{played.phone.id}/text", text=REFUND) for _ in range(QUEUE + 2)]
    assert [answer.status_code for answer in answers] == [204] * (QUEUE + 1) + [429]
    assert "请稍等" in answers[-1].json()["error"]
    await played.post(f"/phones/{played.phone.id}/reset")
    await played.quiet()
    assert not played.phone.chat.bubbles


async def test_another_account_is_another_conversation(played: Played) -> None:
    first = await played.do("text", text=REFUND)
    await played.do("settings", channel="demo-sub")
    second = await played.do("text", text=REFUND)
    assert first.openid != second.openid
    await played.do("settings", channel="demo")
    assert played.phone.chat is first


async def test_what_the_service_sends_later_arrives_on_the_phone(played: Played) -> None:
    chat = await played.do("text", text=REFUND)
    await played.db.write(queue_text, "您的工单有进展了")
    await until(lambda: isinstance(chat.exchanges[-1], CallExchange))
    call = chat.exchanges[-1]
    assert isinstance(call, CallExchange)
    assert (call.errcode, said(chat)[-1]) == (0, "您的工单有进展了")
    assert json.loads(call.request)["touser"] == chat.openid


async def test_what_the_platform_refuses_stands_on_the_wire(played: Played) -> None:
    chat = await played.do("text", text=REFUND)
    assert isinstance(chat, WeChatChat)
    chat.ledger.close()
    await played.db.write(queue_text, "太晚了")
    await until(lambda: isinstance(chat.exchanges[-1], CallExchange))
    call = chat.exchanges[-1]
    assert isinstance(call, CallExchange)
    assert call.errcode == 45015
    assert "太晚了" not in said(chat)

    async def waits() -> bool:
        return await played.db.read(what_message_waits_for) == Waits.window

    await eventually("the message waits for the viewer", waits)
    await played.do("text", text=REFUND)
    await until(lambda: any("太晚了" in text for text in said(chat)))


def what_message_waits_for(session: Session) -> str | None:
    return session.scalar(select(Job.waits).where(Job.kind == KIND))


def queue_text(session: Session, text: str) -> None:
    conversation = session.scalars(select(Conversation)).one()
    conversation.last_seq += 1
    message = Message(
        conversation_id=conversation.id, seq=conversation.last_seq, direction="out", author="bot", kind="text",
        text=text, state=MessageState.queued, via=Via.outbox, created_at=NOW,
    )  # fmt: skip
    session.add(message)
    session.flush()
    outbox.enqueue(session, [Queued(message.id, conversation.id, conversation.channel_id, NOW)], now=NOW)


def newest_state(session: Session) -> str | None:
    return session.scalar(select(Message.state).order_by(Message.id.desc()).limit(1))
