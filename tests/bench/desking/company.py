"""A company with a year of conversations: who works there, and how each conversation stands. The same for each run."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

YEAR, LATELY = timedelta(days=365), timedelta(days=3)
"""What is closed was opened within the year; what is open, within the last days."""
PACE = timedelta(minutes=3)
"""From one message of a conversation to the next."""
TEAMS = 10
LENGTH = 10
"""Messages of a conversation."""
LONG = 5_000
"""Messages of the newest one."""
FAITHFUL = 200
"""Earlier conversations of its viewer."""
TITLES = ("长安十二时辰", "漫长的季节", *(f"第{n}号剧集" for n in range(298)))
"""The most frequent first."""
RARE_TITLE = "孤岛来信"
TAGS = ("退款", *(f"标签{n}" for n in range(30)))
RARE_TAG = "媒体曝光"
RARELY = 5
"""Conversations with the rare title, with the rare tag, in the rare channel: among the oldest tenth."""


class Fate(StrEnum):
    resolved = "resolved"
    """By an agent."""
    silent = "silent"
    """The viewer wrote no more."""
    bot = "bot"
    queue = "queue"
    own = "own"
    """An agent has it."""


@dataclass(frozen=True, slots=True)
class Talk:
    id: int
    viewer: int
    fate: Fate
    agent: int | None
    opened_at: datetime
    waits: bool
    """For a person's word."""
    snoozed: bool

    @property
    def is_open(self) -> bool:
        return self.fate not in (Fate.resolved, Fate.silent)

    @property
    def length(self) -> int:
        """The viewer's words come first, and last where he waits."""
        return LENGTH - 1 if self.waits else LENGTH

    @property
    def heard_seq(self) -> int:
        return LENGTH - 1

    def spoken_at(self, seq: int) -> datetime:
        return self.opened_at + PACE * (seq - 1)

    @property
    def closed_at(self) -> datetime | None:
        if self.is_open:
            return None
        return self.spoken_at(LENGTH) + timedelta(minutes=5 + self.id * 7919 % 1_200)


class Company:
    def __init__(self, messages: int, now: datetime, long: int = LONG) -> None:
        """``long``: messages of the newest conversation, beside all others."""
        self.messages, self.now, self.long = messages, now, long
        self.talks = messages // LENGTH
        self.agents = max(8, min(200, self.talks // 50))
        self.talk = lru_cache(1_000)(self._talk)
        self._open = self._fates()
        self._closed = self.talks - len(self._open)
        self._faithful = set(range(max(1, self._closed // FAITHFUL), self._closed, max(1, self._closed // FAITHFUL)))

    def _fates(self) -> Sequence[tuple[Fate, int | None]]:
        """Of what is open, the oldest first; the newest two are those of the first agent."""
        own = [agent for agent in range(1, self.agents + 1) for _ in range(3 + agent * 7 % 10)]
        found: list[tuple[Fate, int | None]] = [(Fate.own, agent) for agent in own[2:]]
        found += [(Fate.queue, None)] * min(2_000, self.talks // 50)
        found += [(Fate.bot, None)] * (self.talks // 20)
        random.Random(7).shuffle(found)
        return [*found, *((Fate.own, agent) for agent in own[:2])]

    @property
    def long_one(self) -> int:
        """Its id; the one before has a very long message."""
        return self.talks

    @property
    def amid_open_ones(self) -> int:
        return self._closed + len(self._open) // 2

    def of(self, agent: int) -> list[int]:
        """What he has."""
        return [talk.id for talk in self.open_ones() if talk.agent == agent]

    def open_ones(self) -> Iterator[Talk]:
        return (self.talk(number) for number in range(self._closed + 1, self.talks + 1))

    def all_talks(self) -> Iterator[Talk]:
        return (self.talk(number) for number in range(1, self.talks + 1))

    def resolved(self) -> list[int]:
        """Some, from all of the year."""
        step = max(1, self._closed // 200)
        return [n for n in range(1, self._closed + 1, step) if self.talk(n).fate is Fate.resolved]

    def _talk(self, number: int) -> Talk:
        viewer = self.talks if number in self._faithful else number
        if number <= self._closed:
            agent = None if number % 5 == 4 else number * 31 % self.agents + 1
            opened_at = self.now - LATELY - YEAR * ((self._closed - number) / self._closed)
            fate = Fate.silent if agent is None else Fate.resolved
            return Talk(number, viewer, fate, agent, opened_at, False, False)
        place = number - self._closed
        fate, agent = self._open[place - 1]
        opened_at = self.now - timedelta(hours=1) - LATELY * ((len(self._open) - place) / len(self._open))
        snoozed = fate is Fate.own and number % 6 == 0
        waits = fate is Fate.queue or (fate is Fate.own and not snoozed and number % 2 == 1)
        return Talk(number, viewer, fate, agent, opened_at, waits, snoozed)


def title_of(number: int) -> str | None:
    """A third have one, most of them the same few."""
    if number % 3:
        return None
    return TITLES[int(len(TITLES) * (number * 7919 % 1_000 / 1_000) ** 3)]


def tags_of(number: int) -> list[str]:
    """A fifth have some."""
    if number % 5:
        return []
    return sorted({TAGS[0] if number % 2 else TAGS[1], TAGS[number * 7919 % len(TAGS)]})


def is_rare(number: int, talks: int) -> bool:
    step = talks // 10 // RARELY
    return step > 0 and number % step == 1 and number < talks // 10


def priority_of(number: int) -> int:
    return 2 if number % 50 == 7 else int(number % 10 == 7)
