"""By which calendar a team's time is counted: its own, else the service hours.

Those of the settings are kept in the database, so that rules need no more than their session, whichever process runs
them; the process that was started last says what they are.
"""

from datetime import datetime
from functools import lru_cache
from typing import Final

from sqlalchemy import bindparam, literal_column, select, update
from sqlalchemy.orm import Session

from app.agents.calendars import ALWAYS, Calendar, read_calendar
from app.agents.models import BusinessCalendar, Team
from app.db.base import Id
from app.db.driver import Prepared
from app.db.rows import Insert, table_of
from app.db.sql import changed

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
    return _read(*found[0]) if found else ALWAYS


def keep_default(session: Session, hours: str, holidays: str, workdays: str, *, now: datetime) -> None:
    """What the settings of this process say; ``hours`` empty: always."""
    given = {"hours": hours or ROUND_THE_CLOCK, "holidays": holidays, "workdays": workdays}
    ours = update(BusinessCalendar).where(BusinessCalendar.is_default).values(**given, updated_at=now)
    if not changed(session.execute(ours)):
        _insert(session, [(DEFAULT, *given.values(), True, now)])


@lru_cache(256)
def _read(hours: str, holidays: str, workdays: str) -> Calendar:
    return read_calendar(hours, holidays, workdays)
