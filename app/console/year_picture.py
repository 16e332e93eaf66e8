"""A year of a calendar, month by month, so that one sees which days are worked."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from app.agents.calendars import Calendar, ranges


class DayKind(StrEnum):
    worked = "worked"
    free = "free"
    """As every week."""
    holiday = "holiday"
    made_up = "made_up"


Cell = tuple[int, DayKind, str]
"""(day, how it is, of which holiday it is a part)"""
Range = tuple[date, date]
_NAMED = (DayKind.holiday, DayKind.made_up)


@dataclass(frozen=True, slots=True)
class Month:
    number: int
    weeks: tuple[tuple[Cell | None, ...], ...]
    """Seven days each, Monday first; None: of another month."""


@dataclass(frozen=True, slots=True)
class Holiday:
    """A name, and the days of the year that have it."""

    name: str
    free: tuple[Range, ...]
    made_up: tuple[Range, ...]


@dataclass(frozen=True, slots=True)
class YearPicture:
    year: int
    months: tuple[Month, ...]
    worked: int
    holidays: int
    made_up: int
    other_years: tuple[int, ...]
    """For which holidays or make-up days are known as well."""
    named: tuple[Holiday, ...] = ()
    """By their first free day; only where a file has told the names."""


_UNNAMED: Mapping[date, str] = {}


def picture_of(calendar: Calendar, year: int, names: Mapping[date, str] = _UNNAMED) -> YearPicture:
    kinds = {day: _kind(calendar, day) for day in _days(year)}
    years = {day.year for day in calendar.holidays | calendar.workdays} - {year}
    counts = Counter(kinds.values())
    holidays, made_up = counts[DayKind.holiday], counts[DayKind.made_up]
    months = tuple(Month(number, tuple(_weeks(kinds, names, year, number))) for number in range(1, 13))
    worked = counts[DayKind.worked] + made_up
    return YearPicture(year, months, worked, holidays, made_up, tuple(sorted(years)), tuple(_named(kinds, names)))


def _named(kinds: Mapping[date, DayKind], names: Mapping[date, str]) -> Iterator[Holiday]:
    """Days of the year alone, and only as long as they are holidays or made up for one."""
    told = [day for day in kinds if day in names and kinds[day] in _NAMED]
    in_order = sorted(told, key=lambda day: kinds[day] is DayKind.made_up)
    for name in dict.fromkeys(names[day] for day in in_order):
        own = [day for day in told if names[day] == name]
        yield Holiday(name, _ranges(own, kinds, DayKind.holiday), _ranges(own, kinds, DayKind.made_up))


def _ranges(days: Sequence[date], kinds: Mapping[date, DayKind], kind: DayKind) -> tuple[Range, ...]:
    return tuple(ranges([day for day in days if kinds[day] is kind]))


def _days(year: int) -> Iterator[date]:
    first = date(year, 1, 1)
    return (first + timedelta(days=number) for number in range((date(year + 1, 1, 1) - first).days))


def _kind(calendar: Calendar, day: date) -> DayKind:
    if day in calendar.workdays:
        return DayKind.made_up
    if day in calendar.holidays:
        return DayKind.holiday
    return DayKind.worked if calendar.is_worked(day) else DayKind.free


def _weeks(
    kinds: Mapping[date, DayKind], names: Mapping[date, str], year: int, month: int
) -> Iterator[tuple[Cell | None, ...]]:
    days: list[Cell | None] = [
        (day.day, kind, names.get(day, "") if kind in _NAMED else "")
        for day, kind in kinds.items()
        if day.month == month
    ]
    cells: list[Cell | None] = [*([None] * date(year, month, 1).weekday()), *days]
    cells += [None] * (-len(cells) % 7)
    return (tuple(cells[at : at + 7]) for at in range(0, len(cells), 7))
