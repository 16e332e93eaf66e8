"""Random lives of tickets: what their clocks say is what counting the minutes one by one says."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

import pytest
from sqlalchemy.orm import Session

from app.agents.calendars import BEIJING
from app.db.database import Database
from app.tickets import clocks, service, steps
from app.tickets.deadline_models import TicketClock
from app.tickets.models import Ticket, TicketPriority
from tests.factories import deadlines, ticketing
from tests.factories.deadlines import MONDAY

MINUTE = timedelta(minutes=1)
HOLIDAY = 25
LIMITS = {  # by priority: first and next response, resolution, in minutes
    "urgent": (20, None, 100),
    "high": (40, 30, 300),
    "normal": (90, 60, 900),
    "low": (None, 200, None),
}
METRICS = ("first_response", "next_response", "resolution")
LIVES, STEPS, BATCH = 200, 14, 4


@pytest.fixture
def write_limit() -> None:
    """None: a write is several whole lives."""


def is_open(at: datetime) -> bool:
    """Office hours, said once more and not by spans."""
    local = at.astimezone(BEIJING)
    if local.weekday() > 4 or (local.month, local.day) == (11, HOLIDAY):
        return False
    return 540 <= local.hour * 60 + local.minute < 720 or 810 <= local.hour * 60 + local.minute < 1080


OPEN = [is_open(MONDAY + minute * MINUTE) for minute in range(60 * 24 * 60)]


@dataclass
class Clock:
    limit: int
    used: int = 0
    due: int | None = None
    """Known once it is over."""
    is_broken: bool = False


@dataclass
class Counted:
    """A ticket as somebody with a stop-watch keeps it: all in minutes since MONDAY."""

    now: int = 0
    priority: str = "normal"
    clocks: dict[str, Clock] = field(default_factory=dict)
    promise: int | None = None
    waits: bool = False
    closed: bool = False
    answered_after: int | None = None
    took: int | None = None
    counted: int = 0
    """Service time so far that counts."""
    broken: int = 0

    def limit(self, metric: str) -> int | None:
        return LIMITS[self.priority][METRICS.index(metric)]

    def begin(self, metric: str, used: int = 0) -> None:
        limit = self.limit(metric)
        if limit is not None and metric not in self.clocks:
            self.clocks[metric] = self.over(Clock(limit, used))

    def over(self, clock: Clock) -> Clock:
        """What is over already is due now, or once it does not wait any more."""
        clock.due = self.now if clock.used >= clock.limit and not self.waits else None
        clock.used = min(clock.used, clock.limit)
        return clock

    def pass_time(self, minutes: int) -> None:
        for _ in range(minutes):
            if OPEN[self.now] and not self.waits and not self.closed:
                self.counted += 1
                for clock in self.clocks.values():
                    clock.used += 1
                    if clock.used == clock.limit:
                        clock.due = self.now + 1
            self.now += 1

    def judge(self, metric: str) -> None:
        clock = self.clocks[metric]
        if not clock.is_broken and clock.due is not None:
            clock.is_broken, self.broken = True, self.broken + 1

    def end(self, *metrics: str) -> None:
        for metric in set(metrics) & self.clocks.keys():
            self.judge(metric)
            del self.clocks[metric]

    def end_promise(self) -> None:
        if self.promise is not None and self.promise <= self.now:
            self.broken += 1
        self.promise = None

    def next_due(self) -> datetime | None:
        ends = [] if self.promise is None else [self.promise]
        if not self.waits:
            ends += [self.end_of(clock) for clock in self.clocks.values()]
        return MONDAY + min(ends) * MINUTE if ends else None

    def end_of(self, clock: Clock) -> int:
        if clock.due is not None:
            return clock.due
        left, at = clock.limit - clock.used, self.now
        while left:
            left -= OPEN[at]
            at += 1
        return at


# -------------------- what can happen, to both


Happening = Callable[[Session, Ticket, Counted, datetime, Random], None]


def reply(session: Session, ticket: Ticket, counted: Counted, now: datetime, random: Random) -> None:
    steps.reply(session, ticket, "在查", by="7", now=now)
    _answered(counted)


def ask(session: Session, ticket: Ticket, counted: Counted, now: datetime, random: Random) -> None:
    steps.ask(session, ticket, "哪一集？", by="7", now=now)
    _answered(counted)
    for metric, clock in counted.clocks.items():
        counted.judge(metric)
        clock.used = min(clock.used, clock.limit)  # by how much it was over is not kept
    counted.waits = True


def _answered(counted: Counted) -> None:
    if counted.answered_after is None:
        counted.answered_after = counted.counted
    counted.end("first_response", "next_response")
    counted.end_promise()


def start(session: Session, ticket: Ticket, counted: Counted, now: datetime, random: Random) -> None:
    steps.start(session, ticket, by="7", now=now)
    _go_on(counted)


def _go_on(counted: Counted) -> None:
    if counted.waits:
        counted.waits = False
        for clock in counted.clocks.values():
            counted.over(clock)


def writes(session: Session, ticket: Ticket, counted: Counted, now: datetime, random: Random) -> None:
    service.hear(session, [ticket.id], now=now)
    if counted.answered_after is not None and not counted.waits:
        counted.begin("next_response")


def answers(session: Session, ticket: Ticket, counted: Counted, now: datetime, random: Random) -> None:
    """What he was asked."""
    if counted.waits:
        due = random.randrange(60, 3000)
        service.resume(session, ticket.id, due=now + due * MINUTE, now=now)
        _go_on(counted)
        counted.end_promise()
        counted.promise = counted.now + due


def weigh(session: Session, ticket: Ticket, counted: Counted, now: datetime, random: Random) -> None:
    ticket.priority = counted.priority = random.choice(list(TicketPriority))
    session.flush()
    clocks.refit(session, ticket, now=now)
    for metric in METRICS:
        limit, clock = counted.limit(metric), counted.clocks.get(metric)
        if limit is None:
            if not (metric == "first_response" and counted.answered_after is not None):
                counted.end(metric)
        elif clock is not None and clock.limit != limit:
            clock.limit = limit
            counted.over(clock)
        elif clock is None and (metric == "resolution" or (
            metric == "first_response" and counted.answered_after is None
        )):  # fmt: skip
            counted.begin(metric, used=counted.counted)


def promise(session: Session, ticket: Ticket, counted: Counted, now: datetime, random: Random) -> None:
    due = random.choice([None, random.randrange(10, 3000)])
    clocks.promise(session, ticket, None if due is None else now + due * MINUTE, now=now)
    counted.end_promise()
    counted.promise = None if due is None else counted.now + due


def close(session: Session, ticket: Ticket, counted: Counted, now: datetime, random: Random) -> None:
    steps.close(session, ticket, "好了", by="7", now=now)
    counted.end(*METRICS)
    counted.end_promise()
    counted.waits, counted.closed, counted.took = False, True, counted.counted


def reopen(session: Session, ticket: Ticket, counted: Counted, now: datetime, random: Random) -> None:
    steps.reopen(session, ticket, "没好", by="7", now=now)
    counted.closed, counted.took = False, None
    counted.begin("first_response" if counted.answered_after is None else "next_response")
    counted.begin("resolution")


_OPEN_STEPS: list[Happening] = [reply, ask, ask, start, writes, writes, answers, answers, weigh, weigh, promise, close]


def live(session: Session, seeds: list[int]) -> None:
    for seed in seeds:
        random, counted = Random(seed), Counted()
        ticket = ticketing.built(MONDAY)
        session.add(ticket)
        session.flush()
        clocks.begin(session, ticket, now=MONDAY)
        counted.begin("first_response")
        counted.begin("resolution")
        done = []
        for _ in range(STEPS):
            counted.pass_time(random.choice([1, 7, 25, 90, 400, 1500]))
            now = MONDAY + counted.now * MINUTE
            happens = reopen if counted.closed else random.choice(_OPEN_STEPS)
            happens(session, ticket, counted, now, random)
            session.flush()
            done.append(happens.__name__)
            said = f"life {seed}: {done}"
            assert ticket.next_due_at == counted.next_due(), said
            assert ticket.next_due_at == _least(session, ticket), said
            assert (_minutes(ticket.response_s), _minutes(ticket.resolution_s)) == (
                counted.answered_after, counted.took
            ), said  # fmt: skip
            assert ticket.breaches == counted.broken, said


def _least(session: Session, ticket: Ticket) -> datetime | None:
    """Of the rows as they are stored."""
    ends = [at for at in deadlines.dues(session, ticket.id).values() if at is not None]
    ran = session.query(TicketClock).filter(TicketClock.ticket_id == ticket.id, TicketClock.ended_at.is_(None))
    assert len({clock.metric for clock in ran}) == ran.count()
    return min(ends, default=None)


def _minutes(seconds: int | None) -> int | None:
    return None if seconds is None else seconds // 60


async def test_clocks_say_what_counting_says(db: Database) -> None:
    await deadlines.office_hours(db, f"2026-11-{HOLIDAY}")
    for priority, (first, following, resolution) in LIMITS.items():
        await deadlines.policy(
            db, priority=priority, first_response_m=first, next_response_m=following, resolution_m=resolution
        )
    for batch in range(0, LIVES, BATCH):
        await db.write(live, list(range(batch, batch + BATCH)))
