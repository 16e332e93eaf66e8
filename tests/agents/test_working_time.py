"""Service time that passes between two moments, by hard cases and against counting minute by minute.

2026 as the State Council arranged it: at Spring Festival nobody works from 15 to 23 February, and two Saturdays are
made up for it, before and after; in autumn the Mid-Autumn and National Day holidays follow each other.
"""

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.agents.calendars import (
    ALWAYS,
    BEIJING,
    Calendar,
    DaysUnreadable,
    HoursOverlap,
    Span,
    ranges,
    read_calendar,
    read_days,
    write_days,
)

HOLIDAYS = (
    "2026-01-01..2026-01-03, 2026-02-15..2026-02-23, 2026-04-04..2026-04-06, 2026-05-01..2026-05-05,"
    "2026-06-19..2026-06-21, 2026-09-25..2026-09-27, 2026-10-01..2026-10-07, 2027-01-01"
)
WORKDAYS = "2026-01-04, 2026-02-14, 2026-02-28, 2026-05-09, 2026-09-20, 2026-10-10"
OFFICE = read_calendar("周一至周五 9:00-12:00, 13:30-18:00", HOLIDAYS, WORKDAYS)
"""Seven and a half hours a day."""
NIGHT = read_calendar("周一至周五 22:00-6:00", HOLIDAYS, WORKDAYS)
DAILY = read_calendar("每天 9:00-22:00", HOLIDAYS)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


@pytest.mark.parametrize(
    ("calendar", "start", "end", "hours"),
    [
        (OFFICE, "2026-03-02 10:00", "2026-03-02 11:30", 1.5),
        (OFFICE, "2026-03-02 11:00", "2026-03-02 14:30", 2),  # without lunch
        (OFFICE, "2026-03-02 12:10", "2026-03-02 13:20", 0),  # within lunch
        (OFFICE, "2026-03-02 07:00", "2026-03-02 21:00", 7.5),  # begins before, ends after
        (OFFICE, "2026-03-02 09:00", "2026-03-02 18:00", 7.5),  # from edge to edge
        (OFFICE, "2026-03-02 18:00", "2026-03-03 09:00", 0),
        (OFFICE, "2026-03-06 17:00", "2026-03-09 10:00", 2),  # over a weekend
        (OFFICE, "2026-03-02 10:00", "2026-03-02 10:00", 0),
        (OFFICE, "2026-03-02 10:00", "2026-03-02 09:30", 0),  # the clock was set back
        (OFFICE, "2026-02-13 17:00", "2026-02-24 10:00", 9.5),  # an hour, the made-up Saturday, the holiday, an hour
        (OFFICE, "2026-02-14 00:00", "2026-02-15 00:00", 7.5),  # the Saturday before Spring Festival is worked
        (OFFICE, "2026-02-15 00:00", "2026-02-24 00:00", 0),  # nine days
        (OFFICE, "2026-02-27 17:00", "2026-03-02 10:00", 9.5),  # and the Saturday after it
        (OFFICE, "2026-09-19 00:00", "2026-10-12 00:00", 7.5 * 11),  # Sunday, 4 days, 3 days, 2 days, Saturday
        (OFFICE, "2026-09-24 17:30", "2026-09-28 09:30", 1),  # Mid-Autumn
        (OFFICE, "2025-12-31 17:00", "2026-01-04 10:00", 2),  # New Year: the Sunday after it is worked
        (OFFICE, "2026-12-31 17:00", "2027-01-04 10:00", 2),  # the year's last hour, a holiday, a weekend, an hour
        (NIGHT, "2026-03-02 23:00", "2026-03-03 05:00", 6),
        (NIGHT, "2026-03-02 02:00", "2026-03-02 23:00", 1),  # Sunday's night has no span
        (NIGHT, "2026-03-03 02:00", "2026-03-03 23:00", 5),  # Monday's ends on Tuesday
        (NIGHT, "2026-03-06 20:00", "2026-03-09 21:00", 8),  # Friday's reaches into Saturday
        (NIGHT, "2026-09-30 22:00", "2026-10-08 22:00", 8),  # the night that begins before a holiday is worked
        (NIGHT, "2026-10-10 22:00", "2026-10-12 22:00", 8),  # a night of a make-up day
        (DAILY, "2025-12-31 21:00", "2026-01-04 10:00", 2),
        (ALWAYS, "2026-02-28 00:00", "2026-03-01 12:00", 36),
    ],
)
def test_service_time_is_exact(calendar: Calendar, start: str, end: str, hours: float) -> None:
    assert calendar.working_between(at(start), at(end)) == hours * HOUR
    utc = at(start).astimezone(UTC), at(end).astimezone(UTC)
    assert calendar.working_between(*utc) == hours * HOUR


@pytest.mark.parametrize(
    ("calendar", "start", "hours", "over"),
    [
        (OFFICE, "2026-02-13 17:00", 9.5, "2026-02-24 10:00"),  # across Spring Festival
        (OFFICE, "2026-09-30 17:30", 1, "2026-10-08 09:30"),
        (OFFICE, "2026-10-09 17:30", 8, "2026-10-10 18:00"),  # ends with a make-up day, not with the next Monday
        (OFFICE, "2026-03-02 12:00", 0.5, "2026-03-02 14:00"),  # begins exactly where lunch begins
        (OFFICE, "2026-03-02 09:00", 3, "2026-03-02 12:00"),
        (OFFICE, "2026-03-07 11:00", 1, "2026-03-09 10:00"),  # begins outside the hours
        (OFFICE, "2026-12-31 17:00", 2, "2027-01-04 10:00"),
        (OFFICE, "2026-03-07 11:00", 0, "2026-03-07 11:00"),  # nothing is to pass
        (NIGHT, "2026-03-02 23:00", 8, "2026-03-03 23:00"),
        (ALWAYS, "2026-03-02 23:00", 24 * 400, "2027-04-06 23:00"),
    ],
)
def test_service_time_runs_out(calendar: Calendar, start: str, hours: float, over: str) -> None:
    assert calendar.after_working(at(start), hours * HOUR) == at(over)


def test_a_pause_across_a_holiday_costs_nothing() -> None:
    """Stopped with six hours left before the holiday, started again after it: as if it had run."""
    started, allowed = at("2026-09-30 15:00"), 9 * HOUR
    stopped, again = at("2026-09-30 18:00"), at("2026-10-08 09:00")
    left = allowed - OFFICE.working_between(started, stopped)
    assert left == 6 * HOUR
    assert OFFICE.after_working(again, left) == OFFICE.after_working(started, allowed) == at("2026-10-08 16:30")


@pytest.mark.parametrize(
    ("zone", "day"),
    [("Europe/Berlin", "2026-03-29"), ("Europe/Berlin", "2026-10-25"), ("America/New_York", "2026-03-08")],
)
def test_clocks_that_change_elsewhere_change_nothing(zone: str, day: str) -> None:
    start, end = at(f"{day} 00:00"), at(f"{day} 00:00") + timedelta(days=2)
    there = (start.astimezone(ZoneInfo(zone)), end.astimezone(ZoneInfo(zone)))
    assert ALWAYS.working_between(*there) == 48 * HOUR
    assert DAILY.working_between(*there) == 26 * HOUR
    assert DAILY.after_working(there[0], 26 * HOUR) == start + timedelta(hours=46)


def test_a_ticket_may_stay_open_for_years() -> None:
    start, end = at("2026-01-01 00:00"), at("2036-01-01 00:00")
    assert ALWAYS.working_between(start, end) == end - start
    work = OFFICE.working_between(start, end)
    assert OFFICE.after_working(start, work) == at("2035-12-31 18:00")
    assert OFFICE.end_of_working_day(start, 2000) > at("2033-01-01 00:00")


def test_nobody_has_to_come_back_within_a_year() -> None:
    closed = read_calendar("周一 9:00-10:00", "2026-01-01..2026-12-31, 2027-01-01..2027-12-31")
    assert closed.opens_at(at("2026-01-01 00:00")) == at("2028-01-03 09:00")
    assert closed.working_between(at("2026-01-01 00:00"), at("2028-01-03 09:30")) == HOUR / 2


@pytest.mark.parametrize("hours", ["每天 6:00-12:00, 22:00-8:00", "周一 22:00-9:30; 周二 9:00-18:00"])
def test_a_night_must_be_over_when_the_next_day_begins(hours: str) -> None:
    with pytest.raises(HoursOverlap, match="overlap"):
        read_calendar(hours)
    read_calendar("周一 22:00-9:00; 周二 9:00-18:00")
    read_calendar("周日 22:00-9:00; 周二 9:00-18:00")


def test_a_night_that_reaches_into_a_make_up_day_counts_once() -> None:
    """Saturday has the hours of Monday, whose day begins before Friday's night is over."""
    mixed = read_calendar("周一 0:00-12:00; 周五 20:00-8:00", workdays="2026-10-10")
    assert mixed.working_between(at("2026-10-09 20:00"), at("2026-10-10 12:00")) == 16 * HOUR
    assert mixed.after_working(at("2026-10-09 20:00"), 15 * HOUR) == at("2026-10-10 11:00")


@pytest.mark.parametrize("seed", range(150))
def test_it_agrees_with_counting_and_with_its_inverse(seed: int) -> None:
    chance = random.Random(seed)
    calendar = _any_calendar(chance)
    start = at("2026-09-24 00:00") + chance.randrange(30 * 24 * 60) * MINUTE
    end = start + chance.randrange(12 * 24 * 60) * MINUTE
    work = calendar.working_between(start, end)
    assert work == _counted(calendar, start, end)
    over = calendar.after_working(start, work)
    assert over <= end
    assert calendar.working_between(start, over) == work
    more = work + chance.randrange(1, 5000) * MINUTE
    later = calendar.after_working(start, more)
    assert later > end
    assert calendar.working_between(start, later) == more
    assert calendar.working_between(start, later - MINUTE) == more - MINUTE  # the first such moment


def _any_calendar(chance: random.Random) -> Calendar:
    days = [date(2026, 9, 20) + timedelta(days=n) for n in range(45)]
    week = [_any_spans(chance) if chance.random() < 0.75 else () for _ in range(7)]
    week[chance.randrange(7)] = (Span(9 * HOUR, 18 * HOUR),)
    return Calendar(tuple(week), frozenset(chance.sample(days, 12)), frozenset(chance.sample(days, 5)))


def _any_spans(chance: random.Random) -> tuple[Span, ...]:
    """In order; the last one may end on the next day, there it may meet another."""
    edges = sorted(chance.sample(range(24 * 60), 2 * chance.randint(1, 3)))
    spans = [Span(start * MINUTE, end * MINUTE) for start, end in zip(edges[::2], edges[1::2], strict=True)]
    if chance.random() < 0.3:
        spans[-1] = Span(spans[-1].start, 24 * HOUR + chance.randrange(10 * 60) * MINUTE)
    return tuple(spans)


def _counted(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """Each minute by itself: whether it lies in a span of its day or of the day before."""
    working = next(spans for spans in calendar.week if spans)

    def spans_of(day: date) -> tuple[Span, ...]:
        if day in calendar.workdays:
            return working
        return () if day in calendar.holidays else calendar.week[day.weekday()]

    def is_worked(moment: datetime) -> bool:
        since = moment.hour * HOUR + moment.minute * MINUTE
        yesterday = moment.date() - timedelta(days=1)
        return any(span.start <= since < span.end for span in spans_of(moment.date())) or any(
            since + 24 * HOUR < span.end for span in spans_of(yesterday)
        )

    minutes = int((end - start) / MINUTE)
    return sum(is_worked(start + n * MINUTE) for n in range(minutes)) * MINUTE


def test_days_are_written_as_they_are_read() -> None:
    days = read_days("2027-01-01、2026-10-05; 2026-10-01..2026-10-04\n2026-12-31")
    assert write_days(days) == "2026-10-01..2026-10-05, 2026-12-31, 2027-01-01"
    assert read_days(write_days(days)) == days
    assert list(ranges([])) == []
    years = read_days("2026-01-01..2026-12-31, 2027-01-01..2027-12-31")
    assert read_days(write_days(years)) == years


@pytest.mark.parametrize("days", ["2026-10-07..2026-10-01", "2026-01-01..2999-01-01"])
def test_ranges_go_forward_and_end(days: str) -> None:
    with pytest.raises(DaysUnreadable, match="no range"):
        read_calendar("每天 9:00-22:00", days)
