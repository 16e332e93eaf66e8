"""Tickets from conversations, a batch at a time: opened, added to, raised and closed by what viewers write."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from app.agents.hours import calendar_for
from app.db.base import UtcDateTime
from app.db.driver import Prepared, connection_of, fetch
from app.db.rows import Columns, Insert, Row, Write, table_of
from app.db.sql import is_any, reserve
from app.events import Kind, publish
from app.tickets import clocks, complaints, finding, history, policies, steps, views
from app.tickets.clocks import Target
from app.tickets.complaints import REMINDED_BEFORE
from app.tickets.models import (
    PRESSING,
    Complaint,
    ComplaintState,
    Ticket,
    TicketEvent,
    TicketKind,
    TicketPriority,
    TicketStatus,
)

HEARD: Final = ("added", "answered", "raised", "closed")
"""Lines by a viewer that those who have his ticket are told of."""
ELSEWHERE: Final = "conversation_id"
"""In a line's detail: the conversation of its message, where that is not the ticket's own."""
_COLUMNS = (
    "viewer_id", "conversation_id", "event_id", "kind", "priority", "subject", "category", "due_at", "opened_at",
    "source", "dimension", "title", "season", "episode",
)  # fmt: skip
_ALL = (*_COLUMNS, "number", "status", "updated_at", "next_due_at")
_insert = Insert(table_of(Ticket), _ALL, returning=("event_id", "id", "number"))
_insert_complaints = Insert(
    table_of(Complaint), ("ticket_id", "office", "deadline_at", "days", "remind_at", "state"), or_ignore=True
)
_insert_events = Insert(table_of(TicketEvent), ("ticket_id", "kind", "author", "text", "seq", "detail", "at"))


@dataclass(frozen=True, slots=True)
class NewTicket:
    viewer_id: int
    conversation_id: int
    event_id: int
    """One event opens one ticket at most."""
    kind: str
    priority: str
    subject: str
    category: str | None
    due_at: datetime | None
    opened_at: datetime
    source: str
    """The platform."""
    dimension: str | None = None
    title: str | None = None
    season: int | None = None
    episode: int | None = None
    office: str = ""
    """In charge, of a complaint."""
    days: int | None = None
    """Working days, of which ``due_at`` is the end, of a complaint."""


@dataclass(frozen=True, slots=True)
class Addition:
    """A line of a ticket's history."""

    ticket_id: int
    kind: str
    author: str
    text: str
    at: datetime
    seq: int | None = None
    conversation_id: int | None = None
    """In which ``seq`` is, where that is not the ticket's own."""


def open_many(session: Session, new: Sequence[NewTicket]) -> dict[int, tuple[int, int]]:
    """Open a ticket for each, with its clocks; returns (id, number) by event, for whoever writes their histories."""
    if not new:
        return {}
    kept, calendar = policies.load(session), calendar_for(session, None)
    found = {
        one.event_id: clocks.targets(
            policies.fitting(kept, one.kind, one.priority, one.source), calendar, one.opened_at, one.due_at
        )
        for one in new
    }
    rows = [(*(getattr(one, name) for name in _COLUMNS), clocks.first_due(found[one.event_id])) for one in new]
    opened = _on_postgres if connection_of(session).dialect.name == "postgresql" else _on_sqlite
    made = opened(session, rows)
    _begin(session, new, made, found)
    publish(session, Kind.ticket, [ticket_id for ticket_id, _ in made.values()], now=new[0].opened_at)
    return made


_given = Columns([table_of(Ticket).c[name] for name in (*_COLUMNS, "next_due_at")])
_OPEN = f"""
WITH given ({", ".join(_COLUMNS)}, next_due_at) AS ({_given.unnest()})
INSERT INTO tickets ({", ".join(_COLUMNS)}, next_due_at, number, status, updated_at)
SELECT {", ".join(_COLUMNS)}, next_due_at, nextval('ticket_numbers'), 'open', opened_at FROM given
RETURNING event_id, id, number
"""


def _on_postgres(session: Session, rows: Sequence[Row]) -> dict[int, tuple[int, int]]:
    """Numbered by a sequence: a counter would stay locked until the commit, and batches would wait for each other.

    A transaction that fails leaves a gap.
    """
    made = fetch(connection_of(session), _OPEN, _given.arrays(rows))
    return {event_id: (ticket_id, number) for event_id, ticket_id, number in made}


def _on_sqlite(session: Session, rows: Sequence[Row]) -> dict[int, tuple[int, int]]:
    first, opened = reserve(session, "tickets", len(rows)), _COLUMNS.index("opened_at")
    numbered = [(*row[:-1], number, TicketStatus.open, row[opened], row[-1]) for number, row in enumerate(rows, first)]
    return {row[0]: (row[1], row[2]) for row in _insert(session, numbered)}


def _begin(
    session: Session, new: Sequence[NewTicket], made: Mapping[int, tuple[int, int]],
    found: Mapping[int, Sequence[Target]],
) -> None:  # fmt: skip
    ids = {one.event_id: made[one.event_id][0] for one in new}
    started = [row for one in new for row in clocks.rows(ids[one.event_id], found[one.event_id], one.opened_at)]
    if started:
        clocks.insert(session, started)
    examined = ComplaintState.examining
    formal = [
        (ids[one.event_id], one.office, one.due_at, one.days, one.due_at - REMINDED_BEFORE, examined)
        for one in new
        if one.kind == TicketKind.complaint and one.due_at is not None
    ]
    if formal:
        _insert_complaints(session, formal)


def additions(lines: Sequence[Addition]) -> Write:
    """What appends the lines to histories."""
    return _insert_events, [
        (
            line.ticket_id, line.kind, line.author, line.text, line.seq,
            {ELSEWHERE: line.conversation_id} if line.conversation_id is not None else None, line.at,
        )
        for line in lines
    ]  # fmt: skip


def resume(session: Session, ticket_id: int, *, due: datetime, now: datetime) -> None:
    """What the ticket waited for has come; the promise begins anew."""
    ticket = finding.find_open(session, ticket_id)
    if ticket is not None:
        ticket.status, ticket.asked = TicketStatus.in_progress, None
        clocks.go_on(session, ticket, now=now)
        clocks.promise(session, ticket, due, now=now)
        complaints.follow(session, ticket)


def raise_priority(session: Session, ticket_id: int, *, due: datetime, now: datetime) -> None:
    ticket = finding.find_open(session, ticket_id)
    if ticket is not None:
        if ticket.priority not in PRESSING:
            ticket.priority = TicketPriority.high
        clocks.promise(session, ticket, due, now=now)
        complaints.follow(session, ticket)
        clocks.refit(session, ticket, now=now)


def close_solved(session: Session, ticket_id: int, *, now: datetime) -> None:
    """The viewer says that it is solved."""
    ticket = finding.find_open(session, ticket_id)
    if ticket is not None:
        steps.end(session, ticket, now=now)


def speak(session: Session, conversation_id: int, *, now: datetime) -> None:
    """A person spoke with the viewer, if not of what he was promised. The conversation is locked.

    That is an answer also to the ticket of another conversation in which one of this one goes on.
    """
    own = select(Ticket.id, Ticket.merged_into_id).where(Ticket.conversation_id == conversation_id, views.GOES_ON)
    rows = session.execute(own).all()
    merged = {row.merged_into_id for row in rows if row.merged_into_id is not None}
    spoken_of = {row.id for row in rows} | {ref.ticket_id for ref in views.going_on(session, merged).values()}
    for ticket in finding.lock_all(session, is_any(Ticket.id, sorted(spoken_of)), Ticket.closed_at.is_(None)):
        clocks.answered(session, ticket, keeps_promise=False, now=now)


_ticket = table_of(Ticket).c
_TOUCH = Prepared(
    update(table_of(Ticket))
    .where(is_any(_ticket.id, "tickets"))
    .values(updated_at=bindparam("now", type_=UtcDateTime()))
    .returning(_ticket.id, _ticket.responded_at, _ticket.closed_at, _ticket.merged_into_id)
)


def hear(session: Session, ticket_ids: Collection[int], *, now: datetime) -> None:
    """Their viewers have written: who answered owes a word again. After the lines are written, to tell of them."""
    if not ticket_ids:
        return
    session.flush()
    for ticket_id, responded_at, closed_at, merged_into in _TOUCH(session, tickets=sorted(ticket_ids), now=now):
        if responded_at is not None and closed_at is None:
            clocks.ask_next(session, session.get_one(Ticket, ticket_id, populate_existing=True), now=now)
        elif merged_into is not None:
            _pass_on(session, ticket_id, merged_into, now)
    history.tell_all(session, ticket_ids, HEARD, now=now)
    publish(session, Kind.ticket, ticket_ids, now=now)


def _pass_on(session: Session, ticket_id: int, into: int, now: datetime) -> None:
    """It was merged while the viewer wrote: his words belong to the one that goes on."""
    still = views.going_on(session, [into]).get(into)
    ticket = finding.find_open(session, still.ticket_id) if still is not None else None
    if ticket is None:
        return
    own = (TicketEvent.ticket_id == ticket_id, TicketEvent.at == now, TicketEvent.author == history.VIEWER)
    for line in session.scalars(select(TicketEvent).where(*own, TicketEvent.kind.in_(HEARD)).order_by(TicketEvent.id)):
        history.write_down(session, ticket, "added", by=history.VIEWER, text=line.text, now=now)
    clocks.ask_next(session, ticket, now=now)
