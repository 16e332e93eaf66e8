"""Opening tickets and adding to them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.rows import Insert, Write, table_of
from app.db.sql import is_any, reserve
from app.tickets.models import Ticket, TicketEvent, TicketStatus

_insert = Insert(
    table_of(Ticket),
    ("number", "viewer_id", "conversation_id", "kind", "status", "priority", "subject", "opened_at"),
    returning=("id", "number"),
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
    first = reserve(session, "tickets", len(new))
    rows = [
        (number, t.viewer_id, t.conversation_id, t.kind, TicketStatus.open, t.priority, t.subject, t.opened_at)
        for number, t in enumerate(new, first)
    ]
    ids = {number: ticket_id for ticket_id, number in _insert(session, rows)}
    return {t.conversation_id: (ids[number], number) for number, t in enumerate(new, first)}


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
