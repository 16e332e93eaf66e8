"""Tickets by their numbers and subjects."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agents import rights
from app.agents.rights import Action, Actor
from app.db.sql import is_any
from app.desk.search import query as queries
from app.desk.search.found import Found, TicketHit
from app.desk.search.letters import find
from app.desk.search.query import FEWER, TOP, Query, collect, stretches
from app.desk.search.sources import Kind, ticket_text
from app.tickets.models import Ticket


def find_tickets(
    session: Session, text: str, *, by: Actor, after: int | None = None, limit: int = 20
) -> Found[TicketHit]:
    """The newest first; ``after`` as the page before gave it. Forbidden, QueryTooLong."""
    rights.require(by, Action.see_conversations)
    query = queries.parse(text)
    if not query.terms:
        return Found((), None)
    below = TOP if after is None else after
    way = stretches(session, Kind.tickets, query, lambda *at: _newest(session, *at), below=below, floor=0)
    hits, further = collect(way, lambda ids: _texts(session, ids), query, limit=limit, most=FEWER)
    found = select(Ticket).where(is_any(Ticket.id, [ticket_id for ticket_id, _ in hits])).order_by(Ticket.id.desc())
    return Found(tuple(_hit(ticket, query) for ticket in session.scalars(found)), further)


def _newest(session: Session, below: int, limit: int) -> Sequence[int]:
    return session.scalars(select(Ticket.id).where(Ticket.id < below).order_by(Ticket.id.desc()).limit(limit)).all()


def _texts(session: Session, ids: Sequence[int]) -> Mapping[int, str]:
    rows = session.execute(select(Ticket.id, Ticket.number, Ticket.subject).where(is_any(Ticket.id, ids)))
    return {ticket_id: ticket_text(number, subject) for ticket_id, number, subject in rows}


def _hit(ticket: Ticket, query: Query) -> TicketHit:
    return TicketHit(
        ticket_id=ticket.id, number=ticket.number, number_marks=find(f"T-{ticket.number}", query.terms),
        subject=ticket.subject, subject_marks=find(ticket.subject, query.terms), status=ticket.status,
        opened_at=ticket.opened_at, viewer_id=ticket.viewer_id, conversation_id=ticket.conversation_id,
    )  # fmt: skip
