"""Opening tickets and adding to them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.driver import connection_of, fetch
from app.db.rows import Columns, Insert, Row, Write, table_of
from app.db.sql import RESERVE, is_any, reserve
from app.tickets.models import Ticket, TicketEvent, TicketStatus

COUNTER = "tickets"
"""The counter of ticket numbers."""
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
    """Open a ticket for each; returns (id, number) by conversation, for whoever writes their histories.

    The numbers' counter stays locked until the commit.
    """
    if not new:
        return {}
    rows = [(t.viewer_id, t.conversation_id, t.kind, t.priority, t.subject, t.opened_at, n) for n, t in enumerate(new)]
    opened = _on_postgres if connection_of(session).dialect.name == "postgresql" else _on_sqlite
    return opened(session, rows)


_COLUMNS = ("viewer_id", "conversation_id", "kind", "priority", "subject", "opened_at", "number")
_given = Columns([table_of(Ticket).c[name] for name in _COLUMNS])
_OPEN = f"""
WITH taken AS ({RESERVE.replace("?", "$")}),
given ({", ".join(_COLUMNS)}) AS ({_given.unnest(first=3)})
INSERT INTO tickets (viewer_id, conversation_id, kind, priority, subject, opened_at, number, status)
SELECT viewer_id, conversation_id, kind, priority, subject, opened_at, taken.value - $2 + 1 + number, 'open'
FROM taken, given RETURNING conversation_id, id, number
"""


def _on_postgres(session: Session, rows: Sequence[Row]) -> dict[int, tuple[int, int]]:
    """One round trip, and the shorter the counter is locked."""
    made = fetch(connection_of(session), _OPEN, (COUNTER, len(rows), *_given.arrays(rows)))
    return {conversation: (ticket_id, number) for conversation, ticket_id, number in made}


def _on_sqlite(session: Session, rows: Sequence[Row]) -> dict[int, tuple[int, int]]:
    first = reserve(session, COUNTER, len(rows))
    numbered = [(*row[:-1], first + row[-1], TicketStatus.open) for row in rows]
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
