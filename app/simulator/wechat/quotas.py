"""How often an account may call each API, counted by minutes and days of Beijing."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime

from app.agents.calendars import BEIJING
from app.channels.delivery import Rate
from app.channels.wechat.limits import RATES
from app.simulator.wechat.codes import Refused

CLEARED_A_MONTH = 10


def day(at: datetime) -> date:
    """The day of Beijing, on which quotas are counted."""
    return at.astimezone(BEIJING).date()


@dataclass(slots=True)
class Quotas:
    rates: dict[str, Rate] = field(default_factory=lambda: dict(RATES))
    """By API; one that is missing has no limit."""
    _day: tuple[object, Counter[str]] = field(default_factory=lambda: (None, Counter()))
    _minute: tuple[object, Counter[str]] = field(default_factory=lambda: (None, Counter()))
    _cleared: Counter[str] = field(default_factory=Counter)

    def count(self, api: str, now: datetime) -> None:
        """One call more, or Refused."""
        self._turn(now)
        rate = self.rates.get(api, Rate())
        if rate.per_day is not None and self._day[1][api] >= rate.per_day:
            raise Refused(45009)
        if rate.per_minute is not None and self._minute[1][api] >= rate.per_minute:
            raise Refused(45011)
        self._day[1][api] += 1
        self._minute[1][api] += 1

    def used(self, api: str, now: datetime) -> int:
        self._turn(now)
        return self._day[1][api]

    def clear(self, now: datetime) -> None:
        month = f"{now.astimezone(BEIJING):%Y-%m}"
        if self._cleared[month] >= CLEARED_A_MONTH:
            raise Refused(48006)
        self._cleared[month] += 1
        self._day[1].clear()

    def _turn(self, now: datetime) -> None:
        if self._day[0] != day(now):
            self._day = day(now), Counter()
        minute = now.replace(second=0, microsecond=0)
        if self._minute[0] != minute:
            self._minute = minute, Counter()
