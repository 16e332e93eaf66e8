"""Quiet hours: when nothing leaves that nobody waits for."""

from app.agents.calendars import Calendar, read_calendar
from app.errors import ConfigurationError
from app.jobs.models import Priority

PATIENT = (Priority.notice, Priority.campaign)


def read_quiet_hours(text: str) -> Calendar | None:
    """``22:00-8:00``, or by weekday as service hours are written; None where it is never quiet."""
    if not text.strip():
        return None
    try:
        return read_calendar(text)
    except ConfigurationError as error:
        raise ConfigurationError(f"QUIET_HOURS must be like 22:00-8:00 (Beijing time). {error}") from None
