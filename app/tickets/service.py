"""Opening tickets and adding to them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.driver import connection_of, fetch
from app.db.rows import Columns, Insert, Row, Write, table_of
from app.db.sql import is_any, reserve
from app.tickets.models import Ticket, TicketEvent, TicketStatus

_insert = Insert(
    table_of(Ticket),
    ("viewer_id", "conversation_id", "kind", "priority", "subject", "opened_at", "number", "status"),
    returning=("conversation_id", "id", "number"),
)
_insert_events = Insert(table_of(TicketEvent), ("ticket_id", "kind", "author", "text", "at"))


@dataclass(frozen=True, slots=True)
class NewTicket:
    viewer_id: int
    conversation_id: int
    kind: str
    priority: str
    subject: str
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class Addition:
    """A line of a ticket's history."""

    ticket_id: int
    kind: str
    author: str
    text: str
    at: datetime


def open_many(session: Session, new: Sequence[NewTicket]) -> dict[int, tuple[int, int]]:
    """Open a ticket for each; returns (id, number) by conversation, for whoever writes their histories."""
    if not new:
        return {}
    rows = [(t.viewer_id, t.conversation_id, t.kind, t.priority, t.subject, t.opened_at) for t in new]
    opened = _on_postgres if connection_of(session).dialect.name == "postgresql" else _on_sqlite
    return opened(session, rows)


_COLUMNS = ("viewer_id", "conversation_id", "kind", "priority", "subject", "opened_at")
_given = Columns([table_of(Ticket).c[name] for name in _COLUMNS])
_OPEN = f"""
WITH given ({", ".join(_COLUMNS)}) AS ({_given.unnest()})
INSERT INTO tickets ({", ".join(_COLUMNS)}, number, status)
SELECT {", ".join(_COLUMNS)}, nextval('ticket_numbers'), 'open' FROM given RETURNING conversation_id, id, number
"""


def _on_postgres(session: Session, rows: Sequence[Row]) -> dict[int, tuple[int, int]]:
    """Numbered by a sequence: a counter would stay locked until the commit, and batches would wait for each other.

    A transaction that fails leaves a gap.
    """
    made = fetch(connection_of(session), _OPEN, _given.arrays(rows))
    return {conversation: (ticket_id, number) for conversation, ticket_id, number in made}


def _on_sqlite(session: Session, rows: Sequence[Row]) -> dict[int, tuple[int, int]]:
    first = reserve(session, "tickets", len(rows))
    numbered = [(*row, number, TicketStatus.open) for number, row in enumerate(rows, first)]
    return {row[0]: (row[1], row[2]) for row in _insert(session, numbered)}


def open_of(session: Session, viewer_ids: Collection[int]) -> dict[int, list[int]]:
    """Numbers of the open tickets of these viewers, newest first."""
    statement = select(Ticket.viewer_id, Ticket.number).where(
        is_any(Ticket.viewer_id, viewer_ids), Ticket.status == TicketStatus.open
    )
    found: dict[int, list[int]] = {}
    for viewer_id, number in session.execute(statement.order_by(Ticket.id.desc())):
        found.setdefault(viewer_id, []).append(number)
    return found


def additions(lines: Sequence[Addition]) -> Write:
    """What appends the lines to histories."""
    return _insert_events, [(line.ticket_id, line.kind, line.author, line.text, line.at) for line in lines]
