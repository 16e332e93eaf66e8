"""Dialogue 9: at night, outside the service hours."""

import re
from datetime import timedelta

import pytest

from app.channels.outbound import Text
from app.conversations import queue, routing
from app.conversations.models import Owner
from app.desk import recalling, replies, threads
from tests.dialogues.stage import Stage
from tests.factories import deadlines
from tests.factories.people import make_agent

COVERS = {9: "E1 S1 E2 A1 S4"}
PARTLY = {9: "S2 S3"}
ASKS_FOR_SECRET = re.compile(r"(?:发来|告诉|提供|写上|回复)[^，。；\n]{0,8}(?:密码|验证码)")


@pytest.fixture
def hours(closed_now: dict[str, str]) -> dict[str, str]:
    return closed_now


async def test_an_account_is_stolen_at_night(stage: Stage) -> None:
    viewer = stage.viewer("小林")

    closed = await viewer.says("转人工")
    ticket = await viewer.ticket()
    assert closed.owner == "bot"
    assert "不在人工服务时间" in closed
    assert closed.names(stage.calendar.opens_at(ticket.opened_at))
    assert stage.calendar.describe() in closed
    assert len(closed.options) == 2
    assert f"T-{ticket.number}" in closed
    assert not any(words in closed for words in ("排队", "请稍", "前面还有"))

    stolen = await viewer.says("我会员被人登了，现在还在看，赶紧")
    assert stolen.entry == "account.stolen"
    assert all(step in stolen for step in ("新密码", "移除不认识的设备", "冻结"))
    urgent = await viewer.ticket()  # the same one, raised
    assert (urgent.number, urgent.priority) == (ticket.number, "high")
    assert urgent.due_at is not None
    assert urgent.due_at > stage.calendar.opens_at(urgent.opened_at)
    assert stolen.names(urgent.due_at)

    helpless = await viewer.says("退不出去啊，他把手机号换了")
    assert helpless.names(urgent.due_at)
    assert f"T-{ticket.number}" in helpless
    assert not any(ASKS_FOR_SECRET.search(reply.text) for reply in (stolen, helpless))
    assert (await stage.history(urgent))[-1].text == "退不出去啊，他把手机号换了"
    assert len(await viewer.tickets()) == 1

    opens = stage.calendar.opens_at(urgent.opened_at)
    await stage.db.write(recalling.recall, now=opens)
    (first,) = await stage.db.read(queue.head, most=9)
    assert first.id == helpless.conversation.id
    waits = (await viewer.says("在吗")).conversation
    assert (waits.owner, waits.priority, waits.waits_since) == (Owner.queue, 2, opens)
    assert waits.queued_at is not None
    assert abs(waits.queued_at - ticket.opened_at).total_seconds() < 1  # he waits since he asked


async def test_the_human_answers_time_begins_when_somebody_is_there(stage: Stage) -> None:
    """And the first automatic one's when he wrote: both are on record."""
    await deadlines.policy(stage.db, first_response_m=30)
    viewer, agent = stage.viewer("小林"), await make_agent(stage.db, "lin")
    night = await viewer.says("我会员被人登了，现在还在看，赶紧")
    ticket = await viewer.ticket()
    opens = stage.calendar.opens_at(ticket.opened_at)
    clock = await stage.db.read(deadlines.clock_of, ticket.id, "first_response")
    assert clock.started_at == ticket.opened_at < opens
    assert clock.due_at == opens + timedelta(minutes=30)
    assert night.said[0].author == "bot"
    assert night.said[0].created_at - ticket.opened_at < timedelta(seconds=2)

    await stage.db.write(recalling.recall, now=opens)
    talk, comes = night.conversation.id, opens + timedelta(minutes=5)
    await stage.db.write(routing.take_over, talk, by=agent, now=comes)
    seen = await stage.db.read(threads.read, talk, by=agent, now=comes)
    assert "我会员被人登了，现在还在看，赶紧" in [getattr(item, "text", None) for item in seen.items]
    await stage.db.write(
        replies.send, talk, by=agent, message=Text("昨晚您说会员被人登录了，我已经先冻结。"), key="k", now=comes,
        seen_seq=night.said[-1].seq,
    )  # fmt: skip
    answered = await viewer.ticket()
    assert (answered.responded_at, answered.response_s) == (comes, 300)
    assert (await stage.db.read(deadlines.clock_of, ticket.id, "first_response")).ended_at == comes
    assert (await stage.db.read(deadlines.dues, ticket.id)).keys() == {"promise"}  # of which he said nothing
