"""What becomes due is rung once, to whom it concerns."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agents.rights import Actor, Role
from app.db.database import Database
from app.desk.tickets import changing, closing, deciding, labelling
from app.tickets import finding, steps, sweeps
from app.tickets.deadline_models import TicketClock
from app.tickets.models import Complaint, TicketEvent, TicketNotice
from tests.db.gates import Gate
from tests.factories import deadlines, ticketing
from tests.factories.deadlines import MONDAY
from tests.factories.people import make_agent, make_team
from tests.tickets.test_clocks import opened

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def lines(session: Session, ticket_id: int, kind: str) -> list[TicketEvent]:
    own = select(TicketEvent).where(TicketEvent.ticket_id == ticket_id, TicketEvent.kind == kind)
    return list(session.scalars(own.order_by(TicketEvent.id)))


def told(session: Session, kind: str) -> list[int]:
    """Who was told of such lines."""
    rows = select(TicketNotice.agent_id).join(TicketEvent, TicketEvent.id == TicketNotice.event_id)
    return sorted(session.scalars(rows.where(TicketEvent.kind == kind)))


@pytest.fixture
async def people(db: Database, lin: Actor, chen: Actor, zhou: Actor) -> dict[str, Actor]:
    """One has the ticket, one watches, one leads; the fourth has nothing to do with it."""
    return {"owner": lin, "watcher": chen, "leader": zhou, "other": await make_agent(db, "su")}


async def due(db: Database, people: dict[str, Actor], **fields: Any) -> int:
    """A ticket of the owner's, opened on MONDAY, that the watcher watches."""
    ticket = await opened(db, people["other"], **fields)
    await db.write(ticketing.give, ticket, people["owner"].id)
    await db.write(labelling.watch, ticket, by=people["watcher"], now=MONDAY)
    return ticket


def ids(people: dict[str, Actor], *names: str) -> list[int]:
    return sorted(people[name].id for name in names)


# -------------------- over


async def test_what_is_over_is_written_down_once_and_told_to_whom_it_concerns(
    db: Database, people: dict[str, Actor]
) -> None:
    await deadlines.policy(db, first_response_m=30, resolution_m=90)
    ticket = await due(db, people)
    assert await db.write(sweeps.ring, now=MONDAY + 29 * MINUTE) == 0
    assert [await db.write(sweeps.ring, now=MONDAY + 31 * MINUTE) for _ in range(2)] == [1, 0]
    (line,) = await db.read(lines, ticket, "breached")
    assert line.author == "clock"
    assert line.detail == {"metric": "first_response", "due": (MONDAY + 30 * MINUTE).isoformat()}
    assert await db.read(told, "breached") == ids(people, "owner", "watcher", "leader")
    row = await db.read(deadlines.ticket_of, ticket)
    assert (row.breaches, row.next_due_at) == (1, MONDAY + 30 * MINUTE)
    clock = await db.read(deadlines.clock_of, ticket, "first_response")
    assert (clock.breached_at, clock.ended_at) == (MONDAY + 30 * MINUTE, None)
    assert await db.write(sweeps.ring, now=MONDAY + 2 * HOUR) == 1
    assert (await db.read(deadlines.ticket_of, ticket)).breaches == 2


async def test_what_was_rung_is_not_counted_again_when_it_ends(db: Database, people: dict[str, Actor]) -> None:
    await deadlines.policy(db, first_response_m=30)
    ticket = await due(db, people)
    await db.write(sweeps.ring, now=MONDAY + HOUR)
    await db.write(closing.close, ticket, by=people["owner"], text="好了", now=MONDAY + 2 * HOUR)
    assert (await db.read(deadlines.ticket_of, ticket)).breaches == 1
    assert await db.write(sweeps.ring, now=MONDAY + 3 * HOUR) == 0


async def test_several_that_are_over_are_a_line_each(db: Database, people: dict[str, Actor]) -> None:
    await deadlines.policy(db, first_response_m=30, resolution_m=40)
    ticket = await due(db, people, due_at=MONDAY + 50 * MINUTE)
    assert await db.write(sweeps.ring, now=MONDAY + HOUR) == 3
    metrics = {(line.detail or {})["metric"] for line in await db.read(lines, ticket, "breached")}
    assert metrics == {"first_response", "resolution", "promise"}
    assert (await db.read(deadlines.ticket_of, ticket)).breaches == 3


async def test_what_stands_still_or_was_closed_does_not_ring(db: Database, people: dict[str, Actor]) -> None:
    await deadlines.policy(db, resolution_m=30)
    waiting, closed = await due(db, people), await due(db, people)
    await db.write(ask, waiting, now=MONDAY)
    await db.write(closing.close, closed, by=people["owner"], text="好了", now=MONDAY)
    assert await db.write(sweeps.ring, now=MONDAY + 9 * HOUR) == 0


def ask(session: Session, ticket_id: int, now: datetime) -> None:
    steps.ask(session, finding.lock(session, ticket_id), "哪一集？", by="7", now=now)


@pytest.mark.parametrize("team_has_leader", [True, False])
async def test_a_team_has_its_own_leaders_else_all_are_told(
    db: Database, people: dict[str, Actor], team_has_leader: bool
) -> None:
    team, elsewhere = await make_team(db), await make_team(db, "技术")
    own = await make_agent(
        db, "own", roles=[Role.supervisor], teams=[team if team_has_leader else elsewhere]
    )  # fmt: skip
    gone = await make_agent(db, "gone", roles=[Role.supervisor], teams=[team])
    await db.write(ticketing.deactivate, gone.id)
    await deadlines.policy(db, first_response_m=30)
    await opened(db, people["other"], team_id=team)
    await db.write(sweeps.ring, now=MONDAY + HOUR)
    everybody = sorted([own.id, people["leader"].id])
    assert await db.read(told, "breached") == ([own.id] if team_has_leader else everybody)


async def test_more_than_a_page_is_rung_in_pages(db: Database, lin: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeps, "PAGE", 2)
    await deadlines.policy(db, first_response_m=30)
    for _ in range(5):
        await opened(db, lin)
    assert [await db.write(sweeps.ring, now=MONDAY + HOUR) for _ in range(4)] == [2, 2, 1, 0]


# -------------------- soon


async def test_its_owner_is_warned_once(db: Database, people: dict[str, Actor]) -> None:
    await deadlines.policy(db, first_response_m=100, warn_percent=80)
    ticket = await due(db, people)
    assert await db.write(sweeps.warn, now=MONDAY + 79 * MINUTE) == 0
    assert [await db.write(sweeps.warn, now=MONDAY + 81 * MINUTE) for _ in range(2)] == [1, 0]
    (line,) = await db.read(lines, ticket, "warned")
    assert line.detail == {"metric": "first_response", "due": (MONDAY + 100 * MINUTE).isoformat()}
    assert await db.read(told, "warned") == ids(people, "owner", "watcher")


async def test_of_what_nobody_has_the_leaders_are_warned(db: Database, people: dict[str, Actor]) -> None:
    await deadlines.policy(db, first_response_m=100, warn_percent=80)
    await opened(db, people["other"])
    await db.write(sweeps.warn, now=MONDAY + 81 * MINUTE)
    assert await db.read(told, "warned") == ids(people, "leader")


async def test_nobody_is_warned_of_what_is_over_already(db: Database, people: dict[str, Actor]) -> None:
    await deadlines.policy(db, first_response_m=100, warn_percent=80)
    ticket = await due(db, people)
    await db.write(sweeps.warn, now=MONDAY + 3 * HOUR)
    assert not await db.read(lines, ticket, "warned")
    await db.write(sweeps.ring, now=MONDAY + 3 * HOUR)
    assert len(await db.read(lines, ticket, "breached")) == 1


# -------------------- complaints


def remind_at(session: Session, ticket_id: int) -> datetime | None:
    return session.get_one(Complaint, ticket_id).remind_at


async def test_a_complaint_is_reminded_of_a_day_before(db: Database, people: dict[str, Actor]) -> None:
    day = timedelta(days=1)
    ticket = await due(db, people, kind="complaint", due_at=MONDAY + 5 * day)
    assert await db.write(sweeps.remind, now=MONDAY + 4 * day - MINUTE) == 0
    assert [await db.write(sweeps.remind, now=MONDAY + 4 * day) for _ in range(2)] == [1, 0]
    (line,) = await db.read(lines, ticket, "warned")
    assert line.detail == {"metric": "complaint", "due": (MONDAY + 5 * day).isoformat()}
    assert await db.read(told, "warned") == ids(people, "owner", "watcher", "leader")
    await db.write(sweeps.ring, now=MONDAY + 6 * day)  # not decided: those who lead hear that it is late
    assert await db.read(told, "breached") == ids(people, "owner", "watcher", "leader")


async def test_what_was_decided_is_not_reminded_of(db: Database, people: dict[str, Actor]) -> None:
    day = timedelta(days=1)
    ticket = await due(db, people, kind="complaint", due_at=MONDAY + 5 * day)
    await db.write(
        deciding.decide, ticket, by=people["leader"], decision="退还两笔扣款。", remedies="", key="k", now=MONDAY + day
    )
    assert await db.read(remind_at, ticket) is None
    assert await db.write(sweeps.remind, now=MONDAY + 4 * day) == 0


async def test_a_moved_deadline_is_reminded_of_again(db: Database, people: dict[str, Actor]) -> None:
    day = timedelta(days=1)
    ticket = await due(db, people, kind="complaint", due_at=MONDAY + 5 * day)
    await db.write(sweeps.remind, now=MONDAY + 4 * day)
    moved = {"due_at": MONDAY + 9 * day}
    await db.write(changing.change, ticket, by=people["owner"], changes=moved, now=MONDAY + 4 * day)
    assert await db.write(sweeps.remind, now=MONDAY + 7 * day) == 0
    assert await db.write(sweeps.remind, now=MONDAY + 8 * day) == 1


async def test_a_closed_complaint_is_reminded_of_to_nobody(db: Database, people: dict[str, Actor]) -> None:
    day = timedelta(days=1)
    ticket = await due(db, people, kind="complaint", due_at=MONDAY + 5 * day)
    await db.write(closing.close, ticket, by=people["leader"], text="撤诉", now=MONDAY)
    await db.write(sweeps.remind, now=MONDAY + 4 * day)
    assert not await db.read(lines, ticket, "warned")


# -------------------- two at the same moment


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize(("rule", "kind"), [(sweeps.ring, "breached"), (sweeps.warn, "warned")])
async def test_two_workers_ring_once(
    db: Database, people: dict[str, Actor], rule: Callable[..., int], kind: str
) -> None:
    """The second looks while the first has the ticket, and again when it has let it go."""
    await deadlines.policy(db, first_response_m=30, warn_percent=80)
    ticket = await due(db, people)
    now, gate = MONDAY + (31 if kind == "breached" else 25) * MINUTE, Gate()

    def and_stop(session: Session) -> int:
        rung = rule(session, now=now)
        gate.stop(session)
        return rung

    first = asyncio.ensure_future(db.write(and_stop))
    await gate.reached()
    assert await db.write(rule, now=now) == 0
    gate.open()
    assert await first == 1
    assert await db.write(rule, now=now) == 0
    assert len(await db.read(lines, ticket, kind)) == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_what_somebody_changes_at_the_moment_is_left_to_the_next_sweep(
    db: Database, people: dict[str, Actor]
) -> None:
    """He answers: the clock that ended is late, and no second line says so."""
    await deadlines.policy(db, first_response_m=30)
    ticket, gate = await due(db, people), Gate()

    def answer(session: Session) -> None:
        steps.reply(session, finding.lock(session, ticket), "在查", by="7", now=MONDAY + 31 * MINUTE)
        session.flush()
        gate.stop(session)

    answering = asyncio.ensure_future(db.write(answer))
    await gate.reached()
    assert await db.write(sweeps.ring, now=MONDAY + 31 * MINUTE) == 0
    gate.open()
    await answering
    assert await db.write(sweeps.ring, now=MONDAY + 32 * MINUTE) == 0
    assert (await db.read(deadlines.ticket_of, ticket)).breaches == 1
    ended = select(TicketClock.ended_at).where(TicketClock.ticket_id == ticket)
    assert await db.read(lambda s: s.scalars(ended).all()) == [MONDAY + 31 * MINUTE]
