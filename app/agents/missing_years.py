"""Years whose holidays nobody has written into a calendar, though they are known, or have come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agents.calendars import BEIJING, Calendar, read_stored
from app.agents.models import BusinessCalendar, Team
from app.agents.rights import Action, Actor, require_here

_ARRANGED: Final = (11, 15)
"""Month and day from which the next year is expected: the State Council has published its arrangement between the end
of October and the middle of November."""


@dataclass(frozen=True, slots=True)
class MissingYear:
    calendar_id: int
    name: str
    is_default: bool
    """The service hours, which the settings keep."""
    year: int


def list_missing(session: Session, *, by: Actor | None, now: datetime) -> Sequence[MissingYear]:
    """Of the service hours and of calendars by which a team works. Who has no holidays at all is asked for none."""
    require_here(by, Action.edit_deadlines)
    used = select(Team.calendar_id).where(Team.calendar_id.is_not(None), Team.archived_at.is_(None))
    rows = select(BusinessCalendar).where(BusinessCalendar.is_default | BusinessCalendar.id.in_(used))
    return [
        MissingYear(row.id, row.name, row.is_default, year)
        for row in session.scalars(rows.order_by(BusinessCalendar.is_default.desc(), BusinessCalendar.name))
        if row.holidays and (year := find_missing(read_stored(row.hours, row.holidays, row.workdays), now)) is not None
    ]


def find_missing(calendar: Calendar, now: datetime) -> int | None:
    """A year without holidays that it should have: this one, or from the middle of November the next."""
    today, known = now.astimezone(BEIJING), {day.year for day in calendar.holidays}
    due = (today.year, today.year + 1) if (today.month, today.day) >= _ARRANGED else (today.year,)
    return next((year for year in due if year not in known), None)
