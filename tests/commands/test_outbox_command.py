"""``outbox``: what has not left, and what people decide about it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.commands.opened import with_database
from app.conversations import gates
from app.conversations.gates import UNTIL_MENDED
from app.conversations.models import Message, MessageState
from app.db.database import Database
from app.jobs import timers
from app.jobs.models import Job, JobState, Waits
from app.settings import Settings
from tests.commands.conftest import Run
from tests.factories import conversations as make

Do = Callable[[Callable[[Database], Awaitable[Any]]], Any]


@pytest.fixture
def do(data_dir: Path) -> Do:
    def run(work: Callable[[Database], Awaitable[Any]]) -> Any:
        async def with_it(db: Database, _: object) -> Any:
            return await work(db)

        return with_database(Settings(data_dir=data_dir), with_it)

    return run


@pytest.fixture
def messages(do: Do) -> list[int]:
    """Of one conversation: a dead one, an unknown one, one that waits for the viewer."""

    async def add(db: Database) -> list[int]:
        talk = await make.conversation(db, await make.channel(db))
        ids = [await make.queued(db, talk, text) for text in ("太长了", "不知道到没到", "窗口关了")]
        unknown = await make.message(db, talk, "断线了", state=MessageState.unknown)
        await db.write(_mark, ids[0], {"state": JobState.dead, "error": "45002 permanent: too long"}, "failed")
        await db.write(_mark, ids[2], {"waits": Waits.window, "not_before": UNTIL_MENDED}, "queued")
        return [ids[0], unknown, ids[2]]

    found: list[int] = do(add)
    return found


def _mark(session: Session, message_id: int, job: dict[str, Any], state: str) -> None:
    session.execute(update(Job).where(Job.subject_id == message_id).values(job))
    session.execute(update(Message).where(Message.id == message_id).values(state=state))


def _mark_work(session: Session, job: dict[str, Any]) -> None:
    session.execute(update(Job).where(Job.kind == "campaign").values(job))


def state(do: Do, message_id: int) -> str:
    async def look(db: Database) -> str:
        return (await db.read(make.get_message, message_id)).state

    return str(do(look))


def test_it_says_how_much_waits_and_why(run: Run, messages: list[int]) -> None:
    assert run("outbox", "show").out.splitlines() == [
        "2 to be sent, 1 dead (given up), 1 unknown (may have arrived)",
        "1 wait: until the viewer writes again",
    ]


def test_it_says_that_it_is_quiet(run: Run) -> None:
    assert "It is quiet (0:00-23:59)" in run("outbox", "show", QUIET_HOURS="0:00-23:59").out
    refused = run("outbox", "show", QUIET_HOURS="nights")
    assert (refused.code, "QUIET_HOURS must be like 22:00-8:00" in refused.err) == (1, True)


def test_what_is_no_message_is_told_apart_and_begun_again(run: Run, do: Do, messages: list[int]) -> None:
    """Its numbers are no messages', and must not stand for them."""

    async def break_off(db: Database) -> None:
        now = datetime.now(UTC)
        await db.write(timers.at, "campaign", messages[2], now, now=now)
        await db.write(_mark_work, {"state": JobState.dead, "error": "RuntimeError"})

    do(break_off)
    assert "1 dead" in run("outbox", "show").out
    assert "1 given up, no message: campaign" in run("outbox", "show").out
    assert len(run("outbox", "list", "dead").out.splitlines()) == 1
    assert "1 more that are no messages" in run("outbox", "retry", "--all").out
    assert "campaign" not in run("outbox", "show").out


@pytest.mark.parametrize(
    ("which", "text", "why"),
    [
        ("dead", "太长了", "too long"),
        ("unknown", "断线了", ""),
        ("waiting", "窗口关了", "until the viewer writes again"),
    ],
)
def test_each_is_listed_with_its_reason(run: Run, messages: list[int], which: str, text: str, why: str) -> None:
    (line,) = run("outbox", "list", which).out.splitlines()
    assert text in line
    assert why in line


def test_a_dead_message_is_queued_again(run: Run, do: Do, messages: list[int]) -> None:
    assert run("outbox", "retry", str(messages[0])).out.startswith("1 queued again")
    assert state(do, messages[0]) == "queued"
    assert run("outbox", "retry", "--all").out.startswith("0 queued again")


def test_what_to_retry_must_be_said(run: Run) -> None:
    refused = run("outbox", "retry")
    assert (refused.code, refused.err.strip()) == (1, "Name the messages, or --all.")


def test_a_dead_message_is_dropped(run: Run, do: Do, messages: list[int]) -> None:
    assert run("outbox", "drop", str(messages[0])).out.startswith("1 dropped")
    assert state(do, messages[0]) == "failed"
    assert run("outbox", "list", "dead").out == "None.\n"


@pytest.mark.parametrize(("decision", "becomes"), [("sent", "sent"), ("lost", "failed"), ("again", "queued")])
def test_a_person_decides_about_an_unknown_one(
    run: Run, do: Do, messages: list[int], decision: str, becomes: str
) -> None:
    assert run("outbox", "decide", str(messages[1]), decision).code == 0
    assert state(do, messages[1]) == becomes
    again = run("outbox", "decide", str(messages[1]), decision)
    assert (again.code, "nothing was changed" in again.out) == (1, True)


def test_a_closed_channel_is_an_alarm_until_it_is_reopened(run: Run, do: Do, messages: list[int]) -> None:
    async def close(db: Database) -> None:
        now = datetime.now(UTC)
        await db.write(
            gates.close,
            1,
            gates.WHOLE,
            until=UNTIL_MENDED,
            waits=Waits.operator,
            reason="40164: ip 203.0.113.7",
            now=now,
        )
        await db.write(_mark, messages[2], {"waits": Waits.operator, "not_before": UNTIL_MENDED}, "queued")

    do(close)
    alarm = run("outbox", "show")
    assert run("outbox", "list", "waiting").out.rstrip().endswith("a person must mend something first")
    assert (alarm.code, "closed: main" in alarm.out, "203.0.113.7" in alarm.out) == (1, True, True)
    assert "1 messages that waited" in run("outbox", "reopen", "main").out
    assert run("outbox", "show").code == 0
    assert run("outbox", "reopen", "nobody").err.strip() == "There is no channel 'nobody'."
