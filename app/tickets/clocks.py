"""The times that tickets must keep: started when something is owed, stopped while the viewer is to answer, kept as they
ended.

All is counted in service time of the team's calendar. When each one ends is written down when it starts, so that a
sweep finds what is due by an index: the row itself is the durable timer, and a conditional UPDATE makes it ring once.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agents.calendars import Calendar
from app.agents.hours import calendar_for
from app.db.rows import Insert, Row, table_of
from app.db.sql import is_any
from app.tickets import policies
from app.tickets.models import Metric, Ticket, TicketClock
from app.tickets.policies import Policy

insert = Insert(
    table_of(TicketClock), ("ticket_id", "metric", "started_at", "work_s", "due_at", "warn_at"), or_ignore=True
)
SECOND: Final = timedelta(seconds=1)
SPOKEN_BY: Final = (Metric.first_response, Metric.next_response)
"""What a person's word to the viewer ends."""
ANSWERED_BY: Final = (*SPOKEN_BY, Metric.promise)
"""What a word about the ticket ends."""


@dataclass(frozen=True, slots=True)
class Target:
    """A time to keep, as it stands when it starts."""

    metric: Metric
    work_s: int | None
    due_at: datetime
    warn_at: datetime | None


# -------------------- pure


def target(
    metric: Metric, minutes: int | None, warn_percent: int, calendar: Calendar, start: datetime
) -> Target | None:
    """None: there is no limit."""
    if minutes is None:
        return None
    work = timedelta(minutes=minutes)
    warn = calendar.after_working(start, work * warn_percent / 100) if warn_percent else None
    return Target(metric, minutes * 60, calendar.after_working(start, work), warn)


def targets(
    policy: Policy | None, calendar: Calendar, start: datetime, promised: datetime | None = None
) -> tuple[Target, ...]:
    """Those of a ticket that is opened at ``start``."""
    found = [Target(Metric.promise, None, promised, None)] if promised else []
    if policy is not None:
        for metric, minutes in (
            (Metric.first_response, policy.first_response_m), (Metric.resolution, policy.resolution_m)
        ):  # fmt: skip
            if one := target(metric, minutes, policy.warn_percent, calendar, start):
                found.append(one)
    return tuple(found)


def first_due(found: Iterable[Target]) -> datetime | None:
    return min((one.due_at for one in found), default=None)


def rows(ticket_id: int, found: Iterable[Target], start: datetime) -> list[Row]:
    return [(ticket_id, one.metric, start, one.work_s, one.due_at, one.warn_at) for one in found]


# -------------------- of one ticket, which is locked


def begin(session: Session, ticket: Ticket, *, now: datetime) -> None:
    """A ticket is opened by a person."""
    found = targets(policy_of(session, ticket), calendar_for(session, ticket.team_id), now, ticket.due_at)
    insert(session, rows(ticket.id, found, now))
    ticket.next_due_at = first_due(found)


def ask_next(session: Session, ticket: Ticket, *, now: datetime) -> None:
    """The viewer wrote after he had been answered: he is owed an answer again, once.

    Not while it waits for him: what he writes beside the question does not answer it.
    """
    policy = policy_of(session, ticket)
    if policy is None or ticket.responded_at is None or ticket.waiting_since is not None:
        return
    calendar = calendar_for(session, ticket.team_id)
    wanted = target(Metric.next_response, policy.next_response_m, policy.warn_percent, calendar, now)
    if wanted is not None:
        insert(session, rows(ticket.id, [wanted], now))
        settle(session, ticket)


def answered(session: Session, ticket: Ticket, *, keeps_promise: bool = True, now: datetime) -> None:
    """A person told the viewer something; ``keeps_promise``: about this ticket, as he was promised."""
    if ticket.responded_at is None:
        calendar = calendar_for(session, ticket.team_id)
        ticket.responded_at = now
        ticket.response_s = _seconds(_taken(ticket, calendar, now))
    met = ANSWERED_BY if keeps_promise else SPOKEN_BY
    _end(ticket, [each for each in running(session, ticket.id) if each.metric in met], now)
    settle(session, ticket)


def stop(session: Session, ticket: Ticket, *, now: datetime) -> None:
    """It waits for the viewer."""
    calendar = calendar_for(session, ticket.team_id)
    for clock in running(session, ticket.id):
        if clock.due_at is not None:
            _judge(ticket, clock, now)
            clock.left_s = _seconds(calendar.working_between(now, clock.due_at))
            clock.due_at = clock.warn_at = None
    ticket.waiting_since = ticket.waiting_since or now
    settle(session, ticket)


def go_on(session: Session, ticket: Ticket, *, now: datetime) -> None:
    """It does not wait for the viewer any more."""
    if ticket.waiting_since is None:
        return
    calendar, policy = calendar_for(session, ticket.team_id), policy_of(session, ticket)
    for clock in running(session, ticket.id):
        if clock.left_s is not None:
            _run(clock, timedelta(seconds=clock.left_s), calendar, policy, now)
    _discount(ticket, ticket.waiting_since, calendar, now)
    ticket.waiting_since = None
    settle(session, ticket)


def promise(session: Session, ticket: Ticket, due: datetime | None, *, now: datetime) -> None:
    """The viewer is told another time, or none any more. What was broken stays broken."""
    ticket.due_at = due
    _end(ticket, [clock for clock in running(session, ticket.id) if clock.metric == Metric.promise], now)
    session.flush()
    if due is not None and ticket.closed_at is None:
        insert(session, [(ticket.id, Metric.promise, now, None, due, None)])
    settle(session, ticket)


def refit(session: Session, ticket: Ticket, *, former: Calendar | None = None, now: datetime) -> None:
    """Its kind, priority or team changed: other limits, of which as much is used up as has passed.

    ``former``: by which it was counted so far, where the team is another now.
    """
    calendar, policy = calendar_for(session, ticket.team_id), policy_of(session, ticket)
    counted = former or calendar
    known = {Metric(clock.metric): clock for clock in running(session, ticket.id)}
    for metric, minutes in _limits(policy, ticket):
        clock = known.get(metric)
        if minutes is None:
            _end(ticket, [clock] if clock else [], now)
        elif clock is None and metric is not Metric.next_response:
            clock = TicketClock(ticket_id=ticket.id, metric=metric, started_at=ticket.opened_at, work_s=minutes * 60)
            session.add(clock)
            left = timedelta(minutes=minutes) - _taken(ticket, counted, now)
            _allow(clock, left, ticket, calendar, policy, now)
        elif clock is not None and (clock.work_s != minutes * 60 or counted != calendar):
            left = timedelta(minutes=minutes) - _used(clock, counted, now)
            clock.work_s = minutes * 60
            _allow(clock, left, ticket, calendar, policy, now)
    settle(session, ticket)


def close(session: Session, ticket: Ticket, *, now: datetime) -> None:
    """All of them end; how long it took is written down."""
    calendar = calendar_for(session, ticket.team_id)
    if ticket.waiting_since is not None:
        _discount(ticket, ticket.waiting_since, calendar, now)
        ticket.waiting_since = None
    ticket.resolution_s = _seconds(_taken(ticket, calendar, now))
    _end(ticket, running(session, ticket.id), now)
    ticket.next_due_at = None


def reopen(session: Session, ticket: Ticket, closed_at: datetime, *, now: datetime) -> None:
    """The time while it was closed does not count; what it may take is counted anew."""
    calendar, policy = calendar_for(session, ticket.team_id), policy_of(session, ticket)
    _discount(ticket, closed_at, calendar, now)
    ticket.resolution_s = None
    if policy is not None:
        asked = Metric.first_response if ticket.responded_at is None else Metric.next_response
        limit = policy.first_response_m if ticket.responded_at is None else policy.next_response_m
        found = [
            target(asked, limit, policy.warn_percent, calendar, now),
            target(Metric.resolution, policy.resolution_m, policy.warn_percent, calendar, now),
        ]
        insert(session, rows(ticket.id, [one for one in found if one], now))
    settle(session, ticket)


def restore(
    session: Session, ticket: Ticket, clock_ids: Collection[int], closed_at: datetime, *, waits: bool, now: datetime
) -> None:
    """As if it had never been closed, with those of its clocks that ran then: the time since does not count.

    A promise stays what it is: a time of the calendar. ``waits``: for the viewer, as it did.
    """
    calendar, policy = calendar_for(session, ticket.team_id), policy_of(session, ticket)
    _discount(ticket, closed_at, calendar, now)
    ticket.resolution_s, ticket.waiting_since = None, now if waits else None
    own = (TicketClock.ticket_id == ticket.id, is_any(TicketClock.id, sorted(clock_ids)))
    for clock in session.scalars(select(TicketClock).where(*own)):
        clock.ended_at = None
        if clock.due_at is not None and clock.work_s is not None and clock.breached_at is None:
            _run(clock, calendar.working_between(closed_at, clock.due_at), calendar, policy, now)
    settle(session, ticket)


def settle(session: Session, ticket: Ticket) -> None:
    """Write what lists ask for: the first of the running clocks to end."""
    session.flush()
    ends = [clock.due_at for clock in running(session, ticket.id) if clock.due_at is not None]
    ticket.next_due_at = min(ends, default=None)


def running(session: Session, ticket_id: int) -> Sequence[TicketClock]:
    own = (TicketClock.ticket_id == ticket_id, TicketClock.ended_at.is_(None))
    return session.scalars(select(TicketClock).where(*own).order_by(TicketClock.id)).all()


def policy_of(session: Session, ticket: Ticket) -> Policy | None:
    return policies.fitting(policies.load(session), ticket.kind, ticket.priority, ticket.source)


# -------------------- pieces


def _limits(policy: Policy | None, ticket: Ticket) -> list[tuple[Metric, int | None]]:
    """What may run now, with its limit; a first answer is asked for until it was given."""
    given = (None, None, None) if policy is None else (
        policy.first_response_m, policy.next_response_m, policy.resolution_m
    )  # fmt: skip
    limits = list(zip((Metric.first_response, Metric.next_response, Metric.resolution), given, strict=True))
    return limits[1:] if ticket.responded_at is not None else limits


def _taken(ticket: Ticket, calendar: Calendar, now: datetime) -> timedelta:
    """Service time that counts since it was opened."""
    taken = calendar.working_between(ticket.opened_at, now) - timedelta(seconds=ticket.waited_s)
    if ticket.waiting_since is not None:
        taken -= calendar.working_between(ticket.waiting_since, now)
    return max(taken, timedelta())


def _used(clock: TicketClock, calendar: Calendar, now: datetime) -> timedelta:
    work = timedelta(seconds=clock.work_s or 0)
    if clock.due_at is None:
        return work - timedelta(seconds=clock.left_s or 0)
    if clock.due_at >= now:
        return work - calendar.working_between(now, clock.due_at)
    return work + calendar.working_between(clock.due_at, now)


def _allow(
    clock: TicketClock, left: timedelta, ticket: Ticket, calendar: Calendar, policy: Policy | None, now: datetime
) -> None:
    """So much is left; what is over already is due now, and found by the next sweep."""
    left = max(left, timedelta())
    if ticket.waiting_since is not None:
        clock.left_s, clock.due_at, clock.warn_at = _seconds(left), None, None
    else:
        _run(clock, left, calendar, policy, now)


def _run(clock: TicketClock, left: timedelta, calendar: Calendar, policy: Policy | None, now: datetime) -> None:
    """Let it go on from now, with so much left. A warning whose time is over is not given."""
    clock.left_s = None
    clock.due_at = calendar.after_working(now, left) if left else now
    percent = policy.warn_percent if policy is not None else 0
    ahead = timedelta(seconds=clock.work_s or 0) * (100 - percent) / 100
    warns = percent and clock.work_s is not None and left > ahead and clock.breached_at is None
    clock.warn_at = calendar.after_working(now, left - ahead) if warns else None


def _end(ticket: Ticket, clocks: Iterable[TicketClock], now: datetime) -> None:
    for clock in clocks:
        _judge(ticket, clock, now)
        clock.ended_at, clock.warn_at = now, None


def _judge(ticket: Ticket, clock: TicketClock, now: datetime) -> None:
    """One whose time is over was not kept, also where no sweep has seen it so far."""
    if clock.breached_at is None and clock.due_at is not None and clock.due_at <= now:
        clock.breached_at = clock.due_at
        ticket.breaches += 1


def _discount(ticket: Ticket, since: datetime, calendar: Calendar, now: datetime) -> None:
    ticket.waited_s += _seconds(calendar.working_between(since, now))


def _seconds(span: timedelta) -> int:
    return round(span / SECOND)
