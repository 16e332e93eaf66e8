"""The transaction of the way in, on both engines."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.channels.base import Undecodable
from app.channels.content import AgentSession, Followed, Image, Unfollowed, Unknown
from app.channels.outbound import Text
from app.conversations import outbox, passive
from app.conversations.models import Conversation, InboundEvent, Message
from app.conversations.pending import NEVER
from app.dialogue import batch, events, phrases
from app.dialogue.answers import first_words
from app.dialogue.push import Answer, Fate
from app.dialogue.turn import Said
from app.jobs.models import Job, Lane, Priority, Waits
from app.tickets.models import Ticket, TicketEvent
from app.viewers.models import Identity, Viewer
from tests.db.gates import PATIENCE, Gate
from tests.dialogue.conftest import Talk

REFUND = "会员可以退款吗？"
STALL = "播放卡顿、一直缓冲怎么办？"
HUMAN = "转人工"


def messages(session: Session) -> list[tuple[int, str, str, str | None]]:
    rows = session.execute(
        select(Message.seq, Message.direction, Message.state, Message.via).order_by(
            Message.conversation_id, Message.seq
        )
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def count(session: Session, model: type) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def conversations(session: Session) -> list[Conversation]:
    return list(session.scalars(select(Conversation).order_by(Conversation.id)))


async def test_a_question_is_stored_answered_and_sent(talk: Talk) -> None:
    answer = (await talk.bring([talk.push(REFUND)]))[0]
    assert answer.said is Said.answered
    assert answer.text is not None
    assert "退" in answer.text
    assert await talk.db.read(messages) == [(1, "in", "received", None), (2, "out", "sending", "passive")]
    await talk.bring([], [answer])
    assert (await talk.db.read(messages))[1] == (2, "out", "sent", "passive")


async def test_the_answer_says_where_it_came_from(talk: Talk) -> None:
    answer = await talk.say(REFUND)
    stored = await talk.db.read(lambda session: session.get_one(Message, answer.message_id))
    assert stored.data is not None
    assert stored.data["entry"] == "membership.refund"
    assert stored.data["version"] == talk.rules.brain.knowledge.entries["membership.refund"].version
    assert stored.data["index"] == talk.rules.brain.index.version


async def test_two_answers_say_where_both_came_from(talk: Talk) -> None:
    answer = await talk.say("怎么关闭弹幕？另外怎么倍速播放")
    stored = await talk.db.read(lambda session: session.get_one(Message, answer.message_id))
    assert stored.data is not None
    entries = talk.rules.brain.knowledge.entries
    assert (stored.data["entry"], stored.data["also"]["entry"]) == ("playback.danmaku", "playback.speed")
    assert stored.data["also"]["version"] == entries["playback.speed"].version


async def test_two_answers_that_are_too_long_go_on_behind_more(talk: Talk) -> None:
    pushed = talk.push("怎么关闭弹幕？另外怎么倍速播放")
    narrow = pushed._replace(capability=replace(pushed.capability, text_bytes=600), customer_service=False)
    answer = (await talk.bring([narrow]))[0]
    assert answer.text is not None
    assert answer.text.endswith(phrases.MORE)
    assert "【倍速播放】" not in answer.text
    said = select(Message.text).where(Message.direction == "out").order_by(Message.seq)
    texts = await talk.db.read(lambda session: list(session.scalars(said)))
    assert next(text for text in texts if "倍速播放" in text).startswith("【倍速播放】\n")


async def test_a_repeat_gets_the_stored_answer_and_adds_nothing(talk: Talk) -> None:
    push = talk.push(REFUND)
    first = (await talk.bring([push]))[0]
    again = (await talk.bring([push]))[0]
    assert (again.fate, again.text, again.message_id) == (Fate.repeated, first.text, first.message_id)
    assert len(await talk.db.read(messages)) == 2


async def test_a_repeat_after_the_last_retry_makes_an_unknown_answer_known_again(talk: Talk) -> None:
    push = talk.push(REFUND)
    await talk.bring([push])
    assert await talk.db.write(passive.mark_unknown, before=talk.now + timedelta(seconds=1)) == 1
    assert (await talk.db.read(messages))[1][2] == "unknown"
    again = (await talk.bring([push]))[0]
    await talk.bring([], [again])
    assert (await talk.db.read(messages))[1][2] == "sent"


async def test_two_messages_of_one_viewer_in_one_batch_keep_their_order(talk: Talk) -> None:
    answers = await talk.bring([talk.push(REFUND), talk.push(STALL), talk.push(REFUND, "other")])
    assert [answer.said for answer in answers] == [Said.answered] * 3
    found = [row[:2] for row in await talk.db.read(messages)]
    other, own = found[:2], found[2:]  # the conversation of "other" was opened first: senders are sorted
    assert other == [(1, "in"), (2, "out")]
    assert own == [(1, "in"), (2, "out"), (3, "in"), (4, "out")]
    assert await talk.db.read(count, Viewer) == await talk.db.read(count, Identity) == 2


async def test_a_late_answer_waits_for_the_repeat_and_then_for_the_sender(talk: Talk) -> None:
    push = talk.late(REFUND)
    answer = (await talk.bring([push]))[0]
    assert answer.text is None
    assert (await talk.db.read(messages))[1] == (2, "out", "queued", "outbox")
    lane = await talk.db.read(lambda session: session.scalars(select(Lane)).one())
    assert lane.ready_at == push.send_after


async def test_a_repeat_fetches_the_late_answer(talk: Talk) -> None:
    push = talk.late(REFUND)
    await talk.bring([push])
    again = (await talk.bring([push]))[0]
    assert again.text is not None
    assert (await talk.db.read(messages))[1] == (2, "out", "sending", "passive")
    assert await talk.db.read(count, Job) == 0


async def test_what_waits_rides_first_and_the_new_answer_queues_behind_it(talk: Talk) -> None:
    await talk.bring([talk.late(REFUND)])
    answer = (await talk.bring([talk.push(STALL)]))[0]
    refund = first_words(talk.rules.brain.knowledge.entries["membership.refund"])
    assert answer.text == refund
    assert await talk.db.read(messages) == [
        (1, "in", "received", None), (2, "out", "sending", "passive"),
        (3, "in", "received", None), (4, "out", "queued", "outbox"),
    ]  # fmt: skip


async def test_a_leased_lane_is_left_alone(talk: Talk) -> None:
    await talk.bring([talk.late(REFUND)])

    def lease(session: Session) -> None:
        lane = session.scalars(select(Lane)).one()
        lane.leased_by, lane.leased_until = "a sender", talk.now + timedelta(seconds=60)

    await talk.db.write(lease)
    answer = (await talk.bring([talk.push(STALL)]))[0]
    assert answer.text is None
    assert [row[2] for row in await talk.db.read(messages) if row[1] == "out"] == ["queued", "queued"]


async def test_a_person_is_called_with_a_ticket_and_the_place_in_the_queue(talk: Talk) -> None:
    first = await talk.say(HUMAN, "a")
    second = await talk.say(HUMAN, "b")
    assert first.said is second.said is Said.handed_over
    assert "T-1" in (first.text or "")
    assert "下一位" in (first.text or "")
    assert "前面还有 1 位" in (second.text or "")
    assert [c.owner for c in await talk.db.read(conversations)] == ["queue", "queue"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_who_opens_a_ticket_waits_for_nobody(talk: Talk) -> None:
    gate = Gate()

    def open_and_stop(session: Session) -> list[Answer]:
        answers = batch.handle(session, [talk.push(HUMAN, "first")], talk.rules, now=talk.now)
        gate.stop(session)
        return answers

    leading = asyncio.ensure_future(talk.db.write(open_and_stop))
    await gate.reached()
    await asyncio.wait_for(talk.say(HUMAN, "second"), PATIENCE)
    gate.open()
    await leading
    numbers = await talk.db.read(lambda session: sorted(session.scalars(select(Ticket.number))))
    assert numbers == [1, 2]


async def test_places_count_within_one_batch(talk: Talk) -> None:
    answers = await talk.bring([talk.push(HUMAN, name) for name in ("a", "b", "c")])
    assert ["下一位" in (a.text or "") for a in answers] == [True, False, False]
    assert "前面还有 2 位" in (answers[2].text or "")


async def test_in_the_queue_the_bot_acknowledges_once_and_adds_to_the_ticket(talk: Talk) -> None:
    await talk.say(HUMAN)
    said = [(await talk.say(text)).text for text in ("我补充一下，是昨天晚上开始的", "还有声音也不对")]
    assert said[0] is not None
    assert said[1] is None
    history = await talk.db.read(lambda s: list(s.scalars(select(TicketEvent.text).order_by(TicketEvent.id))))
    assert history[1:] == ["我补充一下，是昨天晚上开始的", "还有声音也不对"]


async def test_the_ticket_is_not_doubled_when_the_viewer_returns_to_the_queue(talk: Talk) -> None:
    await talk.say(HUMAN)
    assert "取消" in ((await talk.say("取消排队")).text or "")
    assert "T-1" in ((await talk.say(HUMAN)).text or "")
    assert await talk.db.read(count, Ticket) == 1


async def test_with_an_agent_the_bot_is_silent(talk: Talk) -> None:
    await talk.say(REFUND)
    await talk.say(AgentSession("opened", "agent1@gh"))
    assert (await talk.say(STALL)).text is None
    await talk.say(AgentSession("closed", "agent1@gh"))
    assert (await talk.say(STALL)).said is Said.answered


async def test_unsubscribing_works_even_while_an_agent_speaks(talk: Talk) -> None:
    await talk.say(AgentSession("opened", "agent1@gh"))
    assert (await talk.say("退订")).text is None
    identity = await talk.db.read(lambda session: session.scalars(select(Identity)).one())
    assert identity.refused_pushes_at is not None


async def test_a_silent_conversation_is_closed_by_the_next_message(talk: Talk) -> None:
    await talk.say(REFUND)
    talk.now += timedelta(hours=25)
    await talk.say(REFUND)
    old, new = await talk.db.read(conversations)
    assert old.closed_at is not None
    assert new.closed_at is None
    assert new.last_seq == 2


async def test_a_conversation_in_the_queue_is_not_closed_by_silence(talk: Talk) -> None:
    await talk.say(HUMAN)
    talk.now += timedelta(hours=25)
    await talk.say("在吗")
    assert len(await talk.db.read(conversations)) == 1


async def test_a_conversation_in_which_an_answer_waits_goes_on_after_any_silence(talk: Talk) -> None:
    """An agent wrote, the window was closed, and he gave the conversation back: the answer is the viewer's due."""
    await talk.say(REFUND)

    def write(session: Session) -> None:
        conversation = session.scalars(select(Conversation.id)).one()
        outbox.post(session, conversation, Text("查到了"), author="7", priority=Priority.agent, now=talk.now)
        for job in session.scalars(select(Job)):
            job.waits, job.not_before = Waits.window, NEVER

    await talk.db.write(write)
    talk.now += timedelta(hours=25)
    answer = await talk.say(STALL)
    assert answer.text is not None
    assert answer.text.endswith("写给您的回复）\n查到了")
    assert len(await talk.db.read(conversations)) == 1


async def test_a_follower_is_welcomed_and_a_leaver_is_not(talk: Talk) -> None:
    assert "欢迎" in ((await talk.say(Followed())).text or "")
    assert (await talk.say(Unfollowed())).text is None
    identity = await talk.db.read(lambda session: session.scalars(select(Identity)).one())
    assert identity.following is False


async def test_reports_and_unknown_types_are_kept_without_a_conversation(talk: Talk) -> None:
    assert (await talk.say(Unknown("sticker"))).fate is Fate.kept
    assert await talk.db.read(conversations) == []
    assert await talk.db.read(count, InboundEvent) == 1


async def test_what_cannot_be_read_is_kept_as_such(talk: Talk) -> None:

    push = talk.push(REFUND)._replace(message=Undecodable("x:1", "not XML", b"garbage"), understanding=None)
    assert (await talk.bring([push]))[0].text is None
    event = await talk.db.read(lambda session: session.scalars(select(InboundEvent)).one())
    assert (event.state, event.error) == ("undecodable", "not XML")


async def test_a_picture_is_received_with_a_request_for_words(talk: Talk) -> None:
    answer = await talk.say(Image("https://example.com/p.jpg", "MEDIA1"))
    assert "图片收到了" in (answer.text or "")
    stored = await talk.db.read(lambda s: s.scalars(select(Message).where(Message.direction == "in")).one())
    assert stored.data == {"url": "https://example.com/p.jpg", "media_id": "MEDIA1"}


async def test_under_pressure_events_are_stored_and_decided_later_in_order(talk: Talk) -> None:
    pushes = [talk.push(REFUND), talk.push(STALL)]
    answers = await talk.db.write(batch.store_only, pushes, now=talk.now)
    assert [answer.fate for answer in answers] == [Fate.deferred, Fate.deferred]
    newer = talk.push(HUMAN)
    assert (await talk.bring([newer]))[0].fate is Fate.deferred
    stored = await talk.db.read(events.backlog, limit=10)
    late = [(event.id, push) for event, push in zip(stored, [*pushes, newer], strict=True)]
    assert await talk.db.write(batch.catch_up, late, talk.rules, now=talk.now + timedelta(seconds=9)) == 3
    texts = await talk.db.read(
        lambda s: list(s.scalars(select(Message.text).where(Message.direction == "in").order_by(Message.seq)))
    )
    assert texts == [REFUND, STALL, HUMAN]
    assert {row[2] for row in await talk.db.read(messages) if row[1] == "out"} == {"queued"}
    assert await talk.db.read(events.backlog_depth) == 0


async def test_the_backlog_is_decided_once(talk: Talk) -> None:
    push = talk.push(REFUND)
    await talk.db.write(batch.store_only, [push], now=talk.now)
    stored = [(event.id, push) for event in await talk.db.read(events.backlog, limit=10)]
    assert await talk.db.write(batch.catch_up, stored, talk.rules, now=talk.now) == 1
    assert await talk.db.write(batch.catch_up, stored, talk.rules, now=talk.now) == 0
    assert len(await talk.db.read(messages)) == 2
