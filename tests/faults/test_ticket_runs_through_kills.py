"""A change to many tickets, carried out beside several workers and through kills, changes each of them once."""

from collections import Counter
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.agents.rights import Role
from app.db.database import Database
from app.desk.models import RunState, TicketRun
from app.desk.tickets import runs
from app.desk.tickets.many import Deed, What
from app.tickets.models import TicketEvent
from tests.factories import ticketing
from tests.factories.people import make_agent
from tests.faults.desk import Desk
from tests.faults.waiting import eventually

SMALL_PARTS = ("set@app.desk.tickets.many:AT_ONCE=2", "set@app.desk.tickets.runs:AT_ONCE=2")
"""So that a run is many transactions, and is killed between them or within one."""
INSERTED_AT_ONCE = 100


async def opened(database: Database, count: int) -> list[int]:
    now = datetime.now(UTC)

    def add(session: Session) -> list[int]:
        tickets = [ticketing.built(now) for _ in range(INSERTED_AT_ONCE)]
        session.add_all(tickets)
        session.flush()
        return [ticket.id for ticket in tickets]

    return [one for _ in range(count // INSERTED_AT_ONCE) for one in await database.write(add)]


async def are_changed(database: Database, count: int) -> bool:
    started = select(func.count()).select_from(TicketEvent).where(TicketEvent.kind == "started")
    return (await database.read(lambda session: session.scalar(started)) or 0) >= count


async def test_each_ticket_is_changed_once(desk: Desk, full: bool) -> None:
    count, kills = (2000, 10) if full else (300, 2)
    leader = await make_agent(desk.database, "zhou", roles=[Role.supervisor])
    ids = await opened(desk.database, count)
    plan = await desk.database.write(runs.plan, ids, by=leader, deed=Deed(What.start), now=datetime.now(UTC))
    await desk.database.write(runs.begin, plan[0], by=leader, now=datetime.now(UTC))
    await desk.start(*SMALL_PARTS, count=1 if desk.installation.embedded else 2)
    for moment in desk.moments(count, kills):
        await eventually("some are changed", partial(are_changed, desk.database, moment))
        await desk.kill_one()
        assert not await are_changed(desk.database, count), "the kill came too late"
        await desk.start(*SMALL_PARTS)
    await eventually("all are changed", partial(are_changed, desk.database, count))
    await desk.all_done()
    await desk.installation.kill()

    lines = await desk.database.read(
        lambda session: session.scalars(select(TicketEvent.ticket_id).where(TicketEvent.kind == "started")).all()
    )
    assert Counter(lines) == dict.fromkeys(ids, 1)
    run = await desk.database.read(lambda session: session.get_one(TicketRun, plan[0]))
    assert (run.state, run.done, run.changed, run.why) == (RunState.done, count, count, {})
