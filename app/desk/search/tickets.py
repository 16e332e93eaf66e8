"""Tickets by their numbers and subjects."""

import re
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

_NUMBER = re.compile(r"(?:t-?)?0*([1-9][0-9]{0,8})")


def find_tickets(
    session: Session, text: str, *, by: Actor, after: int | None = None, limit: int = 20
) -> Found[TicketHit]:
    """The newest first; ``after`` as the page before gave it. Forbidden, QueryTooLong.

    Whose number is asked for stands above the first page, one more than ``limit``: of T-77 and T-770 it is T-77.
    """
    rights.require(by, Action.see_conversations)
    query = queries.parse(text)
    if not query.terms:
        return Found((), None)
    below = TOP if after is None else after
    exact = _numbered(session, query)
    way = stretches(session, Kind.tickets, query, lambda *at: _newest(session, *at), below=below, floor=0)
    hits, further = collect(way, lambda ids: _texts(session, ids, exact), query, limit=limit, most=FEWER)
    ids = [ticket_id for ticket_id, _ in hits] + [exact] * (after is None)
    found = select(Ticket).where(is_any(Ticket.id, ids)).order_by(Ticket.id != exact, Ticket.id.desc())
    return Found(tuple(_hit(ticket, query) for ticket in session.scalars(found)), further)


def _numbered(session: Session, query: Query) -> int:
    """The ticket whose number is all that is asked for, as T-77, t77 or 77; 0: there is none."""
    asked = _NUMBER.fullmatch(query.terms[0]) if len(query.terms) == 1 else None
    return (session.scalar(select(Ticket.id).where(Ticket.number == int(asked[1]))) or 0) if asked else 0


def _newest(session: Session, below: int, limit: int) -> Sequence[int]:
    return session.scalars(select(Ticket.id).where(Ticket.id < below).order_by(Ticket.id.desc()).limit(limit)).all()


def _texts(session: Session, ids: Sequence[int], exact: int) -> Mapping[int, str]:
    own = (is_any(Ticket.id, ids), Ticket.id != exact)
    rows = session.execute(select(Ticket.id, Ticket.number, Ticket.subject).where(*own))
    return {ticket_id: ticket_text(number, subject) for ticket_id, number, subject in rows}


def _hit(ticket: Ticket, query: Query) -> TicketHit:
    return TicketHit(
        ticket_id=ticket.id, number=ticket.number, subject=ticket.subject,
        subject_marks=find(ticket.subject, query.terms), status=ticket.status,
        opened_at=ticket.opened_at, viewer_id=ticket.viewer_id, conversation_id=ticket.conversation_id,
    )  # fmt: skip
