"""A year of a calendar, month by month, so that one sees which days are worked."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from app.agents.calendars import Calendar


class DayKind(StrEnum):
    worked = "worked"
    free = "free"
    """As every week."""
    holiday = "holiday"
    made_up = "made_up"


@dataclass(frozen=True, slots=True)
class Month:
    number: int
    weeks: tuple[tuple[tuple[int, DayKind] | None, ...], ...]
    """Seven days each, Monday first; None: of another month."""


@dataclass(frozen=True, slots=True)
class YearPicture:
    year: int
    months: tuple[Month, ...]
    worked: int
    holidays: int
    made_up: int
    other_years: tuple[int, ...]
    """For which holidays or make-up days are known as well."""


def picture_of(calendar: Calendar, year: int) -> YearPicture:
    kinds = {day: _kind(calendar, day) for day in _days(year)}
    years = {day.year for day in calendar.holidays | calendar.workdays} - {year}
    counts = Counter(kinds.values())
    holidays, made_up = counts[DayKind.holiday], counts[DayKind.made_up]
    months = tuple(Month(number, tuple(_weeks(kinds, year, number))) for number in range(1, 13))
    return YearPicture(year, months, counts[DayKind.worked] + made_up, holidays, made_up, tuple(sorted(years)))


def _days(year: int) -> Iterator[date]:
    first = date(year, 1, 1)
    return (first + timedelta(days=number) for number in range((date(year + 1, 1, 1) - first).days))


def _kind(calendar: Calendar, day: date) -> DayKind:
    if day in calendar.workdays:
        return DayKind.made_up
    if day in calendar.holidays:
        return DayKind.holiday
    return DayKind.worked if calendar.is_worked(day) else DayKind.free


def _weeks(kinds: dict[date, DayKind], year: int, month: int) -> Iterator[tuple[tuple[int, DayKind] | None, ...]]:
    days = [(day.day, kind) for day, kind in kinds.items() if day.month == month]
    cells = [None] * date(year, month, 1).weekday() + days
    cells += [None] * (-len(cells) % 7)
    return (tuple(cells[at : at + 7]) for at in range(0, len(cells), 7))
