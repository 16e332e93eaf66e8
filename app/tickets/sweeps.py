"""What becomes due: clocks that ran out, warnings, reminders of complaints. Each rings once.

Nothing but the rows remembers, so any process may sweep, at any time, after any crash. A ticket is locked before its
clocks, as by everything that changes them; what another process holds is left to the next sweep.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db.sql import for_update, is_any
from app.tickets import history
from app.tickets.deadline_models import TicketClock
from app.tickets.models import Complaint, ComplaintState, Ticket

PAGE = 50


def ring(session: Session, *, now: datetime) -> int:
    """Clocks that ran out: written down, and told to whoever has the ticket and to who leads him; how many."""
    due = (TicketClock.due_at <= now, TicketClock.ended_at.is_(None), TicketClock.breached_at.is_(None))
    found = select(TicketClock.id, TicketClock.ticket_id).where(*due).order_by(TicketClock.due_at, TicketClock.id)
    tickets = _hold(session, [ticket for _, ticket in session.execute(found.limit(PAGE))])
    rung = 0
    for ticket in tickets:
        late = update(TicketClock).where(TicketClock.ticket_id == ticket.id, *due)
        late = late.values(breached_at=TicketClock.due_at, warn_at=None)
        for metric, at in session.execute(late.returning(TicketClock.metric, TicketClock.breached_at)).all():
            ticket.breaches += 1
            detail = {"metric": metric, "due": at.isoformat() if at else ""}
            history.write_down(
                session, ticket, "breached", by=history.CLOCK, now=now, also=history.leaders(session, ticket.team_id),
                detail=detail,
            )  # fmt: skip
            rung += 1
    return rung


def warn(session: Session, *, now: datetime) -> int:
    """Clocks that will run out soon, to whoever has the ticket: nobody else can keep it."""
    due = (TicketClock.warn_at <= now, TicketClock.ended_at.is_(None))
    found = select(TicketClock.ticket_id).where(*due).order_by(TicketClock.warn_at, TicketClock.id).limit(PAGE)
    warned = 0
    for ticket in _hold(session, session.scalars(found).all()):
        soon = update(TicketClock).where(TicketClock.ticket_id == ticket.id, *due).values(warn_at=None)
        for metric, at in session.execute(soon.returning(TicketClock.metric, TicketClock.due_at)).all():
            if at is not None and at > now:
                _warn(session, ticket, metric, at, now)
            warned += 1
    return warned


def remind(session: Session, *, now: datetime) -> int:
    """Complaints whose deadline is a day away and that nobody has decided."""
    due = (Complaint.remind_at <= now, Complaint.state == ComplaintState.examining)
    found = select(Complaint.ticket_id).where(*due).order_by(Complaint.remind_at).limit(PAGE)
    reminded = 0
    for ticket in _hold(session, session.scalars(found).all()):
        own = update(Complaint).where(Complaint.ticket_id == ticket.id, *due).values(remind_at=None)
        for at in session.scalars(own.returning(Complaint.deadline_at)).all():
            if ticket.closed_at is None:
                _warn(session, ticket, "complaint", at, now, everybody=True)
            reminded += 1
    return reminded


def _warn(
    session: Session, ticket: Ticket, metric: str, due: datetime, now: datetime, *, everybody: bool = False
) -> None:
    also = history.leaders(session, ticket.team_id) if everybody or ticket.owner_id is None else ()
    history.write_down(
        session, ticket, "warned", by=history.CLOCK, now=now, also=also,
        detail={"metric": metric, "due": due.isoformat()},
    )  # fmt: skip


def _hold(session: Session, ticket_ids: Sequence[int]) -> Sequence[Ticket]:
    if not ticket_ids:
        return ()
    rows = select(Ticket).where(is_any(Ticket.id, sorted(set(ticket_ids)))).order_by(Ticket.id)
    return session.scalars(for_update(rows, skip_locked=True), execution_options={"populate_existing": True}).all()
