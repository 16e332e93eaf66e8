"""One change to many tickets, on both engines: told in numbers first, and never made twice."""

import pytest
from sqlalchemy import func, select

from app.agents.rights import Actor
from app.db.database import Database
from app.desk.tickets import many
from app.desk.tickets.assigning import OwnerWrong
from app.desk.tickets.many import AT_ONCE, Deed, NothingChosen, Outcome, ValueMissing, What
from app.tickets.finding import TicketClosed, TicketNotFound
from app.tickets.models import Ticket, TicketEvent, TicketPriority, TicketTag
from tests.factories import ticketing
from tests.factories.conversations import NOW
from tests.factories.people import make_agent, make_team

AS_BEFORE = many.AsBefore.message


async def lines(db: Database) -> int:
    return await db.read(lambda session: session.scalar(select(func.count()).select_from(TicketEvent)) or 0)


async def planned(db: Database, ids: list[int], by: Actor, deed: Deed) -> tuple[int, int, int]:
    plan = await db.write(many.preview, ids, by=by, deed=deed, now=NOW)
    return plan.changes, plan.same, plan.closed


@pytest.mark.parametrize("what", [What.give, What.priority, What.start, What.close])
async def test_what_a_change_says_beforehand_is_what_it_does_and_it_does_it_once(
    db: Database, lin: Actor, chen: Actor, zhou: Actor, what: What
) -> None:
    deed = Deed(what, owner_id=chen.id, priority=TicketPriority.high, text="已经修好")
    ids = [
        await ticketing.ticket(db), await ticketing.ticket(db, owner_id=lin.id, priority="low"),
        await ticketing.ticket(db, owner_id=chen.id, priority="high", status="in_progress"),
        await ticketing.ticket(db, closed_at=NOW),
    ]  # fmt: skip
    changes = 3 if what is What.close else 2
    assert await planned(db, ids, zhou, deed) == (changes, 3 - changes, 1)
    assert await lines(db) == 0
    outcome = await db.write(many.apply, ids, by=zhou, deed=deed, since=NOW, now=NOW)
    closed = {AS_BEFORE: [ids[3]]} if what is What.close else {AS_BEFORE: [ids[2]], TicketClosed.message: [ids[3]]}
    assert outcome == Outcome(changes, closed)
    written = await lines(db)
    again = await db.write(many.apply, ids, by=zhou, deed=deed, since=NOW, now=NOW)
    assert (again.changed, await lines(db)) == (0, written)


async def test_tags_come_and_go_also_on_what_is_closed(db: Database, zhou: Actor) -> None:
    ids = [await ticketing.ticket(db), await ticketing.ticket(db, closed_at=NOW)]
    add, remove = Deed(What.tag, tag=" #退款 "), Deed(What.untag, tag="退款")
    assert await planned(db, ids, zhou, add) == (2, 0, 0)
    assert (await db.write(many.apply, ids, by=zhou, deed=add, since=NOW, now=NOW)).changed == 2
    assert await planned(db, ids, zhou, add) == (0, 2, 0)
    assert await db.read(lambda session: sorted(session.scalars(select(TicketTag.tag)))) == ["退款", "退款"]
    assert await planned(db, ids, zhou, remove) == (2, 0, 0)
    assert (await db.write(many.apply, ids, by=zhou, deed=remove, since=NOW, now=NOW)).changed == 2
    assert await db.write(many.apply, ids, by=zhou, deed=remove, since=NOW, now=NOW) == Outcome(0, {AS_BEFORE: ids})


async def test_one_that_cannot_be_changed_leaves_the_others_alone(db: Database, zhou: Actor, chen: Actor) -> None:
    one = await ticketing.ticket(db)
    deed = Deed(What.give, owner_id=chen.id)
    outcome = await db.write(many.apply, [one, 987_654], by=zhou, deed=deed, since=NOW, now=NOW)
    assert outcome == Outcome(1, {TicketNotFound.message: [987_654]})
    assert await db.read(lambda session: session.get_one(Ticket, one).owner_id) == chen.id


async def test_a_team_takes_tickets_from_those_who_had_them(db: Database, zhou: Actor, chen: Actor) -> None:
    team = await make_team(db)
    ids = [await ticketing.ticket(db, owner_id=chen.id), await ticketing.ticket(db, team_id=team)]
    deed = Deed(What.give, team_id=team)
    assert await planned(db, ids, zhou, deed) == (1, 1, 0)
    assert (await db.write(many.apply, ids, by=zhou, deed=deed, since=NOW, now=NOW)).changed == 1
    row = await db.read(lambda session: session.get_one(Ticket, ids[0]))
    assert (row.owner_id, row.team_id) == (None, team)


async def test_a_transaction_takes_a_few(db: Database, zhou: Actor) -> None:
    ids = [await ticketing.ticket(db) for _ in range(AT_ONCE + 2)]
    assert (await db.write(many.apply, ids, by=zhou, deed=Deed(What.start), since=NOW, now=NOW)).changed == AT_ONCE


async def test_what_is_not_said_cannot_be_done(db: Database, zhou: Actor) -> None:
    one = await ticketing.ticket(db)
    operator = await make_agent(db, "ye")
    for deed in (Deed(What.give), Deed(What.priority)):
        with pytest.raises(ValueMissing):
            await planned(db, [one], zhou, deed)
    with pytest.raises(NothingChosen):
        await planned(db, [], zhou, Deed(What.start))
    with pytest.raises(OwnerWrong):
        await planned(db, [one], zhou, Deed(What.give, owner_id=operator.id + 1))
