"""``ticket``: worked on from the command line, as viewers then hear of it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.commands.opened import with_database
from app.db.database import Database
from app.settings import Settings
from app.tickets import service as tickets
from app.tickets.models import TicketKind
from app.tickets.service import Addition, NewTicket
from tests.commands.conftest import Run
from tests.factories import conversations

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
