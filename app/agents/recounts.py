"""What is to be counted anew, because something by which tickets are timed has changed: asked for with the change,
done by the worker (``app.tickets.recounting``), a page at a time.

Days are corrections: who forgot a holiday meant it all along, so a clock that runs is counted by the days as they are
now from its start. Hours are not: what passed by other hours, or by another team's calendar, stays counted by those.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.agents.calendars import Calendar, read_stored
from app.agents.models import BusinessCalendar, Recount
from app.agents.rights import Action, Actor, require_here
from app.db.rows import Insert, table_of
from app.db.sql import changed

_insert = Insert(table_of(Recount), ("scope", "subject_id", "changed_at"), or_ignore=True)


class Scope(StrEnum):
    policies = "policies"
    calendar = "calendar"
    team = "team"


@dataclass(frozen=True, slots=True)
class Former:
    """By what the time before a change is counted, as it is written."""

    hours: str
    holidays: str
    workdays: str

    @property
    def calendar(self) -> Calendar:
        return read_stored(self.hours, self.holidays, self.workdays)


@dataclass(frozen=True, slots=True)
class Pending:
    scope: Scope
    subject_id: int
    changed_at: datetime
    seen: int
    """Tickets that were looked at."""


def ask(session: Session, scope: Scope, subject_id: int = 0, *, former: Former | None = None, now: datetime) -> None:
    """Once this transaction has committed. One that waits to be begun counts by what is there then: it is enough.

    ``former``: by which what passed is counted. Of two changes of it that wait the first one's stays, with the newest
    days of the same calendar.
    """
    waiting = (Recount.scope == scope, Recount.subject_id == subject_id, Recount.rank.is_(None))
    while not changed(session.execute(update(Recount).where(*waiting).values(changed_at=now))):
        _insert(session, [(scope, subject_id, now)])
    if former is not None:
        values = {"hours": former.hours, "holidays": former.holidays, "workdays": former.workdays, "since": now}
        session.execute(update(Recount).where(*waiting, Recount.since.is_(None)).values(values))


def former_of(session: Session, row: Recount) -> Former | None:
    """Of a calendar that has other hours: its own days as they are now."""
    if row.hours is None or row.holidays is None or row.workdays is None:
        return None
    if row.scope == Scope.calendar:
        own = select(BusinessCalendar.holidays, BusinessCalendar.workdays).where(BusinessCalendar.id == row.subject_id)
        if days := session.execute(own).one_or_none():
            return Former(row.hours, *days)
    return Former(row.hours, row.holidays, row.workdays)


def list_pending(session: Session, *, by: Actor | None) -> Sequence[Pending]:
    """In the order in which they are done."""
    require_here(by, Action.edit_deadlines)
    rows = session.scalars(select(Recount).order_by(Recount.id))
    return [Pending(Scope(row.scope), row.subject_id, row.changed_at, row.seen) for row in rows]
