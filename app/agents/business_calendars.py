"""Business calendars: when teams work, and how a year's holidays get into them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.agents import audit, recounts, versions
from app.agents.calendars import (
    Calendar,
    DaysUnreadable,
    HoursOverlap,
    HoursUnreadable,
    read_calendar,
    read_days,
    read_stored,
    write_days,
)
from app.agents.day_files import read_file
from app.agents.models import BusinessCalendar, Team
from app.agents.naming import read_name
from app.agents.recounts import Former, Scope
from app.agents.rights import Action, Actor, require_here
from app.db.sql import for_update
from app.errors import AppError, NotFound

LONGEST_HOURS: Final = 500
LONGEST_DAYS: Final = 4000
"""Characters of holidays, or of make-up days, as they are stored."""
MOST: Final = 100
_QUOTED: Final = 60
"""Characters of what somebody wrote, in a sentence about it."""


class CalendarNotFound(NotFound):
    message = "没有找到这个工作日历，可能已经被删掉"


class CalendarNameTaken(AppError):
    status_code, message = 409, "已经有叫这个名字的工作日历，请换一个"


class CalendarUsed(AppError):
    status_code, message = 409, "还有小组在用这个日历：{teams}。请先给它们换一个"


class TooManyCalendars(AppError):
    status_code, message = 409, f"工作日历最多 {MOST} 个，请先删掉不用的"


class HoursInvalid(AppError):
    status_code = 422
    message = "读不懂工作时间“{hours}”：请写 每天 9:00-22:00，或者 周一至周五 9:00-12:00,13:30-18:00; 周六 10:00-16:00"


class HoursTwice(AppError):
    status_code, message = 422, "工作时间“{hours}”有重叠：一段还没结束，下一段就开始了"


class DaysInvalid(AppError):
    status_code, message = 422, "读不懂日期“{days}”：请写成 2026-10-01，一段日子写成 2026-10-01..2026-10-07"


class TooManyDays(AppError):
    status_code, message = 422, "日子太多了，请删掉早已过去的年份"


@dataclass(frozen=True, slots=True)
class Kept:
    id: int
    name: str
    hours: str
    """As somebody wrote them."""
    holidays: str
    workdays: str
    """Make-up working days."""
    teams: tuple[str, ...]
    """Those that work by it, archived ones as well."""
    names: Mapping[date, str]
    """Of which holiday a day is a part, or for which it is worked, where a file told it."""
    version: int
    """For whoever changes it: of which state he knows."""
    updated_at: datetime

    @property
    def calendar(self) -> Calendar:
        return read_stored(self.hours, self.holidays, self.workdays)


@dataclass(frozen=True, slots=True)
class Written:
    """What a calendar is made of, as somebody wrote it."""

    name: str
    hours: str
    holidays: str = ""
    workdays: str = ""


@dataclass(frozen=True, slots=True)
class Imported:
    """How many days a file tells, of which years, and how many of the calendar's it takes the place of."""

    holidays: int
    workdays: int
    years: tuple[int, ...]
    replaced: int


# -------------------- looking


def list_calendars(session: Session, *, by: Actor | None) -> list[Kept]:
    """By name."""
    require_here(by, Action.edit_deadlines)
    rows = session.scalars(
        select(BusinessCalendar).where(_OWN).order_by(BusinessCalendar.name, BusinessCalendar.id)
    ).all()
    return _kept(session, rows)


def get_calendar(session: Session, calendar_id: int, *, by: Actor | None) -> Kept:
    """CalendarNotFound."""
    require_here(by, Action.edit_deadlines)
    row = session.scalar(select(BusinessCalendar).where(BusinessCalendar.id == calendar_id, _OWN))
    if row is None:
        raise CalendarNotFound
    return _kept(session, [row])[0]


def find_names(session: Session, calendar_id: int, *, by: Actor | None) -> Mapping[date, str]:
    """Of its holidays; none of a calendar that is not there."""
    require_here(by, Action.edit_deadlines)
    row = session.scalar(select(BusinessCalendar).where(BusinessCalendar.id == calendar_id, _OWN))
    return _names(row) if row is not None else {}


def find_by_name(session: Session, name: str) -> int | None:
    return session.scalar(select(BusinessCalendar.id).where(BusinessCalendar.name == name, _OWN))


_TIMES: Final = frozenset({"hours", "holidays", "workdays"})
_GROUP: Final = "calendars."
_OWN = BusinessCalendar.is_default.is_(False)
"""Those that people keep; the service hours are kept by the settings (``hours``)."""


# -------------------- changes


def add(session: Session, *, by: Actor | None, written: Written, now: datetime) -> int:
    """A new one; its id. CalendarNameTaken, TooManyCalendars, and what ``edit`` refuses."""
    require_here(by, Action.edit_deadlines)
    if (session.scalar(select(func.count()).select_from(BusinessCalendar).where(_OWN)) or 0) >= MOST:
        raise TooManyCalendars
    row = BusinessCalendar(day_names={})
    _flush(session, row, _tidied(written), now)
    _record(session, by, "calendars.add", row, now, hours=row.hours)
    return row.id


def edit(
    session: Session, calendar_id: int, *, by: Actor | None, written: Written, version: int | None = None, now: datetime
) -> bool:
    """Whether deadlines that run are counted anew because of it. ``version``: see ``versions.claim``.

    CalendarNameTaken, ChangedMeanwhile; HoursInvalid, HoursTwice, DaysInvalid, TooManyDays name what is wrong.
    """
    require_here(by, Action.edit_deadlines)
    row, after = lock(session, calendar_id), _tidied(written)
    before = {name: getattr(row, name) for name in after}
    changes = {name for name in after if before[name] != after[name]}
    if not changes:
        return False
    versions.claim(session, BusinessCalendar, calendar_id, version, _GROUP)
    _flush(session, row, after, now)
    _record(
        session, by, "calendars.edit", row, now,
        before={name: before[name] for name in sorted(changes)}, after={name: after[name] for name in sorted(changes)},
    )  # fmt: skip
    return _count_anew(session, row, before, now) if changes & _TIMES else False


def delete(session: Session, calendar_id: int, *, by: Actor | None, now: datetime) -> None:
    """CalendarUsed while a team works by it."""
    require_here(by, Action.edit_deadlines)
    row = lock(session, calendar_id)
    if teams := _teams(session, [calendar_id]).get(calendar_id):
        raise CalendarUsed(teams="、".join(teams))
    _record(
        session, by, "calendars.delete", row, now, hours=row.hours, holidays=row.holidays, workdays=row.workdays
    )  # fmt: skip
    session.delete(row)
    session.flush()


def preview_days(session: Session, calendar_id: int, content: bytes, *, by: Actor | None) -> Imported:
    """What ``import_days`` would do; it refuses what that refuses."""
    require_here(by, Action.edit_deadlines)
    row = session.scalar(select(BusinessCalendar).where(BusinessCalendar.id == calendar_id, _OWN))
    if row is None:
        raise CalendarNotFound
    return _merged(row, content)[-1]


def import_days(session: Session, calendar_id: int, content: bytes, *, by: Actor | None, now: datetime) -> Imported:
    """The days of the years in a file (``day_files``) take the place of those of the same years; others stay."""
    require_here(by, Action.edit_deadlines)
    row = lock(session, calendar_id)
    before = {name: getattr(row, name) for name in _TIMES}
    holidays, workdays, names, done = _merged(row, content)
    if (holidays, workdays, names) != (row.holidays, row.workdays, row.day_names):
        versions.claim(session, BusinessCalendar, calendar_id, None, _GROUP)
    row.holidays, row.workdays, row.day_names, row.updated_at = holidays, workdays, names, now
    session.flush()
    _record(
        session, by, "calendars.import", row, now, years=list(done.years), holidays=done.holidays,
        workdays=done.workdays,
    )  # fmt: skip
    if any(before[name] != getattr(row, name) for name in _TIMES):
        _count_anew(session, row, before, now)
    return done


def lock(session: Session, calendar_id: int) -> BusinessCalendar:
    """Nobody deletes it or changes it until the commit; CalendarNotFound."""
    one = for_update(select(BusinessCalendar).where(BusinessCalendar.id == calendar_id, _OWN))
    row = session.scalars(one, execution_options={"populate_existing": True}).one_or_none()
    if row is None:
        raise CalendarNotFound
    return row


def read_written(written: Written) -> Calendar:
    """The calendar that somebody wrote; HoursInvalid, HoursTwice, DaysInvalid."""
    hours = _hours(written)
    if len(hours) > LONGEST_HOURS or not hours.isprintable():
        raise HoursInvalid(hours=hours[:_QUOTED])
    try:
        return read_calendar(hours, written.holidays, written.workdays)
    except HoursOverlap as error:
        raise HoursTwice(hours=error.text[:_QUOTED]) from None
    except HoursUnreadable as error:
        raise HoursInvalid(hours=error.text[:_QUOTED]) from None
    except DaysUnreadable as error:
        raise DaysInvalid(days=error.text[:_QUOTED]) from None


# -------------------- pieces


def _kept(session: Session, rows: Iterable[BusinessCalendar]) -> list[Kept]:
    rows = list(rows)
    teams = _teams(session, [row.id for row in rows])
    return [
        Kept(
            row.id, row.name, row.hours, row.holidays, row.workdays, tuple(teams.get(row.id, ())), _names(row),
            row.version, row.updated_at,
        )
        for row in rows
    ]  # fmt: skip


def _names(row: BusinessCalendar) -> dict[date, str]:
    return {date.fromisoformat(day): name for day, name in row.day_names.items()}


def _count_anew(session: Session, row: BusinessCalendar, before: Mapping[str, str], now: datetime) -> bool:
    """Where a team works by it. See ``recounts`` for what becomes of the time that has passed."""
    if session.scalar(select(Team.id).where(Team.calendar_id == row.id).limit(1)) is None:
        return False
    former = Former(before["hours"], row.holidays, row.workdays) if before["hours"] != row.hours else None
    recounts.ask(session, Scope.calendar, row.id, former=former, now=now)
    return True


def _teams(session: Session, calendars: Iterable[int]) -> dict[int, list[str]]:
    """By calendar, the names of those that work by it."""
    found: dict[int, list[str]] = {calendar_id: [] for calendar_id in calendars}
    users = select(Team.calendar_id, Team.name).where(Team.calendar_id.is_not(None)).order_by(Team.name, Team.id)
    for calendar_id, name in session.execute(users):
        if calendar_id in found:
            found[calendar_id].append(name)
    return found


def _tidied(written: Written) -> dict[str, str]:
    """Column → text, each that can be read."""
    calendar = read_written(written)
    return {
        "name": read_name(written.name), "hours": _hours(written), "holidays": _write_days(calendar.holidays),
        "workdays": _write_days(calendar.workdays),
    }  # fmt: skip


def _hours(written: Written) -> str:
    return " ".join(written.hours.split())


def _write_days(days: frozenset[date]) -> str:
    text = write_days(days)
    if len(text) > LONGEST_DAYS:
        raise TooManyDays
    return text


def _merged(row: BusinessCalendar, content: bytes) -> tuple[str, str, dict[str, str], Imported]:
    """(holidays, workdays, names by day, what happens)"""
    told = read_file(content)
    holidays, workdays = read_days(row.holidays), read_days(row.workdays)
    replaced = sum(day.year in told.years for day in holidays | workdays)
    done = Imported(len(told.holidays), len(told.workdays), told.years, replaced)
    own = told.replaced(holidays, told.holidays), told.replaced(workdays, told.workdays)
    names = {day: name for day, name in _names(row).items() if day not in told.holidays | told.workdays}
    return _write_days(own[0]), _write_days(own[1]), _write_names({**names, **told.names}, own[0] | own[1]), done


def _write_names(names: Mapping[date, str], days: Collection[date]) -> dict[str, str]:
    """Of the days that the calendar still has."""
    return {str(day): name for day, name in sorted(names.items()) if day in days}


def _flush(session: Session, row: BusinessCalendar, values: Mapping[str, str], now: datetime) -> None:
    try:
        with session.begin_nested():
            for name, value in values.items():
                setattr(row, name, value)
            row.updated_at = now
            row.day_names = _write_names(_names(row), read_days(row.holidays) | read_days(row.workdays))
            session.add(row)
            session.flush()
    except IntegrityError:
        raise CalendarNameTaken from None


def _record(
    session: Session, by: Actor | None, action: str, row: BusinessCalendar, now: datetime, **detail: Any
) -> None:
    audit.record(session, by, action, now=now, subject="calendar", subject_id=row.id, name=row.name, **detail)
