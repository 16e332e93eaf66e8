"""By which calendar a team's time is counted: its own, else the service hours.

Those of the settings are kept in the database, so that rules need no more than their session, whichever process runs
them; the process that was started last says what they are.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, literal_column, select
from sqlalchemy.orm import Session

from app.agents import recounts
from app.agents.calendars import ALWAYS, Calendar, read_stored
from app.agents.models import BusinessCalendar, Team
from app.agents.recounts import Former, Scope
from app.db.base import Id
from app.db.driver import Prepared
from app.db.rows import Insert, table_of
from app.db.sql import for_update

DEFAULT: Final = "服务时间"
ROUND_THE_CLOCK: Final = "每天 0:00-24:00"
_FIRST: Final = 1
_insert = Insert(
    table_of(BusinessCalendar), ("name", "hours", "holidays", "workdays", "is_default", "updated_at"), or_ignore=True
)
_calendar = table_of(BusinessCalendar).c
_OWN = Prepared(
    select(_calendar.hours, _calendar.holidays, _calendar.workdays)
    .outerjoin(Team, Team.calendar_id == _calendar.id)
    .where((Team.id == bindparam("team", type_=Id)) | _calendar.is_default)
    .order_by(_calendar.is_default)
    .limit(literal_column(str(_FIRST)))
)


def calendar_for(session: Session, team_id: int | None) -> Calendar:
    """That of the team, else the service hours; without either somebody is always there."""
    found = _OWN(session, team=team_id or 0)
    return read_stored(*found[0]) if found else ALWAYS


def former_for(session: Session, team_id: int) -> Former:
    """By what its time is counted, as it is written, before that becomes another."""
    found = _OWN(session, team=team_id)
    return Former(*found[0]) if found else Former(ROUND_THE_CLOCK, "", "")


def default_id(session: Session) -> int | None:
    """Of the service hours, where a process has kept them."""
    return session.scalar(select(BusinessCalendar.id).where(BusinessCalendar.is_default))


def keep_default(session: Session, hours: str, holidays: str, workdays: str, *, now: datetime) -> None:
    """What the settings of this process say; ``hours`` empty: always. What runs is counted anew where they changed."""
    given = {"hours": hours or ROUND_THE_CLOCK, "holidays": holidays, "workdays": workdays}
    locked = for_update(select(BusinessCalendar).where(BusinessCalendar.is_default))
    row = session.scalars(locked, execution_options={"populate_existing": True}).one_or_none()
    if row is None:
        _insert(session, [(DEFAULT, *given.values(), True, now)])
    elif (before := {name: getattr(row, name) for name in given}) != given:
        for name, value in given.items():
            setattr(row, name, value)
        row.updated_at = now
        session.flush()
        former = Former(**given | {"hours": before["hours"]}) if before["hours"] != given["hours"] else None
        recounts.ask(session, Scope.calendar, row.id, former=former, now=now)
