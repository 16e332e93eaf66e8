"""The one question after a person closed a ticket: planned in the transaction that closes it, once for each ticket."""

from datetime import datetime, time, timedelta
from typing import Final

from sqlalchemy.orm import Session

from app.agents.calendars import BEIJING
from app.db.rows import Insert, table_of
from app.tickets.models import Satisfaction, Ticket, TicketKind

AFTER: Final = timedelta(hours=1)
EARLIEST, LATEST = time(9), time(22)
"""Beijing time; nobody is asked at night."""
_ASKED_OTHERWISE: Final = (TicketKind.complaint, TicketKind.suggestion, TicketKind.data)
"""Of a complaint it is asked whether its viewer accepts the decision; the others serve nobody's wish of the moment."""
_insert = Insert(table_of(Satisfaction), ("ticket_id", "viewer_id", "ask_at"), or_ignore=True)


def plan(session: Session, ticket: Ticket, *, by: str, now: datetime) -> None:
    """Where its viewer can be asked at all; he is not asked again about a ticket that was opened and closed again."""
    answerable = ticket.viewer_id is not None and ticket.conversation_id is not None
    if answerable and by.isdecimal() and ticket.kind not in _ASKED_OTHERWISE and ticket.merged_into_id is None:
        _insert(session, [(ticket.id, ticket.viewer_id, by_day(now + AFTER))])


def is_over(session: Session, ticket: Ticket) -> bool:
    """Whether its viewer was asked, or never will be, since it was closed before."""
    row = session.get(Satisfaction, ticket.id)
    return row is not None and row.ask_at is None


def by_day(at: datetime) -> datetime:
    """The first moment from then on at which people may be asked. Pure."""
    local = at.astimezone(BEIJING)
    if local.time() < EARLIEST:
        return local.replace(hour=EARLIEST.hour, minute=0, second=0, microsecond=0)
    if local.time() >= LATEST:
        return local.replace(hour=EARLIEST.hour, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return at
