"""What somebody has to do today, and what he is told of: on both engines."""

from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.agents.rights import Actor
from app.db.database import Database
from app.desk.tickets import notices, today
from app.tickets.models import TicketEvent, TicketNotice
from tests.factories import ticketing
from tests.factories.conversations import NOW

HOUR = timedelta(hours=1)


async def line(db: Database, ticket: int, kind: str, author: str, *, tells: Actor | None = None) -> int:
    def add(session: Session) -> int:
        row = TicketEvent(ticket_id=ticket, kind=kind, author=author, text="还是不行", at=NOW)
        session.add(row)
        session.flush()
        if tells is not None:
            session.add(TicketNotice(agent_id=tells.id, event_id=row.id, ticket_id=ticket))
        return row.id

    return await db.write(add)


async def test_a_day_begins_with_whose_viewers_wait_and_holds_each_ticket_once(
    db: Database, lin: Actor, chen: Actor
) -> None:
    mine: dict[str, Any] = {"owner_id": lin.id}
    late = await ticketing.ticket(db, next_due_at=NOW - HOUR, **mine)
    spoke = await ticketing.ticket(db, next_due_at=NOW - 2 * HOUR, **mine)
    due = await ticketing.ticket(db, next_due_at=NOW + HOUR, **mine)
    later = await ticketing.ticket(db, next_due_at=NOW + 90 * HOUR, **mine)
    never = await ticketing.ticket(db, **mine)
    answered = await ticketing.ticket(db, status="waiting", **mine)
    asked = await ticketing.ticket(db, status="waiting", **mine)
    told = await ticketing.ticket(db, next_due_at=NOW + 2 * HOUR, **mine)
    await ticketing.ticket(db, owner_id=chen.id, next_due_at=NOW)
    await ticketing.ticket(db, closed_at=NOW, **mine)
    for ticket, kind, author in [
        (spoke, "added", "viewer"), (answered, "asked", str(lin.id)), (answered, "answered", "viewer"),
        (asked, "added", "viewer"), (asked, "asked", str(lin.id)), (told, "added", "viewer"),
        (told, "replied", str(lin.id)), (told, "noted", str(chen.id)),
    ]:  # fmt: skip
        await line(db, ticket, kind, author)
    day = await db.read(today.look, by=lin, now=NOW)
    parts = [[row.id for row in part] for part in (day.answered, day.overdue, day.due, day.later)]
    assert parts == [[spoke, answered], [late], [due, told], [later, never]]
    assert (day.waiting, day.further) == (1, False)


async def test_notices_are_new_until_they_are_seen_and_what_comes_meanwhile_stays(
    db: Database, lin: Actor, chen: Actor
) -> None:
    ticket = await ticketing.ticket(db, number=1024)
    first = await line(db, ticket, "added", "viewer", tells=lin)
    second = await line(db, ticket, "noted", str(chen.id), tells=lin)
    await line(db, ticket, "noted", str(lin.id), tells=chen)
    told = await db.read(notices.list_unseen, by=lin)
    assert [(one.event_id, one.number, one.kind, one.author_name) for one in told] == [
        (second, 1024, "noted", "陈一诺"), (first, 1024, "added", None)
    ]  # fmt: skip
    third = await line(db, ticket, "closed", "clock", tells=lin)
    assert await db.write(notices.see_all, by=lin, until=second, now=NOW) == 2
    assert await db.write(notices.see_all, by=lin, until=second, now=NOW) == 0
    assert [one.event_id for one in await db.read(notices.list_unseen, by=lin)] == [third]
    assert (await db.read(notices.count_unseen, by=lin), await db.read(notices.count_unseen, by=chen)) == (1, 1)
