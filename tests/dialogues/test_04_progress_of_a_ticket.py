"""Dialogue 4: asks for the progress of a ticket."""

from datetime import UTC, datetime, timedelta

import pytest

from app.agents.calendars import BEIJING
from app.tickets.models import Ticket
from tests.dialogues.stage import Stage, Viewer
from tests.factories import ticketing

COVERS = {4: "S1 S2 S3 S4 S5"}
QUESTION = "请问是在手机上还是在电视上看的？缺的是第几集？"
STEP = "已经请内容部门核对片源"


def last_week(weekday: int) -> datetime:
    """Ten o'clock on that day of the week before this one; Monday is 0."""
    today = datetime.now(UTC).astimezone(BEIJING).replace(hour=10, minute=0, second=0, microsecond=0)
    return (today - timedelta(days=today.weekday() + 7 - weekday)).astimezone(UTC)


@pytest.fixture
async def viewer(stage: Stage) -> Viewer:
    viewer = stage.viewer("小林")
    await viewer.says("你好")
    return viewer


@pytest.fixture
async def foreign(stage: Stage) -> Ticket:
    stranger = stage.viewer("别人")
    await stranger.says("你好")
    return await stranger.had_ticket(20377, "退款没有到账的隐私事", opened=last_week(1))


@pytest.fixture
async def waiting(stage: Stage, viewer: Viewer) -> Ticket:
    """Waits for the viewer's answer since Tuesday."""
    ticket = await viewer.had_ticket(20397, "《长风渡》第 7 集找不到", opened=last_week(0) - timedelta(days=1))
    await stage.staff(ticketing.ask, ticket, QUESTION, at=last_week(1))
    return ticket


@pytest.fixture
async def newest(stage: Stage, viewer: Viewer, waiting: Ticket) -> Ticket:
    """Reported on Monday."""
    ticket = await viewer.had_ticket(20416, "《长风渡》更新少一集", opened=last_week(0))
    await stage.staff(ticketing.reply, ticket, STEP, at=last_week(2))
    return ticket


async def test_the_own_tickets_are_found_and_no_others(
    stage: Stage, viewer: Viewer, foreign: Ticket, waiting: Ticket, newest: Ticket
) -> None:
    found = await viewer.says("我周一反映少一集那个事，有结果没")
    assert all(words in found for words in ("T-20416", "正在处理", STEP))
    assert newest.due_at is not None
    assert found.names(newest.due_at)
    assert found.entry is None

    listed = await viewer.says("不是这个，我还有一个")
    lines = [line for line in listed.text.splitlines() if line.startswith("T-")]
    assert lines == [_listed(newest, "正在处理"), _listed(waiting, "等您回答")]

    refused, unknown = await viewer.says("那 T-20377 呢"), await viewer.says("那 T-20378 呢")
    assert refused.text == unknown.text.replace("20378", "20377")
    assert foreign.subject not in refused

    asked = await viewer.says("哦打错了是20397")
    assert "T-20397" in asked
    assert QUESTION in asked

    thanked = await viewer.says("哦哦 是电视上看的，第7集没有")
    answered = (await viewer.tickets())[1]
    assert (answered.number, answered.status, answered.asked) == (20397, "in_progress", None)
    last = (await stage.history(answered))[-1]
    assert (last.kind, last.author, last.text) == ("answered", "viewer", "哦哦 是电视上看的，第7集没有")
    assert answered.due_at == stage.calendar.end_of_working_day(last.at, 1)
    assert thanked.names(answered.due_at)


def _listed(ticket: Ticket, status: str) -> str:
    """Number, date, subject and status in one line."""
    day = ticket.opened_at.astimezone(BEIJING)
    return f"T-{ticket.number}，{day.month}月{day.day}日，{ticket.subject}（{status}）"
