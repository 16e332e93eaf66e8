"""The times that tickets must keep, and the hours by which they are counted, stored as people have set them."""

import itertools
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.agents import hours
from app.agents.calendars import BEIJING
from app.agents.models import BusinessCalendar, Team
from app.db.database import Database
from app.tickets.deadline_models import SlaPolicy, TicketClock
from app.tickets.models import Ticket
from tests.factories.conversations import NOW

OFFICE = "周一至周五 9:00-12:00,13:30-18:00"
MONDAY = datetime(2026, 11, 23, 10, tzinfo=BEIJING).astimezone(UTC)
"""Ten in the morning of an ordinary week."""
_positions = itertools.count(1)


def on(day: int, clock: str) -> datetime:
    """A time of November 2026, as Beijing's clocks show it: 23 is a Monday, 24:00 the next day's 0:00."""
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 11, day, hour, minute, tzinfo=BEIJING).astimezone(UTC)


async def policy(db: Database, **values: Any) -> int:
    """Behind those that are there; of any kind, priority and source, without limits and warnings."""

    def add(session: Session) -> int:
        position = next(_positions)
        given: dict[str, Any] = {
            "name": f"时限{position}", "position": position, "warn_percent": 0, "updated_at": NOW
        }  # fmt: skip
        row = SlaPolicy(**given | values)
        session.add(row)
        session.flush()
        return row.id

    return await db.write(add)


async def change_policy(db: Database, policy_id: int, **values: Any) -> None:
    await db.write(lambda s: s.execute(update(SlaPolicy).where(SlaPolicy.id == policy_id).values(values)) and None)


async def office_hours(db: Database, holidays: str = "", workdays: str = "", *, written: str = OFFICE) -> None:
    """The service hours of all who have none of their own."""
    await db.write(hours.keep_default, written, holidays, workdays, now=NOW)


async def team_hours(db: Database, team_id: int, written: str) -> None:
    """A team's own."""

    def give(session: Session) -> None:
        row = BusinessCalendar(name=written[:60], hours=written, holidays="", workdays="", updated_at=NOW)
        session.add(row)
        session.flush()
        session.execute(update(Team).where(Team.id == team_id).values(calendar_id=row.id))

    await db.write(give)


def clock_of(session: Session, ticket_id: int, metric: str) -> TicketClock:
    """The newest of this metric."""
    own = select(TicketClock).where(TicketClock.ticket_id == ticket_id, TicketClock.metric == metric)
    return session.scalars(own.order_by(TicketClock.id.desc()).limit(1)).one()


def dues(session: Session, ticket_id: int) -> dict[str, datetime | None]:
    """When each of its running clocks ends; None: it stands still."""
    own = (TicketClock.ticket_id == ticket_id, TicketClock.ended_at.is_(None))
    return {clock.metric: clock.due_at for clock in session.scalars(select(TicketClock).where(*own))}


def ticket_of(session: Session, ticket_id: int) -> Ticket:
    return session.get_one(Ticket, ticket_id)
