"""``calendar``: when teams work, over the same rules as the pages."""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy.orm import Session

from app.agents import business_calendars, day_files
from app.agents.business_calendars import (
    CalendarNameTaken,
    DaysInvalid,
    HoursInvalid,
    HoursTwice,
    Kept,
    TooManyCalendars,
    TooManyDays,
    Written,
)
from app.agents.naming import NameInvalid
from app.commands.opened import with_database
from app.errors import AppError, ConfigurationError
from app.settings import Settings

T = TypeVar("T")
_SENTENCES: dict[type[AppError], str] = {
    CalendarNameTaken: "There is a calendar of that name already.",
    NameInvalid: "A name is 1–64 characters that can be seen.",
    TooManyCalendars: f"There are {business_calendars.MOST} calendars already: delete one that is not used.",
    TooManyDays: "These are too many days: drop years that have long passed.",
    HoursInvalid: "The hours '{hours}' cannot be read: write 每天 9:00-22:00 or mon-fri 9:00-12:00,13:30-18:00.",
    HoursTwice: "The hours '{hours}' overlap.",
    DaysInvalid: "'{days}' is no day and no range of days: write 2026-10-01..2026-10-07.",
    day_files.FileTooLarge: f"The file is too large: {day_files.LARGEST // 1024} KB and {day_files.MOST_DAYS} days.",
    day_files.FileUnreadable: "The file cannot be read: write lines of date,name,off or work; or the JSON form.",
    day_files.FileEmpty: "The file tells of no day.",
    day_files.LineInvalid: "Line {line} cannot be read: {text}. Nothing is imported.",
    day_files.DayTwice: "Line {line}: {day} is both off and worked. Nothing is imported.",
}


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    actions = verbs.add_parser("calendar", help="when teams work").add_subparsers(required=True, metavar="ACTION")
    actions.add_parser("list", help="list them").set_defaults(run=show)
    adding = actions.add_parser("add", help="add one; who works by it is chosen on the team's page")
    adding.add_argument("name", metavar="NAME")
    adding.add_argument("--hours", required=True, help="such as '周一至周五 9:00-12:00,13:30-18:00; 周六 10:00-16:00'")
    adding.set_defaults(run=add)
    importing = actions.add_parser("import", help="a year's holidays and make-up days, instead of those it has")
    importing.add_argument("name", metavar="NAME")
    importing.add_argument("file", type=Path, metavar="FILE", help="lines of date,name,off|work (休|班), or JSON")
    importing.set_defaults(run=take_in)


def show(settings: Settings, options: argparse.Namespace) -> None:
    found: list[Kept] = with_database(settings, lambda db, _: db.read(business_calendars.list_calendars, by=None))
    for kept in found:
        calendar, teams = kept.calendar, f"  [{', '.join(kept.teams)}]" if kept.teams else ""
        days = f"{len(calendar.holidays)} holidays, {len(calendar.workdays)} make-up days"
        print(f"{kept.name:<16} {calendar.describe()}  {days}{teams}")
    if not found:
        print("None yet; teams work in the service hours. Add one: python -m app calendar add NAME --hours HOURS")


def add(settings: Settings, options: argparse.Namespace) -> None:
    written = Written(options.name, options.hours)
    _write(settings, lambda session: business_calendars.add(session, by=None, written=written, now=_now()))
    print(f"{options.name} is added.")


def take_in(settings: Settings, options: argparse.Namespace) -> None:
    try:
        content = options.file.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{options.file} cannot be read: {error.strerror}.") from None

    def change(session: Session) -> business_calendars.Imported:
        calendar_id = _id(session, options.name)
        return business_calendars.import_days(session, calendar_id, content, by=None, now=_now())

    done = _write(settings, change)
    years = ", ".join(map(str, done.years))
    print(f"{options.name}: {years}: {done.holidays} holidays, {done.workdays} make-up days; {done.replaced} replaced.")


def _id(session: Session, name: str) -> int:
    found = business_calendars.find_by_name(session, name)
    if found is None:
        raise ConfigurationError(f"There is no calendar '{name}'.")
    return found


def _write(settings: Settings, rule: Callable[[Session], T]) -> T:
    with _explained():
        return with_database(settings, lambda db, _: db.write(rule))


@contextmanager
def _explained() -> Iterator[None]:
    """A refusal in the language of commands."""
    try:
        yield
    except AppError as error:
        raise ConfigurationError(_SENTENCES.get(type(error), str(error)).format(**error.values)) from None


def _now() -> datetime:
    return datetime.now(UTC)
