"""Dialogue 6: an angry complaint becomes a formal complaint with a deadline."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agents.calendars import BEIJING
from app.agents.rights import Role
from app.desk.tickets import assigning, deciding, telling
from app.desk.tickets.telling import Then
from app.tickets import sweeps
from app.tickets.models import Complaint, TicketEvent, TicketNotice
from tests.dialogues.stage import Stage
from tests.factories.people import make_agent

COVERS = {6: "S1 S2 S3 S4 E1 A1 S5 S6"}
ANGER = "你们这什么垃圾平台，扣我三次钱，客服还挂我电话"
OFFICE = "用户权益部"
DAYS = 5
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


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
    assert (line.kind, line.author, line.text) == ("added", "viewer", "[图片]")
    evidence = next(message for message in await stage.transcript(complaint) if message.seq == line.seq)
    assert evidence.kind == "image"
    assert evidence.data == {"url": "https://pictures.example/three-payments.jpg", "media_id": "PICTURE1"}


DECISION = "两笔多扣的款已经原路退回；通话录音核实过，挂断电话是我们的错，向您道歉。"
BOOKED = "两笔退款都已经到账，请您确认是否接受。"


async def test_it_is_decided_in_writing_and_settled_by_the_viewer(stage: Stage) -> None:
    viewer, agent = stage.viewer("小林"), await make_agent(stage.db, "lin")
    leader = await make_agent(stage.db, "zhou", roles=[Role.supervisor])
    await viewer.says("我要投诉，扣我三次钱，要书面答复")
    complaint = await viewer.ticket()
    due = complaint.due_at
    assert due is not None
    await stage.db.write(assigning.give, complaint.id, by=leader, owner_id=agent.id, now=complaint.opened_at)

    assert await stage.db.write(sweeps.remind, now=due - DAY - SECOND) == 0
    assert await stage.db.write(sweeps.remind, now=due - DAY) == 1
    assert await stage.db.read(told, "warned") == {agent.id, leader.id}
    assert await stage.db.write(sweeps.remind, now=due) == 0

    written = due - timedelta(hours=9)
    await stage.db.write(
        deciding.decide, complaint.id, by=leader, decision=DECISION, remedies="", key="d", now=written
    )  # fmt: skip
    assert await stage.db.write(sweeps.ring, now=due + DAY) == 0  # in time
    sent = await viewer.says("在吗")
    assert f"T-{complaint.number}" in sent
    assert all(words in sent for words in (DECISION, "复核", "12315", "是否接受"))

    condition = await viewer.says("钱收到我才认")
    assert condition.entry is None
    waits = await viewer.ticket()
    assert (waits.status, waits.closed_at) == ("waiting", None)
    assert "到位" in (waits.asked or "")
    formal = await stage.db.read(formal_of, complaint.id)
    assert (formal.state, formal.decision, formal.decided_by) == ("pending", DECISION, leader.id)
    assert (await stage.history(complaint))[-1].text == "钱收到我才认"

    await stage.db.write(
        telling.tell, complaint.id, by=agent, text=BOOKED, then=Then.asks, key="b", now=datetime.now(UTC)
    )  # fmt: skip
    for _ in range(9):  # where nothing leaves by itself, what was said before it comes first
        if BOOKED in await viewer.says("继续"):
            break
    await viewer.says("好的，我接受这个处理结果")
    assert (await viewer.ticket()).status == "closed"
    assert (await stage.db.read(formal_of, complaint.id)).state == "accepted"
    assert [line.kind for line in await stage.history(complaint)][-2:] == ["accepted", "closed"]


async def test_what_is_not_decided_in_time_goes_to_who_leads(stage: Stage) -> None:
    viewer, agent = stage.viewer("小林"), await make_agent(stage.db, "lin")
    leader = await make_agent(stage.db, "zhou", roles=[Role.supervisor])
    await viewer.says("我要投诉，扣我三次钱，要书面答复")
    complaint = await viewer.ticket()
    assert complaint.due_at is not None
    await stage.db.write(assigning.give, complaint.id, by=leader, owner_id=agent.id, now=complaint.opened_at)
    assert await stage.db.write(sweeps.ring, now=complaint.due_at + SECOND) == 1
    assert await stage.db.read(told, "breached") == {agent.id, leader.id}


async def test_who_does_not_accept_is_heard_again(stage: Stage) -> None:
    viewer = stage.viewer("小林")
    leader = await make_agent(stage.db, "zhou", roles=[Role.supervisor])
    await viewer.says("我要投诉，扣我三次钱，要书面答复")
    complaint = await viewer.ticket()
    await stage.db.write(
        deciding.decide, complaint.id, by=leader, decision=DECISION, remedies="", key="d", now=datetime.now(UTC)
    )  # fmt: skip
    await viewer.says("在吗")
    await viewer.says("不接受，太少了")
    assert (await viewer.ticket()).status == "in_progress"
    assert (await stage.db.read(formal_of, complaint.id)).state == "refused"
    assert await stage.db.read(told, "refused") == {leader.id}


def told(session: Session, kind: str) -> set[int]:
    """Who was told of such lines."""
    rows = select(TicketNotice.agent_id).join(TicketEvent, TicketEvent.id == TicketNotice.event_id)
    return set(session.scalars(rows.where(TicketEvent.kind == kind)))


def formal_of(session: Session, ticket_id: int) -> Complaint:
    return session.get_one(Complaint, ticket_id)
