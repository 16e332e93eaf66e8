"""Dialogue 6: an angry complaint becomes a formal complaint with a deadline."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from app.agents.calendars import BEIJING
from tests.dialogues.stage import Stage

COVERS = {6: "S1 S2 S3 S4"}
PARTLY = {6: "S6"}
ANGER = "你们这什么垃圾平台，扣我三次钱，客服还挂我电话"
OFFICE = "用户权益部"
DAYS = 5


@pytest.fixture
def hours() -> dict[str, object]:
    """The next two days are holidays."""
    today = datetime.now(UTC).astimezone(BEIJING).date()
    holidays = f"{today + timedelta(days=1)}..{today + timedelta(days=2)}"
    return {
        "service_hours": "每天 9:00-22:00", "holidays": holidays, "complaint_days": DAYS, "complaint_office": OFFICE,
    }  # fmt: skip


async def test_anger_becomes_a_complaint_with_a_date(stage: Stage) -> None:
    viewer = stage.viewer("小林")

    heard = await viewer.says(ANGER)
    assert "抱歉" in heard
    assert heard.entry is None
    assert heard.asks(3)
    assert "转人工" in heard.options
    assert any("投诉" in option for option in heard.options)
    assert not await viewer.tickets()

    opened = await viewer.says("少来这套 我要投诉 要书面答复")
    complaint = await viewer.ticket()
    assert (complaint.kind, complaint.status, complaint.priority) == ("complaint", "open", "high")
    assert "扣我三次钱" in complaint.subject
    assert "挂我电话" in complaint.subject
    assert "书面答复" in complaint.subject
    assert complaint.due_at == stage.calendar.end_of_working_day(complaint.opened_at, DAYS)
    opened_on, due_on = (at.astimezone(BEIJING).date() for at in (complaint.opened_at, complaint.due_at))
    assert (due_on - opened_on).days > DAYS  # the holidays were left out
    assert f"T-{complaint.number}" in opened
    assert opened.names(complaint.due_at)
    assert OFFICE in opened

    exact = await viewer.says("具体哪天给我答复 别跟我说尽快")
    assert exact.names(complaint.due_at)
    assert "没有收到" in exact
    assert "尽快" not in exact

    kept = await viewer.sends_picture("https://pictures.example/three-payments.jpg")
    assert len(kept.text.splitlines()) == 1
    assert f"T-{complaint.number}" in kept
    assert "凭证" in kept
    assert not re.search(r"\d{8}", kept.text)
    line = (await stage.history(complaint))[-1]
    assert (line.kind, line.author) == ("added", "viewer")
    evidence = next(message for message in await stage.transcript(complaint) if message.seq == line.seq)
    assert evidence.kind == "image"
    assert evidence.data == {"url": "https://pictures.example/three-payments.jpg", "media_id": "PICTURE1"}

    condition = await viewer.says("钱收到我才认")
    assert condition.entry is None
    assert (await viewer.ticket()).closed_at is None
    assert (await stage.history(complaint))[-1].text == "钱收到我才认"
