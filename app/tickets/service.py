"""Opening tickets, adding to them, and what those who work on them do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.conversations.models import Message
from app.db.driver import connection_of, fetch
from app.db.rows import Columns, Insert, Row, Write, table_of
from app.db.sql import for_update, reserve
from app.errors import AppError, NotFound
from app.tickets.models import Ticket, TicketEvent, TicketPriority, TicketStatus

_COLUMNS = (
    "viewer_id", "conversation_id", "event_id", "kind", "priority", "subject", "category", "due_at", "opened_at",
    "source", "dimension", "title", "season", "episode",
)  # fmt: skip
_insert = Insert(
    table_of(Ticket),
    (*_COLUMNS, "number", "status", "updated_at", "next_due_at"),
    returning=("event_id", "id", "number"),
)
_insert_events = Insert(table_of(TicketEvent), ("ticket_id", "kind", "author", "text", "seq", "at"))


class TicketNotFound(NotFound):
    message = "没有这个工单"


class TicketClosed(AppError):
    status_code, message = 409, "这个工单已经关闭"


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


@dataclass(frozen=True, slots=True)
class Addition:
    """A line of a ticket's history."""

    ticket_id: int
    kind: str
    author: str
    text: str
    at: datetime
    seq: int | None = None


# -------------------- from conversations, a batch at a time


def open_many(session: Session, new: Sequence[NewTicket]) -> dict[int, tuple[int, int]]:
    """Open a ticket for each; returns (id, number) by event, for whoever writes their histories."""
    if not new:
        return {}
    rows = [tuple(getattr(ticket, name) for name in _COLUMNS) for ticket in new]
    opened = _on_postgres if connection_of(session).dialect.name == "postgresql" else _on_sqlite
    return opened(session, rows, new)


_given = Columns([table_of(Ticket).c[name] for name in _COLUMNS])
_OPEN = f"""
WITH given ({", ".join(_COLUMNS)}) AS ({_given.unnest()})
INSERT INTO tickets ({", ".join(_COLUMNS)}, number, status, updated_at, next_due_at)
SELECT {", ".join(_COLUMNS)}, nextval('ticket_numbers'), 'open', opened_at, due_at FROM given
RETURNING event_id, id, number
"""


def _on_postgres(session: Session, rows: Sequence[Row], new: Sequence[NewTicket]) -> dict[int, tuple[int, int]]:
    """Numbered by a sequence: a counter would stay locked until the commit, and batches would wait for each other.

    A transaction that fails leaves a gap.
    """
    made = fetch(connection_of(session), _OPEN, _given.arrays(rows))
    return {event_id: (ticket_id, number) for event_id, ticket_id, number in made}


def _on_sqlite(session: Session, rows: Sequence[Row], new: Sequence[NewTicket]) -> dict[int, tuple[int, int]]:
    first = reserve(session, "tickets", len(rows))
    numbered = [
        (*row, number, TicketStatus.open, ticket.opened_at, ticket.due_at)
        for number, (row, ticket) in enumerate(zip(rows, new, strict=True), first)
    ]
    return {row[0]: (row[1], row[2]) for row in _insert(session, numbered)}


def additions(lines: Sequence[Addition]) -> Write:
    """What appends the lines to histories."""
    return _insert_events, [(line.ticket_id, line.kind, line.author, line.text, line.seq, line.at) for line in lines]


def resume(session: Session, ticket_id: int, *, due: datetime) -> None:
    """What the ticket waited for has come."""
    _set(session, ticket_id, status=TicketStatus.in_progress, asked=None, due_at=due)


def raise_priority(session: Session, ticket_id: int, *, due: datetime) -> None:
    _set(session, ticket_id, priority=TicketPriority.high, due_at=due)


def close_solved(session: Session, ticket_id: int, *, now: datetime) -> None:
    """The viewer says that it is solved."""
    _set(session, ticket_id, status=TicketStatus.closed, asked=None, closed_at=now)


def _set(session: Session, ticket_id: int, **values: Any) -> None:
    """One that was closed meanwhile stays as it is."""
    session.execute(update(Ticket).where(Ticket.id == ticket_id, Ticket.closed_at.is_(None)).values(values))


# -------------------- by those who work on them


def list_open(session: Session, *, limit: int = 100) -> list[Ticket]:
    """Urgent ones first, then by the promised time."""
    urgent_first = (Ticket.rank.desc(), Ticket.due_at, Ticket.id)
    return list(session.scalars(select(Ticket).where(Ticket.closed_at.is_(None)).order_by(*urgent_first).limit(limit)))


def get(session: Session, number: int) -> Ticket:
    """The ticket, locked for a change; TicketNotFound."""
    ticket: Ticket | None = session.scalar(for_update(select(Ticket).where(Ticket.number == number)))
    if ticket is None:
        raise TicketNotFound
    return ticket


def history(session: Session, ticket: Ticket) -> list[TicketEvent]:
    return list(session.scalars(select(TicketEvent).where(TicketEvent.ticket_id == ticket.id).order_by(TicketEvent.id)))


def transcript(session: Session, ticket: Ticket, *, limit: int = 500) -> list[Message]:
    """The newest messages of the ticket's conversation, oldest first."""
    newest = select(Message).where(Message.conversation_id == ticket.conversation_id)
    return list(session.scalars(newest.order_by(Message.seq.desc()).limit(limit)))[::-1]


def start(session: Session, number: int, *, by: str, now: datetime) -> None:
    ticket = _get_open(session, number)
    ticket.status = TicketStatus.in_progress
    _write_down(session, ticket, "started", by, "", now)


def reply(session: Session, number: int, text: str, *, by: str, now: datetime) -> None:
    """The state of things for the viewer, who hears it when he asks."""
    ticket = _get_open(session, number)
    if ticket.status == TicketStatus.open:
        ticket.status = TicketStatus.in_progress
    _write_down(session, ticket, "replied", by, text, now)


def ask(session: Session, number: int, text: str, *, by: str, now: datetime) -> None:
    """Wait for the viewer's answer."""
    ticket = _get_open(session, number)
    ticket.status, ticket.asked = TicketStatus.waiting, text
    _write_down(session, ticket, "asked", by, text, now)


def close(session: Session, number: int, text: str, *, by: str, now: datetime) -> None:
    """``text``: what was done, for the viewer. A closed ticket stays as it was closed."""
    ticket = get(session, number)
    if ticket.closed_at is None:
        ticket.status, ticket.asked, ticket.closed_at = TicketStatus.closed, None, now
        _write_down(session, ticket, "closed", by, text, now)


def _get_open(session: Session, number: int) -> Ticket:
    ticket = get(session, number)
    if ticket.closed_at is not None:
        raise TicketClosed
    return ticket


def _write_down(session: Session, ticket: Ticket, kind: str, by: str, text: str, now: datetime) -> None:
    session.add(TicketEvent(ticket_id=ticket.id, kind=kind, author=by, text=text, at=now))
    session.flush()
