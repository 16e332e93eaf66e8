"""Deadlines of tickets ring once each, beside which workers and through whatever kills."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.agents.rights import Role
from app.db.database import Database
from app.tickets.deadline_models import Metric, TicketClock
from app.tickets.models import Ticket, TicketEvent, TicketNotice
from tests.factories import ticketing
from tests.factories.people import make_agent
from tests.faults.desk import Desk
from tests.faults.waiting import eventually

SMALL_PAGES = ("set@app.tickets.sweeps:PAGE=10", "set@app.desk.tickets.timers:PAGES=1000")
"""So that a sweep is many transactions, and is killed between them or within one."""
AT_ONCE = 100


async def overdue(database: Database, count: int, owner_id: int) -> None:
    """Tickets with two clocks that ran out, and one that has time."""
    now = datetime.now(UTC)

    def add(session: Session, number: int) -> None:
        tickets = [ticketing.built(now - timedelta(days=1), owner_id=owner_id) for _ in range(number)]
        session.add_all(tickets)
        session.flush()
        for ticket in tickets:
            for metric, hours in ((Metric.first_response, -2), (Metric.resolution, -1), (Metric.promise, 9)):
                due = now + timedelta(hours=hours)
                session.add(
                    TicketClock(ticket_id=ticket.id, metric=metric, started_at=ticket.opened_at, work_s=60, due_at=due)
                )

    for _ in range(count // AT_ONCE):
        await database.write(add, AT_ONCE)


def rung(session: Session) -> int:
    lines = select(func.count()).select_from(TicketEvent).where(TicketEvent.kind == "breached")
    return session.scalar(lines) or 0


async def test_each_deadline_is_rung_once(desk: Desk, full: bool) -> None:
    tickets, kills = (3000, 10) if full else (300, 2)
    owner = await make_agent(desk.database, "lin")
    leader = await make_agent(desk.database, "zhou", roles=[Role.supervisor])
    await overdue(desk.database, tickets, owner.id)
    await desk.start(*SMALL_PAGES, count=1 if desk.installation.embedded else 2)
    for moment in desk.moments(2 * tickets, kills):
        await eventually("some have rung", partial(has_rung, desk.database, moment))
        await desk.kill_one()
        await desk.start(*SMALL_PAGES)
    await eventually("all have rung", partial(has_rung, desk.database, 2 * tickets))
    await desk.all_done()
    await desk.installation.kill()

    lines = await desk.database.read(breaches)
    assert set(lines.values()) == {1}
    assert len(lines) == 2 * tickets
    assert set(await desk.database.read(lambda s: s.scalars(select(Ticket.breaches)).all())) == {2}
    broken = select(TicketClock.metric, func.count()).where(TicketClock.breached_at == TicketClock.due_at)
    assert await desk.database.read(counted, broken.group_by(TicketClock.metric)) == {
        "first_response": tickets, "resolution": tickets
    }  # fmt: skip
    told = select(TicketNotice.agent_id, func.count()).group_by(TicketNotice.agent_id)
    assert await desk.database.read(counted, told) == {owner.id: 2 * tickets, leader.id: 2 * tickets}


def counted(session: Session, rows: Select[Any, int]) -> dict[Any, int]:
    return dict(session.execute(rows).all())


def breaches(session: Session) -> Counter[tuple[int, str]]:
    """The lines of each ticket and metric."""
    lines = session.scalars(select(TicketEvent).where(TicketEvent.kind == "breached"))
    return Counter((line.ticket_id, (line.detail or {})["metric"]) for line in lines)


async def has_rung(database: Database, count: int) -> bool:
    return await database.read(rung) >= count
