"""A change to many tickets that goes on by itself, on both engines: through kills, once, and as far as it was let."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Update, func, select, update

from app.agents.models import Agent, AgentRole, AuditEntry
from app.agents.rights import Actor, Role
from app.db.database import Database
from app.desk.models import RunState
from app.desk.tickets import assigning, closing, runs
from app.desk.tickets.many import AT_ONCE, AsBefore, Deed, TouchedMeanwhile, What
from app.desk.tickets.runs import Left, Look, RunNotFound
from app.jobs.models import Job
from app.tickets.finding import TicketClosed
from app.tickets.models import Ticket, TicketEvent
from tests.factories import ticketing
from tests.factories.conversations import NOW

TAG = Deed(What.tag, tag="回访")
LATER = NOW + timedelta(minutes=1)


async def begun(db: Database, ids: list[int], by: Actor, deed: Deed = TAG) -> int:
    run, _ = await db.write(runs.plan, ids, by=by, deed=deed, now=NOW)
    await db.write(runs.begin, run, by=by, now=NOW)
    return run


async def jobs(db: Database) -> list[tuple[int, list[int]]]:
    rows = select(Job.payload).where(Job.kind == runs.KIND).order_by(Job.id)
    return [(one["at"], one["ids"]) for one in await db.read(lambda s: s.scalars(rows).all()) if one is not None]


async def lines(db: Database) -> int:
    return await db.read(lambda session: session.scalar(select(func.count()).select_from(TicketEvent)) or 0)


async def look(db: Database, run: int, by: Actor) -> Look:
    return await db.read(runs.look, run, by=by)


async def carry_out(db: Database, run: int, at: int, ids: list[int]) -> None:
    """As a worker does."""
    while await db.write(runs.step, run, at, ids, now=LATER):
        pass


async def named(db: Database, ids: list[int]) -> tuple[tuple[int, int], ...]:
    numbers = select(Ticket.id, Ticket.number).where(Ticket.id.in_(ids)).order_by(Ticket.id)
    return tuple((one, number) for one, number in await db.read(lambda s: s.execute(numbers).all()))


async def test_it_goes_on_where_a_kill_left_it_and_counts_nothing_twice(
    db: Database, zhou: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "A_JOB", 8)
    ids = [await ticketing.ticket(db) for _ in range(11)]
    run = await begun(db, ids, zhou)
    await db.write(runs.begin, run, by=zhou, now=NOW)  # a second tap
    parts = await jobs(db)
    assert parts == [(0, ids[:8]), (8, ids[8:]), (11, [])]
    assert await db.write(runs.step, run, *parts[0], now=NOW)
    assert (await look(db, run, zhou)).done == AT_ONCE
    for at, part in (parts[0], parts[0], *parts[1:]):  # as a job that was killed after its last step is run again
        await carry_out(db, run, at, part)
    found = await look(db, run, zhou)
    assert (found.state, found.total, found.done, found.changed, found.left) == (RunState.done, 11, 11, 11, ())
    assert await lines(db) == 11
    assert not await db.write(runs.step, run, *parts[1], now=NOW)
    entry = await db.read(lambda s: s.scalars(select(AuditEntry).where(AuditEntry.action == "tickets.many")).one())
    assert (entry.agent_id, entry.detail) == (zhou.id, {"what": "tag", "count": 11, "state": "done"})


async def test_two_workers_at_once_change_each_ticket_once(db: Database, zhou: Actor) -> None:
    ids = [await ticketing.ticket(db) for _ in range(4 * AT_ONCE)]
    run = await begun(db, ids, zhou)
    await asyncio.gather(*(carry_out(db, run, 0, ids) for _ in range(2)))
    found = await look(db, run, zhou)
    assert (found.state, found.done, found.changed, found.left) == (RunState.done, len(ids), len(ids), ())
    assert await lines(db) == len(ids)


async def test_what_another_did_meanwhile_stays_as_he_made_it(
    db: Database, zhou: Actor, lin: Actor, chen: Actor
) -> None:
    taken, noted, own = ids = [await ticketing.ticket(db) for _ in range(3)]
    give, close = Deed(What.give, owner_id=chen.id), Deed(What.close, text="已经修好")
    given, closed = await begun(db, ids, zhou, give), await begun(db, ids[1:], zhou, close)
    await db.write(assigning.take, taken, by=lin, former=None, now=LATER)
    await db.write(closing.note, noted, by=lin, text="她说又坏了", now=LATER)
    await db.write(assigning.give, own, by=zhou, owner_id=lin.id, now=LATER)  # the same person: he knows
    await carry_out(db, given, 0, ids)
    await carry_out(db, closed, 0, ids[1:])
    found = await look(db, given, zhou)
    assert (found.changed, found.left) == (2, (Left(TouchedMeanwhile.message, 1, await named(db, [taken])),))
    owners = select(Ticket.owner_id).order_by(Ticket.id)
    assert await db.read(lambda s: s.scalars(owners).all()) == [lin.id, chen.id, chen.id]
    found = await look(db, closed, zhou)
    assert (found.changed, found.left) == (1, (Left(TouchedMeanwhile.message, 1, await named(db, [noted])),))


async def test_of_very_many_that_stayed_the_first_are_named(
    db: Database, zhou: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "LISTED", 2)
    ids = [await ticketing.ticket(db, closed_at=NOW) for _ in range(AT_ONCE + 1)]
    run = await begun(db, ids, zhou, Deed(What.start))
    await carry_out(db, run, 0, ids)
    found = await look(db, run, zhou)
    assert found.left == (Left(TicketClosed.message, len(ids), await named(db, ids[:2])),)
    (listed,) = await db.read(runs.list_own, by=zhou, now=NOW)
    assert listed.left == (Left(TicketClosed.message, len(ids), ()),)


async def test_it_tells_what_stayed_as_it_was_and_why(db: Database, zhou: Actor) -> None:
    ids = [
        await ticketing.ticket(db), await ticketing.ticket(db, status="in_progress"),
        await ticketing.ticket(db, closed_at=NOW),
    ]  # fmt: skip
    run = await begun(db, ids, zhou, Deed(What.start))
    await db.write(runs.step, run, 0, ids, now=NOW)
    found = await look(db, run, zhou)
    assert found.changed == 1
    assert found.left == (
        Left(AsBefore.message, 1, ()), Left(TicketClosed.message, 1, await named(db, ids[2:]))
    )  # fmt: skip


async def test_what_is_stopped_stays_as_it_is(db: Database, zhou: Actor) -> None:
    ids = [await ticketing.ticket(db) for _ in range(AT_ONCE + 3)]
    run = await begun(db, ids, zhou)
    await db.write(runs.step, run, 0, ids, now=NOW)
    await db.write(runs.stop, run, by=zhou, now=NOW)
    assert not await db.write(runs.step, run, 0, ids, now=NOW)
    found = await look(db, run, zhou)
    assert (found.state, found.done, found.changed) == (RunState.stopped, AT_ONCE, AT_ONCE)
    assert [one.id for one in await db.read(runs.list_own, by=zhou, now=NOW)] == [run]
    await db.write(runs.put_away, run, by=zhou, now=NOW)
    assert await db.read(runs.list_own, by=zhou, now=NOW) == []


@pytest.mark.parametrize(
    "loss",
    [update(Agent).values(deactivated_at=NOW), update(AgentRole).values(role=Role.agent)],
    ids=["deactivated", "not a leader any more"],
)
async def test_it_does_not_go_on_for_who_may_not_any_more(db: Database, zhou: Actor, loss: Update) -> None:
    ids = [await ticketing.ticket(db)]
    run = await begun(db, ids, zhou)
    await db.write(lambda s: s.execute(loss))
    assert not await db.write(runs.step, run, 0, ids, now=NOW)
    found = await look(db, run, zhou)
    assert (found.state, found.changed, found.left) == (RunState.stopped, 0, (Left(runs.Gone.message, 1, ()),))
    assert await lines(db) == 0


async def test_parts_that_were_given_up_are_told_of_and_the_others_go_on(
    db: Database, zhou: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "A_JOB", 2)
    ids = [await ticketing.ticket(db) for _ in range(5)]
    run = await begun(db, ids, zhou)
    assert [at for at, _ in await jobs(db)] == [0, 2, 4, 5]
    await carry_out(db, run, 2, ids[2:4])
    assert (await look(db, run, zhou)).state == RunState.running
    await carry_out(db, run, 5, [])
    found = await look(db, run, zhou)
    assert (found.state, found.done, found.changed) == (RunState.done, 5, 2)
    assert found.left == (Left(runs.Broke.message, 3, ()),)


async def test_a_plan_is_of_one_person_and_of_one_day(db: Database, zhou: Actor, lin: Actor) -> None:
    ids = [await ticketing.ticket(db)]
    (first, told), (second, _) = [await db.write(runs.plan, ids, by=zhou, deed=TAG, now=NOW) for _ in range(2)]
    assert told.changes == 1
    assert await db.read(runs.list_own, by=zhou, now=NOW) == []
    with pytest.raises(RunNotFound):
        await db.write(runs.begin, first, by=replace(zhou, id=lin.id), now=NOW)
    await db.write(runs.begin, first, by=zhou, now=NOW)
    assert await jobs(db) == [(0, ids), (1, [])]
    later = NOW + runs.PLANNED + timedelta(minutes=1)
    with pytest.raises(RunNotFound):
        await db.write(runs.begin, second, by=zhou, now=later)
    third, _ = await db.write(runs.plan, ids, by=zhou, deed=TAG, now=later)
    await db.write(runs.begin, second, by=zhou, now=later)
    assert third > second
    assert len(await jobs(db)) == 2
    assert [one.id for one in await db.read(runs.list_own, by=zhou, now=NOW + runs.KEPT)] == []
