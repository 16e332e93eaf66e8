"""How a ticket, which is locked, moves on: each step with its clocks and its line in the history.

``by`` is who does it, as histories name authors; ``message_id`` by which message the viewer is told.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from app.tickets import clocks, history, satisfaction
from app.tickets.finding import TicketClosed
from app.tickets.models import Ticket, TicketStatus


def start(session: Session, ticket: Ticket, *, by: str, now: datetime) -> None:
    """Somebody works on it: also where it waited for the viewer, whose answer is not needed any more."""
    require_open(ticket)
    if ticket.status != TicketStatus.in_progress:
        ticket.status, ticket.asked = TicketStatus.in_progress, None
        clocks.go_on(session, ticket, now=now)
        history.write_down(session, ticket, "started", by=by, now=now)


def reply(session: Session, ticket: Ticket, text: str, *, by: str, now: datetime, message_id: int | None = None) -> int:
    """The viewer is told how things stand."""
    require_open(ticket)
    if ticket.status == TicketStatus.open:
        ticket.status = TicketStatus.in_progress
    clocks.answered(session, ticket, now=now)
    return history.write_down(session, ticket, "replied", by=by, text=text, now=now, message_id=message_id)


def ask(session: Session, ticket: Ticket, text: str, *, by: str, now: datetime, message_id: int | None = None) -> int:
    """It waits for the viewer's answer."""
    require_open(ticket)
    ticket.status, ticket.asked = TicketStatus.waiting, text
    clocks.answered(session, ticket, now=now)
    clocks.stop(session, ticket, now=now)
    return history.write_down(session, ticket, "asked", by=by, text=text, now=now, message_id=message_id)


def note(session: Session, ticket: Ticket, text: str, *, by: str, now: datetime) -> int:
    """For colleagues alone; also on a closed one."""
    return history.write_down(session, ticket, "noted", by=by, text=text, now=now)


def close(
    session: Session, ticket: Ticket, text: str, *, by: str, now: datetime, message_id: int | None = None
) -> int | None:
    """``text``: what was done, for the viewer. A closed ticket stays as it was closed."""
    if ticket.closed_at is not None:
        return None
    if message_id is not None:
        clocks.answered(session, ticket, now=now)
    end(session, ticket, now=now)
    satisfaction.plan(session, ticket, by=by, now=now)
    return history.write_down(session, ticket, "closed", by=by, text=text, now=now, message_id=message_id)


def end(session: Session, ticket: Ticket, *, now: datetime) -> None:
    """As ``close``, for whoever writes the line himself."""
    clocks.close(session, ticket, now=now)
    ticket.status, ticket.asked, ticket.closed_at = TicketStatus.closed, None, now
    ticket.updated_at = now
    session.flush()


def reopen(
    session: Session, ticket: Ticket, text: str, *, by: str, now: datetime, also: Collection[int] = ()
) -> int | None:
    """``text``: why. One that is open stays as it is; one that was merged is not opened again by itself."""
    if ticket.closed_at is None:
        return None
    closed_at, ticket.closed_at = ticket.closed_at, None
    ticket.status = TicketStatus.in_progress if ticket.owner_id is not None else TicketStatus.open
    ticket.reopened += 1
    clocks.reopen(session, ticket, closed_at, now=now)
    return history.write_down(session, ticket, "reopened", by=by, text=text, now=now, also=also)


def require_open(ticket: Ticket) -> None:
    """TicketClosed."""
    if ticket.closed_at is not None:
        raise TicketClosed
