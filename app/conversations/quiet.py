"""Quiet hours: when nothing leaves that nobody waits for."""

import re
from dataclasses import dataclass
from datetime import datetime, time

from app.conversations.gates import BEIJING
from app.errors import ConfigurationError
from app.jobs.models import Priority

WAITED_FOR = (Priority.urgent, Priority.agent, Priority.bot)
PATIENT = (Priority.notice, Priority.campaign)
_SPAN = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)-([01]?\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Beijing time; may pass midnight. Empty where the two are equal."""

    begin: time
    end: time

    def holds(self, now: datetime) -> bool:
        at = now.astimezone(BEIJING).time()
        if self.begin <= self.end:
            return self.begin <= at < self.end
        return at >= self.begin or at < self.end


NEVER_QUIET = QuietHours(time(), time())


def read_quiet_hours(text: str) -> QuietHours:
    """``22:00-8:00``; empty: never. ConfigurationError for anything else."""
    if not text.strip():
        return NEVER_QUIET
    match = _SPAN.fullmatch(text.strip())
    if match is None:
        raise ConfigurationError(f"QUIET_HOURS must be like 22:00-8:00 (Beijing time); '{text}' is not.")
    begin_hour, begin_minute, end_hour, end_minute = map(int, match.groups())
    return QuietHours(time(begin_hour, begin_minute), time(end_hour, end_minute))
