"""Works, and when they are shown: plain values with the arithmetic of their schedule. Times are Beijing time."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from app.matching.moments import BEIJING

ENDLESS = 5000
"""Episodes for which the schedule of a season is followed that nobody knows the end of."""


class Kind(StrEnum):
    series = "series"
    variety = "variety"
    film = "film"
    live = "live"
    event = "event"


class First(StrEnum):
    """Where an episode is shown first."""

    web = "web"
    tv = "tv"
    both = "both"


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the calendar, or one that moves with the day on which it is asked for."""

    on: date | None = None
    days: int = 0
    """From today on; negative ones are past."""
    weeks: int | None = None
    """From this week's Monday on, where they are given."""

    def seen_from(self, today: date) -> date:
        if self.on is not None:
            return self.on
        if self.weeks is not None:
            return today + timedelta(7 * self.weeks - today.weekday())
        return today + timedelta(self.days)


class Airing(NamedTuple):
    """Episodes that come together; the instants are aware."""

    first: int
    last: int
    at: datetime
    members_at: datetime


@dataclass(frozen=True, slots=True)
class Season:
    """What is out follows from the schedule; ``out`` overrides it; without either the season is out as a whole."""

    number: int = 1
    episodes: int | None = None
    """How many there will be; None where that is not known."""
    starts: Day | None = None
    weekdays: tuple[int, ...] = ()
    """On which new episodes come, Monday 0, in order; without any the season comes at once."""
    at: int = 0
    """Minutes after midnight."""
    each: int = 1
    """Episodes a time."""
    early: timedelta = timedelta()
    """By how much members are ahead."""
    out: int | None = None

    @property
    def announced(self) -> bool:
        """Whether it is sure to come, on a day that is not known."""
        return self.starts is None and self.out == 0

    def out_at(self, now: datetime, *, members: bool = False) -> int:
        """The last episode that is out; 0 before the first."""
        if self.out is not None:
            return self.out
        if self.starts is None:
            return self.episodes or 0
        times = range(self._times())
        aired = bisect_right(
            times, now, key=lambda time: self._members_at(time, now) if members else self._at(time, now)
        )
        return self._last(aired - 1)

    def next_after(self, now: datetime) -> Airing | None:
        """What comes next for all; None where nothing is to come, or nobody knows when."""
        out = self.out_at(now)
        return None if self._ends(out) else self.airing(out + 1, now)

    def airing(self, episode: int, now: datetime) -> Airing | None:
        """When an episode comes or came; None where that is not known."""
        if self.starts is None or self.out is not None or episode < 1 or self._ends(episode - 1):
            return None
        time = (episode - 1) // self._each
        return Airing(self._last(time - 1) + 1, self._last(time), self._at(time, now), self._members_at(time, now))

    def last_at(self, now: datetime) -> datetime | None:
        """When its last episode comes; None where that is not known."""
        airing = self.airing(self.episodes, now) if self.episodes else None
        return airing.at if airing else None

    def _ends(self, episode: int) -> bool:
        return episode >= (self.episodes or ENDLESS)

    @property
    def _each(self) -> int:
        return self.each if self.weekdays else (self.episodes or 1)

    def _times(self) -> int:
        return -(-(self.episodes or ENDLESS) // self._each)

    def _last(self, time: int) -> int:
        """The last episode of the first ``time + 1`` times."""
        return min((time + 1) * self._each, self.episodes or ENDLESS)

    def _at(self, time: int, now: datetime) -> datetime:
        assert self.starts is not None
        first = self.starts.seen_from(now.astimezone(BEIJING).date())
        return _instant(_weekly(first, self.weekdays, time), self.at)

    def _members_at(self, time: int, now: datetime) -> datetime:
        return self._at(time, now) - self.early


@dataclass(frozen=True, slots=True)
class Show:
    """When something is shown that has no episodes: a film, a live broadcast, an event."""

    starts: Day
    at: int
    """Minutes after midnight."""
    weekdays: tuple[int, ...] = ()
    """On which it comes again; without any it comes once."""
    lasts: timedelta = timedelta(hours=2)

    def at_or_after(self, now: datetime) -> datetime | None:
        """The beginning of the one that runs now, or of the next; None after the last."""
        first = self.starts.seen_from(now.astimezone(BEIJING).date())
        if not self.weekdays:
            at = _instant(first, self.at)
            return at if at + self.lasts > now else None
        today = (now - self.lasts).astimezone(BEIJING).date()
        day = max(first, today)
        times = (_instant(_weekly(day, self.weekdays, time), self.at) for time in range(2))
        return next(at for at in times if at + self.lasts > now)

    def first_at(self, now: datetime) -> datetime:
        first = self.starts.seen_from(now.astimezone(BEIJING).date())
        return _instant(_weekly(first, self.weekdays, 0), self.at)


@dataclass(frozen=True, slots=True)
class Station:
    """A television station that shows it too."""

    name: str
    weekdays: tuple[int, ...]
    at: int
    first: First


@dataclass(frozen=True, slots=True)
class Title:
    id: str
    name: str
    kind: Kind
    genre: str = ""
    aliases: tuple[str, ...] = ()
    """Nicknames and abbreviations, as viewers use them."""
    seasons: tuple[Season, ...] = ()
    """By their number, for series and variety shows."""
    show: Show | None = None
    station: Station | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *self.aliases)

    def season(self, number: int | None, now: datetime) -> Season | None:
        """The season with this number; without one the newest of which something is out, else the first to come."""
        if number is not None:
            return next((season for season in self.seasons if season.number == number), None)
        begun = [season for season in self.seasons if season.out_at(now, members=True)]
        return begun[-1] if begun else next(iter(self.seasons), None)

    def after(self, season: Season) -> Season | None:
        return next((later for later in self.seasons if later.number > season.number), None)


def _weekly(first: date, weekdays: tuple[int, ...], time: int) -> date:
    """The day of the ``time``-th showing (from 0) since ``first``."""
    if not weekdays:
        return first
    monday, before = first - timedelta(first.weekday()), sum(day < first.weekday() for day in weekdays)
    weeks, place = divmod(time + before, len(weekdays))
    return monday + timedelta(7 * weeks + weekdays[place])


def _instant(day: date, minutes: int) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=BEIJING) + timedelta(minutes=minutes)
