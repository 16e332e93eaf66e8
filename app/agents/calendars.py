"""Business calendars: when somebody is there, when the next one comes, and when a promised day is over.

Times of day are Beijing time, which knows no daylight saving. A span belongs to the day on which it begins, also where
it ends after midnight. Holidays have no spans; make-up working days (调休上班) have those of the first working weekday.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from itertools import count, groupby, pairwise
from typing import Final

from app.errors import ConfigurationError

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
_DAY = timedelta(days=1)
_LONGEST = 400
"""Days of one range of holidays: a calendar must open again."""
_WEEKDAYS = "一二三四五六日"
_ENGLISH = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_RULE = re.compile(r"(.*?)\s*((?:\d{1,2}[:：]\d{2}\s*[-–~至]\s*\d{1,2}[:：]\d{2}[\s,，、]*)+)")
_SPAN = re.compile(r"(\d{1,2})[:：](\d{2})\s*[-–~至]\s*(\d{1,2})[:：](\d{2})")


class HoursUnreadable(ConfigurationError):
    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(
            f"The service hours '{text}' cannot be read: write 每天 9:00-22:00 or "
            "周一至周五 9:00-12:00,13:30-18:00; 周六 10:00-16:00."
        )


class HoursOverlap(ConfigurationError):
    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(f"The service hours '{text}' overlap.")


class DaysUnreadable(ConfigurationError):
    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(f"'{text}' is no day and no range of days: write 2026-10-01..2026-10-07.")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From ``start`` to ``end``, both counted from the midnight of its day; ``end`` may lie on the next day."""

    start: timedelta
    end: timedelta


@dataclass(frozen=True, slots=True)
class Calendar:
    week: tuple[tuple[Span, ...], ...]
    """The spans of each weekday in their order, Monday first."""
    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()
    """Make-up working days."""

    def is_open(self, at: datetime) -> bool:
        return self.opens_at(at) == at

    def is_worked(self, day: date) -> bool:
        return bool(self._spans(day))

    def knows(self, year: int) -> bool:
        """Whether its holidays are of this year as well; one that has none at all asks for none."""
        return not self.holidays or any(day.year == year for day in self.holidays)

    def opens_at(self, at: datetime) -> datetime:
        """When somebody is there again: ``at`` itself where somebody is."""
        return max(at, next(start for start, end in self._from(at) if end > at))

    def after_working(self, start: datetime, work: timedelta) -> datetime:
        """The first moment at which so much service time has passed: ``start`` itself for none."""
        left = work
        if left <= timedelta():
            return start
        for begins, ends in self._from(start):
            begins = max(begins, start)
            if ends - begins >= left:
                return begins + left
            left -= max(ends - begins, timedelta())
        raise AssertionError("a calendar opens again and again")

    def working_between(self, start: datetime, end: datetime) -> timedelta:
        """The service time between two moments; none where ``end`` is not after ``start``."""
        passed = timedelta()
        for begins, ends in self._from(start):
            if begins >= end:
                break
            passed += max(min(ends, end) - max(begins, start), timedelta())
        return passed

    def end_of_working_day(self, start: datetime, days: int) -> datetime:
        """When the last span of the ``days``-th working day after that of ``start`` ends; the day itself is day 0."""
        working = (day for day in _days_from(start.astimezone(BEIJING).date() + _DAY) if self._spans(day))
        last = next(day for number, day in enumerate(working, 1) if number == max(days, 1))
        return _midnight(last) + self._spans(last)[-1].end

    def describe(self) -> str:
        """As viewers read it: 每天 9:00–22:00, or 周一至周五 9:00–12:00、13:30–18:00，周六 10:00–16:00."""
        return "，".join(f"{_name(days)} {'、'.join(map(_clock_span, spans))}" for days, spans in self.by_days())

    def by_days(self) -> Iterator[tuple[list[int], tuple[Span, ...]]]:
        """Runs of weekdays (0 is Monday) with the same spans; those without are left out."""
        for spans, days in groupby(enumerate(self.week), key=lambda day: day[1]):
            if spans:
                yield [number for number, _ in days], spans

    def _spans(self, day: date) -> tuple[Span, ...]:
        if day in self.workdays:
            return next(spans for spans in self.week if spans)
        return () if day in self.holidays else self.week[day.weekday()]

    def _from(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Spans as instants, in order, from the day before: its last one may reach into this day.

        None begins before the one before it ends: a night may reach into the first span of a make-up day.
        """
        first = at.astimezone(BEIJING).date() - _DAY
        over = _midnight(first)
        for day in _days_from(first):
            midnight = _midnight(day)
            for span in self._spans(day):
                begins, ends = max(midnight + span.start, over), midnight + span.end
                if begins < ends:
                    yield begins, ends
                    over = ends


def read_calendar(hours: str, holidays: str = "", workdays: str = "") -> Calendar:
    """A calendar as it is configured; ConfigurationError says what cannot be read.

    ``hours``: ``每天 9:00-22:00`` or ``周一至周五 9:00-12:00,13:30-18:00; 周六 10:00-16:00`` (also ``mon-fri``), an end
    before the start is the next day's. ``holidays``, ``workdays``: days such as ``2026-10-01..2026-10-07, 2027-01-01``.
    """
    week: list[tuple[Span, ...]] = [()] * 7
    for rule in filter(None, (part.strip() for part in re.split(r"[;；]", hours))):
        days, spans = _read_rule(rule)
        for day in days:
            week[day] = spans
    if not any(week):
        raise HoursUnreadable(hours)
    if any(_reaches_into(night, day) for night, day in pairwise([*week, week[0]])):
        raise HoursOverlap(hours)
    return Calendar(tuple(week), read_days(holidays), read_days(workdays))


read_stored: Final = lru_cache(256)(read_calendar)
"""What is stored is read again and again."""


def read_days(text: str) -> frozenset[date]:
    """Days and ranges of days, as ``read_calendar`` takes them; DaysUnreadable."""
    parts = filter(None, map(str.strip, re.split(r"[,，、;；\n]", text)))
    return frozenset(day for part in parts for day in _read_range(part))


def write_days(days: Collection[date]) -> str:
    """As ``read_days`` reads them, what follows one another as a range: ``2026-10-01..2026-10-07, 2027-01-01``."""
    return ", ".join(f"{first}..{last}" if first < last else f"{first}" for first, last in ranges(days))


def ranges(days: Collection[date]) -> Iterator[tuple[date, date]]:
    """(first, last) of days of a year that follow one another, in order."""
    numbered = enumerate(sorted(days))
    for _, run in groupby(numbered, key=lambda one: (one[1].year, one[1].toordinal() - one[0])):
        first, *others = (day for _, day in run)
        yield first, others[-1] if others else first


DEMO_HOURS = "每天 9:00-22:00"
ALWAYS = Calendar(((Span(timedelta(), _DAY),),) * 7)


def _read_rule(rule: str) -> tuple[list[int], tuple[Span, ...]]:
    found = _RULE.fullmatch(rule)
    if found is None:
        raise HoursUnreadable(rule)
    spans = sorted(_read_span(rule, *map(int, numbers)) for numbers in _SPAN.findall(found[2]))
    if any(later.start < earlier.end for earlier, later in pairwise(spans)):
        raise HoursOverlap(rule)
    return list(_read_weekdays(rule, found[1])), tuple(spans)


def _read_span(rule: str, hour: int, minute: int, to_hour: int, to_minute: int) -> Span:
    start, end = timedelta(hours=hour, minutes=minute), timedelta(hours=to_hour, minutes=to_minute)
    if hour > 23 or minute > 59 or to_hour > 24 or to_minute > 59 or end > _DAY:
        raise HoursUnreadable(rule)
    return Span(start, end if end > start else end + _DAY)


def _read_weekdays(rule: str, text: str) -> Iterator[int]:
    if text.lower() in ("每天", "daily", ""):
        yield from range(7)
        return
    for part in re.split(r"[,，、]", text):
        first, *last = (_weekday(rule, name) for name in re.split(r"[-–~至到]", part))
        if len(last) > 1 or (last and last[0] < first):
            raise HoursUnreadable(rule)
        yield from range(first, (last[0] if last else first) + 1)


def _weekday(rule: str, name: str) -> int:
    name = re.sub(r"^(?:周|星期)", "", name.strip()).lower().replace("天", "日")
    if name in _ENGLISH:
        return _ENGLISH.index(name)
    if len(name) == 1 and name in _WEEKDAYS:
        return _WEEKDAYS.index(name)
    raise HoursUnreadable(rule)


def _reaches_into(night: tuple[Span, ...], day: tuple[Span, ...]) -> bool:
    """Whether the last span of a day is not over when the first one of the next day begins."""
    return bool(night and day) and night[-1].end - _DAY > day[0].start


def _read_range(text: str) -> Iterator[date]:
    try:
        first, _, last = (name.strip() for name in text.partition(".."))
        day, end = date.fromisoformat(first), date.fromisoformat(last or first)
    except ValueError:
        raise DaysUnreadable(text) from None
    if not 0 <= (end - day).days < _LONGEST:
        raise DaysUnreadable(text)
    return (day + number * _DAY for number in range((end - day).days + 1))


def _days_from(first: date) -> Iterator[date]:
    return (first + number * _DAY for number in count())


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=BEIJING)


def _name(days: list[int]) -> str:
    if len(days) == 7:
        return "每天"
    first, last = f"周{_WEEKDAYS[days[0]]}", f"周{_WEEKDAYS[days[-1]]}"
    return first if len(days) == 1 else f"{first}至{last}"


def _clock_span(span: Span) -> str:
    overnight = span.end > _DAY
    return f"{clock(span.start)}–{'次日 ' if overnight else ''}{clock(span.end - _DAY if overnight else span.end)}"


def clock(time: timedelta) -> str:
    """9:00, for the time since midnight."""
    minutes = int(time.total_seconds()) // 60
    return f"{minutes // 60}:{minutes % 60:02d}"
