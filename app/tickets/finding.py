"""Tickets for a change: locked, and as they are now."""

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.conversations.models import Message
from app.db.sql import for_update
from app.errors import AppError, NotFound
from app.tickets.models import Ticket, TicketEvent


class TicketNotFound(NotFound):
    message = "没有这个工单"


class TicketClosed(AppError):
    status_code, message = 409, "这个工单已经关闭"


def get(session: Session, ticket_id: int) -> Ticket:
    """As it is now, unlocked; TicketNotFound."""
    return _required(session.get(Ticket, ticket_id))


def lock(session: Session, ticket_id: int) -> Ticket:
    """TicketNotFound."""
    return _required(_locked(session, Ticket.id == ticket_id))


def lock_open(session: Session, ticket_id: int) -> Ticket:
    """TicketNotFound, TicketClosed."""
    ticket = lock(session, ticket_id)
    if ticket.closed_at is not None:
        raise TicketClosed
    return ticket


def lock_number(session: Session, number: int) -> Ticket:
    """TicketNotFound."""
    return _required(_locked(session, Ticket.number == number))


def id_of(session: Session, number: int) -> int:
    """TicketNotFound."""
    found: int | None = session.scalar(select(Ticket.id).where(Ticket.number == number))
    if found is None:
        raise TicketNotFound
    return found


def find_open(session: Session, ticket_id: int) -> Ticket | None:
    """None: it was closed meanwhile, and stays as it is."""
    return _locked(session, (Ticket.id == ticket_id) & Ticket.closed_at.is_(None))


def lock_all(session: Session, *conditions: ColumnElement[bool]) -> list[Ticket]:
    """In the order of their ids."""
    rows = for_update(select(Ticket).where(*conditions).order_by(Ticket.id))
    return list(session.scalars(rows, execution_options={"populate_existing": True}))


def _locked(session: Session, condition: ColumnElement[bool]) -> Ticket | None:
    rows = session.scalars(for_update(select(Ticket).where(condition)), execution_options={"populate_existing": True})
    return rows.one_or_none()


def _required(ticket: Ticket | None) -> Ticket:
    if ticket is None:
        raise TicketNotFound
    return ticket


def history(session: Session, ticket: Ticket) -> list[TicketEvent]:
    return list(session.scalars(select(TicketEvent).where(TicketEvent.ticket_id == ticket.id).order_by(TicketEvent.id)))


def transcript(session: Session, ticket: Ticket, *, limit: int = 500) -> list[Message]:
    """The newest messages of the ticket's conversation, oldest first."""
    newest = select(Message).where(Message.conversation_id == ticket.conversation_id)
    return list(session.scalars(newest.order_by(Message.seq.desc()).limit(limit)))[::-1]


def list_open(session: Session, *, limit: int = 100) -> list[Ticket]:
    """Urgent ones first, then by the promised time."""
    urgent_first = (Ticket.rank.desc(), Ticket.due_at, Ticket.id)
    return list(session.scalars(select(Ticket).where(Ticket.closed_at.is_(None)).order_by(*urgent_first).limit(limit)))
