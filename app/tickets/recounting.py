"""Open tickets counted anew after a change of what they are timed by, a page at a time, the most pressing first.

The row that asks for it (``app.agents.recounts``) keeps how far it has come, written with each page: a worker that is
killed is followed by another, and two that meet wait for each other at that row. What was rung stays in the histories.
A clock that was late by the former count and has time by the new one is late no more: figures judge it by what counts
in the end, and it rings again if that runs out too, as whoever has the ticket expects of a time that he sees ahead of
him. What is over by the new count is over now, never before anybody could know it, and rings as everything does.

A viewer was told when his complaint will be decided. Days that are added to the holidays never move that time away from
him; a make-up day, which makes the working days end sooner, moves the deadline nearer, and with it what rings for it.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Select, Subquery, func, literal, select, tuple_
from sqlalchemy.orm import Session

from app import events
from app.agents import recounts
from app.agents.calendars import Calendar
from app.agents.hours import calendar_for, default_id
from app.agents.models import Recount, Team
from app.agents.recounts import Scope
from app.agents.rights import Action, Actor, require_here
from app.db.rows import Insert, Row, table_of
from app.db.sql import for_update, is_any
from app.tickets import clocks, finding, history, policies
from app.tickets.clocks import Past
from app.tickets.complaints import REMINDED_BEFORE
from app.tickets.deadline_models import Metric, TicketClock
from app.tickets.models import Complaint, ComplaintState, Ticket, TicketEvent, TicketStatus

PAGE = 50
"""Tickets of one transaction."""
SETTLED: Final = timedelta(seconds=5)
"""Longer than any transaction takes: one that began before the change has written its clocks by then."""
MOST_COUNTED: Final = 10_000
COMPLAINT: Final = "complaint"
Dues = dict[str, datetime | None]
_insert_lines = Insert(table_of(TicketEvent), ("ticket_id", "kind", "author", "text", "detail", "at"))


def step(session: Session, *, now: datetime) -> bool:
    """A page of the oldest recount; whether there may be more to do."""
    due = select(Recount).where(Recount.changed_at <= now - SETTLED).order_by(Recount.id).limit(1)
    rows = session.scalars(for_update(due), execution_options={"populate_existing": True})
    if (recount := rows.one_or_none()) is None:
        return False
    page = _page(session, recount)
    if not page:
        session.delete(recount)
        return True
    recount.rank, recount.ticket_id, recount.seen = page[-1][1], page[-1][0], recount.seen + len(page)
    teams = _teams(session, recount)
    concerned = [ticket_id for ticket_id, _, team_id in page if teams is None or team_id in teams]
    _count_all(session, recount, concerned, now)
    if recount.scope == Scope.calendar and recount.subject_id == default_id(session):
        _move_deadlines(session, [ticket_id for ticket_id, *_ in page], now)
    return True


def _page(session: Session, recount: Recount) -> Sequence[tuple[int, int, int | None]]:
    """(ticket, its rank, its team) of those behind the place that it has come to."""
    rows = select(Ticket.id, Ticket.rank, Ticket.team_id).where(Ticket.status != TicketStatus.closed)
    if recount.rank is not None:
        rows = rows.where(tuple_(Ticket.rank, Ticket.id) < tuple_(literal(recount.rank), literal(recount.ticket_id)))
    found = session.execute(rows.order_by(Ticket.rank.desc(), Ticket.id.desc()).limit(PAGE))
    return [(ticket_id, rank, team_id) for ticket_id, rank, team_id in found]


def _teams(session: Session, recount: Recount) -> Collection[int | None] | None:
    """Whose tickets it concerns; None among them: those of no team; None: all."""
    if recount.scope == Scope.policies:
        return None
    return {recount.subject_id} if recount.scope == Scope.team else teams_by(session, recount.subject_id)


def teams_by(session: Session, calendar_id: int) -> set[int | None]:
    """That work by this calendar; by the service hours also None, what has no team."""
    is_default = calendar_id == default_id(session)
    own = select(Team.id).where(Team.calendar_id.is_(None) if is_default else Team.calendar_id == calendar_id)
    return {*session.scalars(own), *([None] if is_default else ())}


# -------------------- clocks


def _count_all(session: Session, recount: Recount, ticket_ids: Sequence[int], now: datetime) -> None:
    if not ticket_ids:
        return
    former = recounts.former_of(session, recount)
    past = Past(former.calendar, recount.since) if former is not None and recount.since is not None else None
    kept, calendars = policies.load(session), dict[int | None, Calendar]()
    tickets = finding.lock_all(session, is_any(Ticket.id, ticket_ids), Ticket.closed_at.is_(None))
    running = _running(session, [ticket.id for ticket in tickets])
    lines: list[Row] = []
    for ticket in tickets:
        if ticket.team_id not in calendars:
            calendars[ticket.team_id] = calendar_for(session, ticket.team_id)
        policy = policies.fitting(kept, ticket.kind, ticket.priority, ticket.source)
        own = running.get(ticket.id, [])
        before, limits = _dues(own), {clock.metric: clock.work_s for clock in own}
        after = clocks.fit(session, ticket, own, calendars[ticket.team_id], policy, past, lifts=True, now=now)
        ticket.next_due_at = clocks.first_of(after)
        if moved := _moved(before, _dues(after)):
            is_other = limits != {clock.metric: clock.work_s for clock in after if clock.ended_at is None}
            lines.append(_line(ticket.id, "policy" if is_other else str(recount.scope), moved, now))
    _write_down(session, lines, now)


def _running(session: Session, ticket_ids: Sequence[int]) -> dict[int, list[TicketClock]]:
    found: dict[int, list[TicketClock]] = {}
    own = (is_any(TicketClock.ticket_id, ticket_ids), TicketClock.ended_at.is_(None))
    rows = session.scalars(select(TicketClock).where(*own), execution_options={"populate_existing": True})
    for clock in rows:
        found.setdefault(clock.ticket_id, []).append(clock)
    return found


def _dues(found: Iterable[TicketClock]) -> Dues:
    """Of those that run, by metric; None: it stands still."""
    return {clock.metric: clock.due_at for clock in found if clock.ended_at is None}


def _moved(before: Dues, after: Dues) -> dict[str, list[str | None]]:
    """By metric when it was and is due, where that differs; None: it was not, or is no more."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return {name: [_told(before.get(name)), _told(after.get(name))] for name in names}


def _told(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat() if at is not None else None


def _line(ticket_id: int, why: str, moved: dict[str, list[str | None]], now: datetime) -> Row:
    return (ticket_id, "recounted", history.CLOCK, "", {"why": why, "due": moved}, now)


def _write_down(session: Session, lines: Sequence[Row], now: datetime) -> None:
    """Nobody is told of them, and the tickets count as untouched: nobody did anything to them."""
    session.flush()
    if lines:
        _insert_lines(session, lines)
        events.publish(session, events.Kind.ticket, [line[0] for line in lines], now=now)


# -------------------- complaints


def _move_deadlines(session: Session, ticket_ids: Sequence[int], now: datetime) -> None:
    """They are counted in the service hours, whoever has them."""
    calendar, lines = calendar_for(session, None), list[Row]()
    formal = (Complaint.state == ComplaintState.examining, Complaint.days.is_not(None))
    own = select(Complaint.ticket_id).where(is_any(Complaint.ticket_id, ticket_ids), *formal)
    for ticket in finding.lock_all(session, Ticket.id.in_(own), Ticket.closed_at.is_(None)):
        complaint = session.get_one(Complaint, ticket.id, populate_existing=True)
        was, days = complaint.deadline_at, complaint.days
        if ticket.due_at is None or days is None:
            continue
        due = min(ticket.due_at, calendar.end_of_working_day(ticket.opened_at, days))
        if due != was:
            complaint.deadline_at, complaint.remind_at = due, due - REMINDED_BEFORE if due > now else None
            _ring_for(session, ticket, max(due, now))
            lines.append(_line(ticket.id, "calendar", {COMPLAINT: [_told(was), _told(due)]}, now))
    _write_down(session, lines, now)


def _ring_for(session: Session, ticket: Ticket, due: datetime) -> None:
    """The promise rings at the deadline, also where that is before the time that the viewer was told."""
    for clock in clocks.running(session, ticket.id):
        if clock.metric == Metric.promise and clock.due_at is not None and clock.breached_at is None:
            clock.due_at = due
    clocks.settle(session, ticket)


# -------------------- what it would concern


def count_concerned(session: Session, *, by: Actor | None, calendar_id: int | None = None) -> int:
    """Deadlines that run and would be counted anew: of teams that work by a calendar, or all; more than MOST_COUNTED
    are not counted to their end."""
    require_here(by, Action.edit_deadlines)
    running = select(TicketClock.id).where(TicketClock.ended_at.is_(None), TicketClock.work_s.is_not(None))
    if calendar_id is not None:
        teams = [team for team in teams_by(session, calendar_id) if team is not None]
        running = running.join(Ticket, Ticket.id == TicketClock.ticket_id).where(is_any(Ticket.team_id, teams))
    return session.scalar(_counted(running.limit(MOST_COUNTED + 1))) or 0


def _counted(rows: Select[Any]) -> Select[int]:
    limited: Subquery = rows.subquery()
    return select(func.count()).select_from(limited)
