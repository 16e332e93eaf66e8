"""The times that tickets must keep: started when something is owed, stopped while the viewer is to answer, kept as they
ended.

All is counted in service time of the team's calendar. When each one ends is written down when it starts, so that a
sweep finds what is due by an index: the row itself is the durable timer, and a conditional UPDATE makes it ring once.

A clock that runs also keeps since when it does and with how much, so that its end can be counted anew by another
calendar. A promise is no such clock: it is a time that the viewer was told.
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
from app.tickets.deadline_models import Metric, TicketClock
from app.tickets.models import Ticket
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


@dataclass(frozen=True, slots=True)
class Past:
    """By what the time is counted that passed until a moment."""

    calendar: Calendar
    until: datetime


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
            clock.left_s = max(_seconds(_left(clock, calendar, now)), 0)
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

    ``former``: by which it was counted so far, where the team is another now. What was late stays late.
    """
    calendar, policy = calendar_for(session, ticket.team_id), policy_of(session, ticket)
    fit(session, ticket, running(session, ticket.id), calendar, policy, Past(former or calendar, now), now=now)
    settle(session, ticket)


def fit(
    session: Session, ticket: Ticket, found: Iterable[TicketClock], calendar: Calendar, policy: Policy | None,
    past: Past | None, *, lifts: bool = False, now: datetime,
) -> list[TicketClock]:  # fmt: skip
    """Let the clocks that run be what the policy says, counted by the calendar; those that are so stay as they are.

    All of them, and those that are new. ``lifts``: one that was late and has time again is late no more; one that has
    none is late since when it was.
    """
    known = {Metric(clock.metric): clock for clock in found}
    for metric, minutes in _limits(policy, ticket):
        clock = known.get(metric)
        if minutes is None:
            _end(ticket, [clock] if clock else [], now)
        elif clock is not None or metric is not Metric.next_response:
            if clock is None:
                passed = past.calendar if past else calendar
                clock = known[metric] = _late_starter(session, ticket, metric, minutes, passed, now)
            elif past is not None:
                _take_from_past(clock, past, calendar)
            was_over = _is_over(clock, now)
            is_other = _limit(clock, minutes * 60) and not (lifts and was_over)
            _count(clock, calendar, policy, now, is_other=is_other)
            if lifts and was_over and clock.breached_at is not None and not _is_over(clock, now):
                clock.breached_at = None
                ticket.breaches -= 1
                _count(clock, calendar, policy, now)
    return list(known.values())


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
        if clock.due_at is None or clock.work_s is None:
            continue
        left = _left(clock, calendar, closed_at)
        if clock.breached_at is None:
            _run(clock, left, calendar, policy, now)
        else:
            clock.resumed_at, clock.resumed_s = now, _seconds(left)
    settle(session, ticket)


def settle(session: Session, ticket: Ticket) -> None:
    """Write what lists ask for: the first of the running clocks to end."""
    session.flush()
    ticket.next_due_at = first_of(running(session, ticket.id))


def first_of(found: Iterable[TicketClock]) -> datetime | None:
    """When the first of those that run ends."""
    return min((clock.due_at for clock in found if clock.due_at and clock.ended_at is None), default=None)


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


def _late_starter(
    session: Session, ticket: Ticket, metric: Metric, minutes: int, counted: Calendar, now: datetime
) -> TicketClock:
    """As if it had run since the ticket was opened. While that waits for its viewer it stands still."""
    left = minutes * 60 - _seconds(_taken(ticket, counted, now))
    clock = TicketClock(ticket_id=ticket.id, metric=metric, started_at=ticket.opened_at, work_s=minutes * 60)
    if ticket.waiting_since is not None:
        clock.left_s = max(left, 0)
    else:
        clock.resumed_at, clock.resumed_s = now, left
    session.add(clock)
    return clock


def _take_from_past(clock: TicketClock, past: Past, calendar: Calendar) -> None:
    """What passed by another calendar stays counted by that."""
    begun = clock.resumed_at or clock.started_at
    if clock.left_s is None and past.calendar != calendar and begun < past.until:
        clock.resumed_s = _seconds(_left(clock, past.calendar, past.until))
        clock.resumed_at = past.until


def _limit(clock: TicketClock, work_s: int) -> bool:
    """Another limit leaves more or less of it, by as much as it is longer or shorter; whether it is another."""
    more = work_s - (clock.work_s or 0)
    if more and clock.left_s is not None:
        clock.left_s = max(clock.left_s + more, 0)
    elif more:
        clock.resumed_at, clock.resumed_s = clock.resumed_at or clock.started_at, _allowed(clock) + more
    clock.work_s = work_s
    return more != 0


def _is_over(clock: TicketClock, now: datetime) -> bool:
    return clock.left_s == 0 if clock.due_at is None else clock.due_at <= now


def _count(
    clock: TicketClock, calendar: Calendar, policy: Policy | None, now: datetime, *, is_other: bool = False
) -> None:  # fmt: skip
    """Write when it ends, and when its owner is warned. What is over by another count, or by another limit, is over
    now, not before."""
    if clock.left_s is not None:
        return
    begun, allowed = clock.resumed_at or clock.started_at, timedelta(seconds=_allowed(clock))
    due = calendar.after_working(begun, allowed)
    if due > now:
        clock.due_at = due
    elif is_other or clock.due_at is None or clock.due_at > now:
        clock.due_at, clock.resumed_at, clock.resumed_s = now, now, 0
    warn_percent = policy.warn_percent if policy is not None else 0
    ahead = timedelta(seconds=clock.work_s or 0) * (100 - warn_percent) / 100
    warned = calendar.after_working(begun, allowed - ahead) if warn_percent and allowed > ahead else now
    clock.warn_at = warned if due > now and warned > now and clock.breached_at is None else None


def _left(clock: TicketClock, calendar: Calendar, at: datetime) -> timedelta:
    """Of one that ran then; less than nothing: so long it was over. Of a promise, as of any time of the calendar, what
    was still to come."""
    if clock.work_s is None:
        return calendar.working_between(at, clock.due_at) if clock.due_at is not None else timedelta()
    begun = clock.resumed_at or clock.started_at
    return timedelta(seconds=_allowed(clock)) - calendar.working_between(begun, at)


def _allowed(clock: TicketClock) -> int:
    """Seconds, since it runs."""
    return clock.resumed_s if clock.resumed_s is not None else clock.work_s or 0


def _run(clock: TicketClock, left: timedelta, calendar: Calendar, policy: Policy | None, now: datetime) -> None:
    """Let it go on from now, with so much left. A warning whose time is over is not given."""
    clock.left_s, clock.resumed_at, clock.resumed_s = None, now, _seconds(left)
    if clock.work_s is None:
        clock.due_at, clock.warn_at = calendar.after_working(now, left), None
    else:
        _count(clock, calendar, policy, now)


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
