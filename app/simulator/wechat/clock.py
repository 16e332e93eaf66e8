"""The platform's time: the real one, moved by as much as a test wants."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from app.agents.calendars import BEIJING


@dataclass(slots=True)
class Clock:
    ahead: timedelta = timedelta()
    fixed: datetime | None = None
    """Stands still there, where it is set."""

    def now(self) -> datetime:
        return (self.fixed or datetime.now(UTC)) + self.ahead

    def advance(self, by: timedelta) -> None:
        self.ahead += by


def day(at: datetime) -> date:
    """The day of Beijing, on which quotas are counted."""
    return at.astimezone(BEIJING).date()
