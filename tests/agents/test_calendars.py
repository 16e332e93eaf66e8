"""Calendars, by hard cases; 2026-10-01..07 is the National Day holiday, 2026-10-10 (a Saturday) its make-up day."""

from datetime import datetime, timedelta

import pytest

from app.agents.calendars import ALWAYS, BEIJING, Calendar, read_calendar
from app.errors import ConfigurationError

OFFICE = read_calendar("周一至周五 9:00-12:00, 13:30-18:00; 周六 10:00-16:00", "2026-10-01..2026-10-07", "2026-10-10")
DAILY = read_calendar("每天 9:00-22:00")
NIGHT = read_calendar("mon-fri 20:00-02:00")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


@pytest.mark.parametrize(
    ("calendar", "time", "is_open"),
    [
        (OFFICE, "2026-09-30 08:59", False),
        (OFFICE, "2026-09-30 09:00", True),
        (OFFICE, "2026-09-30 12:00", False),
        (OFFICE, "2026-09-30 13:30", True),
        (OFFICE, "2026-09-30 18:00", False),
        (OFFICE, "2026-10-01 10:00", False),  # a Thursday, but a holiday
        (OFFICE, "2026-10-10 17:00", True),  # a Saturday with the hours of a working day
        (OFFICE, "2026-10-17 17:00", False),  # an ordinary Saturday
        (OFFICE, "2026-10-18 11:00", False),  # Sunday
        (NIGHT, "2026-09-29 01:59", True),  # Monday's span
        (NIGHT, "2026-09-28 01:59", False),  # Sunday has none
        (NIGHT, "2026-10-03 01:30", True),  # Saturday morning, still Friday's
        (ALWAYS, "2026-09-28 03:00", True),
    ],
)
def test_open(calendar: Calendar, time: str, is_open: bool) -> None:
    assert calendar.is_open(at(time)) is is_open


@pytest.mark.parametrize(
    ("time", "opens"),
    [
        ("2026-09-28 07:00", "2026-09-28 09:00"),
        ("2026-09-28 10:00", "2026-09-28 10:00"),
        ("2026-09-28 12:30", "2026-09-28 13:30"),
        ("2026-09-30 18:00", "2026-10-08 09:00"),  # over the holiday
        ("2026-10-09 19:00", "2026-10-10 09:00"),  # the make-up day begins earlier than a Saturday
        ("2026-10-17 16:00", "2026-10-19 09:00"),
    ],
)
def test_opens_again(time: str, opens: str) -> None:
    assert OFFICE.opens_at(at(time)) == at(opens)


@pytest.mark.parametrize(
    ("time", "hours", "over"),
    [
        ("2026-09-28 10:00", 2, "2026-09-28 12:00"),
        ("2026-09-28 11:00", 2, "2026-09-28 14:30"),  # over lunch
        ("2026-09-30 17:00", 2, "2026-10-08 10:00"),  # over the holiday
        ("2026-09-28 03:00", 1, "2026-09-28 10:00"),  # begins when they come
        ("2026-10-16 17:30", 8, "2026-10-19 10:30"),  # half an hour on Friday, six hours on Saturday
    ],
)
def test_working_time_passes(time: str, hours: int, over: str) -> None:
    assert OFFICE.after_working(at(time), timedelta(hours=hours)) == at(over)


@pytest.mark.parametrize(
    ("calendar", "time", "days", "ends"),
    [
        (DAILY, "2026-09-28 23:30", 1, "2026-09-29 22:00"),
        (OFFICE, "2026-09-30 11:00", 1, "2026-10-08 18:00"),
        (OFFICE, "2026-10-08 11:00", 2, "2026-10-10 18:00"),  # Friday, then the make-up Saturday
        (OFFICE, "2026-10-16 11:00", 1, "2026-10-17 16:00"),
        (NIGHT, "2026-10-02 21:00", 1, "2026-10-06 02:00"),  # Monday's span ends on Tuesday
    ],
)
def test_promised_days(calendar: Calendar, time: str, days: int, ends: str) -> None:
    assert calendar.end_of_working_day(at(time), days) == at(ends)


def test_description_is_what_was_configured() -> None:
    assert DAILY.describe() == "每天 9:00–22:00"
    assert OFFICE.describe() == "周一至周五 9:00–12:00、13:30–18:00，周六 10:00–16:00"
    assert NIGHT.describe() == "周一至周五 20:00–次日 2:00"


@pytest.mark.parametrize(
    "hours",
    [
        "",
        "9 to 5",
        "每天",
        "周八 9:00-18:00",
        "周五至周一 9:00-18:00",
        "每天 9:00-25:00",
        "每天 9:00-12:00,11:00-18:00",
    ],
)
def test_unreadable_hours_are_refused(hours: str) -> None:
    with pytest.raises(ConfigurationError, match="service hours"):
        read_calendar(hours)


@pytest.mark.parametrize("days", ["2026-13-01", "1 October", "2026-10-01..soon"])
def test_unreadable_days_are_refused(days: str) -> None:
    with pytest.raises(ConfigurationError, match="no day"):
        read_calendar("每天 9:00-22:00", days)
