"""What turns are decided by besides the conversation itself: one immutable value, swapped whole."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.agents.calendars import Calendar
from app.conversations.outlook import Outlook
from app.dialogue.pace import Pace
from app.dialogue.understand import Brain
from app.tickets.models import PRESSING

DATA_DAYS = 15
"""Working days for a request about personal data, where the company has set none."""


@dataclass(frozen=True, slots=True)
class Promises:
    """How soon a person answers, and who."""

    answer_days: int = 1
    """Working days for an ordinary ticket."""
    urgent: timedelta = timedelta(hours=2)
    """Service time for an urgent one."""
    complaint_days: int = 5
    data_days: int = DATA_DAYS
    complaint_office: str = "投诉专员"
    """Who is in charge of complaints, as viewers are told."""


@dataclass(frozen=True, slots=True)
class Rules:
    brain: Brain
    """What a turn was understood by can be an older one: its entries may be gone from this, or be other objects."""
    calendar: Calendar
    promises: Promises
    silence: timedelta
    """A conversation with the bot that was silent for so long is closed by the next message."""
    burst: int
    """Messages of one viewer within a minute from which on the bot does not answer each."""
    on_duty: str = "auto"
    """What tells that somebody is there, see ``settings``."""
    pace: Pace = field(default_factory=Pace, compare=False)

    def is_open(self, now: datetime) -> bool:
        """Whether somebody can take over."""
        return self.calendar.is_open(now)

    def is_manned(self, outlook: Outlook | None, *, for_absent: bool) -> bool:
        """``for_absent``: it is meant for a team, or needs a skill, of which nobody is at the desk."""
        return mans(self.on_duty, outlook) and (self.on_duty == "hours" or not for_absent)

    def due(self, kind: str, priority: str, now: datetime) -> datetime:
        """Until when a ticket that is opened now is answered."""
        if kind == "complaint":
            return self.calendar.end_of_working_day(now, self.promises.complaint_days)
        if kind == "data":
            return self.calendar.end_of_working_day(now, self.promises.data_days)
        if priority in PRESSING:
            return self.calendar.after_working(now, self.promises.urgent)
        return self.calendar.end_of_working_day(now, self.promises.answer_days)


def mans(on_duty: str, outlook: Outlook | None) -> bool:
    """Whether somebody is at the desk, as far as that is asked; where nothing is known, the service hours alone count.

    ``on_duty``: see ``settings``.
    """
    if outlook is None or on_duty == "hours":
        return True
    return on_duty != "desk" if outlook.there is None else outlook.there > 0
