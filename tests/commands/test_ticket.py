"""``ticket``: worked on from the command line, as viewers then hear of it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.commands.opened import with_database
from app.conversations.models import Conversation, Message
from app.db.database import Database
from app.jobs.models import Job, Priority
from app.settings import Settings
from app.tickets import service as tickets
from app.tickets.models import TicketKind
from app.tickets.service import Addition, NewTicket
from tests.commands.conftest import Run
from tests.factories import conversations, ticketing

NOW = datetime(2026, 11, 23, 4, 30, tzinfo=UTC)


@pytest.fixture
def number(data_dir: Path) -> int:
    """An open complaint."""

    async def add(db: Database, _: object) -> int:
        channel = await conversations.channel(db)
        talk = await conversations.conversation(db, channel)
        new = NewTicket(1, talk, 7, TicketKind.complaint, "high", "扣了三次钱", None, NOW, NOW, "wechat")
        made = (await db.write(tickets.open_many, [new]))[7]
        write, rows = tickets.additions([Addition(made[0], "opened", "bot", "扣了三次钱", NOW)])
        await db.write(write, rows)
        return int(made[1])

    return with_database(Settings(data_dir=data_dir), add)


def test_the_open_ones_are_listed_and_shown(run: Run, number: int) -> None:
    listed = run("ticket", "list").out.splitlines()
    assert listed[0].startswith(f"! T-{number}  complaint")
    assert "11-23 12:30" in listed[0]
    assert listed[-1] == "1 open."
    shown = run("ticket", "show", f"T-{number}").out
    assert "bot opened: 扣了三次钱" in shown


def test_it_is_worked_on_to_its_end(run: Run, number: int) -> None:
    run("ticket", "start", str(number))
    assert "in_progress" in run("ticket", "list").out
    run("ticket", "ask", f"t-{number}", "哪一天扣的？")
    assert "waiting" in run("ticket", "list").out
    run("ticket", "close", f"T-{number}", "两笔已经退回")
    assert run("ticket", "list").out == "0 open.\n"
    shown = run("ticket", "show", str(number)).out
    assert shown.index("operator asked: 哪一天扣的？") < shown.index("operator closed: 两笔已经退回")


def test_what_is_told_and_asked_goes_to_the_viewer_and_his_answer_is_heard(
    run: Run, data_dir: Path, number: int
) -> None:
    assert "goes to the viewer" in run("ticket", "reply", str(number), "在查了").out
    assert "goes to the viewer" in run("ticket", "ask", str(number), "哪一天扣的？").out
    rows, jobs, awaits = with_database(Settings(data_dir=data_dir), lambda db, _: db.read(_sent))
    assert rows == [
        (f"【工单 T-{number}】\n在查了", "queued"),
        (f"【工单 T-{number}】想向您核实：\n哪一天扣的？\n直接在这里回复就可以。", "queued"),
    ]
    assert jobs == {Priority.agent.rank}
    assert awaits.startswith("answer\n")


def _sent(session: Session) -> tuple[list[tuple[str, str]], set[int], str]:
    said = select(Message.text, Message.state).where(Message.direction == "out")
    rows = session.execute(said.order_by(Message.seq))
    jobs = session.scalars(select(Job.priority))
    return [(row[0], row[1]) for row in rows], set(jobs), session.scalars(select(Conversation.awaiting)).one() or ""


def test_what_may_not_be_said_so_is_not_sent(run: Run, data_dir: Path, number: int) -> None:
    card = ("ticket", "reply", str(number), "您的卡号是 4111111111111111 吗")
    refused = run(*card)
    assert (refused.code, "--anyway" in refused.err) == (1, True)
    assert with_database(Settings(data_dir=data_dir), lambda db, _: db.read(_sent))[0] == []
    assert run(*card, "--anyway").code == 0


def test_where_no_channel_leads_to_the_viewer_it_says_so(run: Run, data_dir: Path) -> None:
    with_database(Settings(data_dir=data_dir), lambda db, _: ticketing.ticket(db, number=8001, source="phone"))
    ended = run("ticket", "reply", "T-8001", "在查了")
    assert (ended.code, "call him" in ended.err) == (1, True)


def test_a_closed_ticket_is_not_worked_on(run: Run, number: int) -> None:
    run("ticket", "close", str(number), "好了")
    for step in (("start", str(number)), ("ask", str(number), "哪天？"), ("reply", str(number), "在查")):
        ended = run("ticket", *step)
        assert (ended.code, ended.err) == (1, "That ticket is closed.\n")
    assert "closed, priority" in run("ticket", "show", str(number)).out


def test_what_is_no_ticket_is_said(run: Run) -> None:
    ended = run("ticket", "close", "T-99", "好了")
    assert (ended.code, ended.err) == (1, "There is no ticket of that number.\n")
    assert run("ticket", "show", "T-x").code == 2
