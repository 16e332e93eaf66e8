"""What viewers say once a ticket is done, taken into the ticket: their score, their no, their yes to a decision."""

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from app.tickets import clocks, complaints, finding, history, steps
from app.tickets.complaints import SETTLED
from app.tickets.models import PRESSING, Complaint, ComplaintState, Satisfaction, TicketPriority

BAD: Final = 2
"""Up to this score those who lead are told."""


def score(session: Session, ticket_id: int, value: int, *, now: datetime) -> None:
    """The first one stays; one that follows is kept beside it."""
    ticket = finding.lock(session, ticket_id)
    asked = session.get(Satisfaction, ticket_id, populate_existing=True)
    if asked is None:
        return
    if asked.score is None:
        asked.score, asked.scored_at = value, now
    else:
        asked.later_score, asked.later_at = value, now
    also = history.leaders(session, ticket.team_id) if value <= BAD else ()
    history.write_down(session, ticket, "scored", by=history.VIEWER, text=str(value), now=now, also=also)


def confirm(session: Session, ticket_id: int, text: str, *, now: datetime) -> None:
    """It was closed again, and is solved this time."""
    ticket = finding.lock(session, ticket_id)
    history.write_down(session, ticket, "confirmed", by=history.VIEWER, text=text, now=now)


def reopen(
    session: Session, ticket_id: int, text: str, *, due: datetime, now: datetime, explains_score: bool = False
) -> None:
    """It goes on, before others, and with a new promise; one that is open takes the words up."""
    ticket = finding.lock(session, ticket_id)
    asked = session.get(Satisfaction, ticket_id, populate_existing=True) if explains_score else None
    if asked is not None:
        asked.reason = text
    if ticket.closed_at is None or ticket.merged_into_id is not None:
        history.write_down(session, ticket, "added", by=history.VIEWER, text=text, now=now)
        return
    if ticket.priority not in PRESSING:
        ticket.priority = TicketPriority.high
    also = history.leaders(session, ticket.team_id)
    steps.reopen(session, ticket, text, by=history.VIEWER, now=now, also=also)
    clocks.promise(session, ticket, due, now=now)
    complaints.follow(session, ticket)


def settle(session: Session, ticket_id: int, outcome: ComplaintState, text: str, *, now: datetime) -> None:
    """What is settled stays: a repeat, or a word that comes later, is added to it."""
    ticket = finding.lock(session, ticket_id)
    formal = session.get(Complaint, ticket_id, populate_existing=True)
    if formal is None or formal.decision is None or formal.state in SETTLED or ticket.closed_at is not None:
        history.write_down(session, ticket, "added", by=history.VIEWER, text=text, now=now)
        return
    complaints.settle(session, ticket, outcome, text, by=history.VIEWER, now=now)
