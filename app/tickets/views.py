"""Tickets as conversations speak of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from app.db.driver import Prepared
from app.db.rows import table_of
from app.db.sql import is_any
from app.tickets.models import Complaint, Satisfaction, Ticket, TicketEvent

SHORT = 20


@dataclass(frozen=True, slots=True)
class Step:
    """A line of a ticket's history."""

    kind: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TicketRef:
    """As much of an open ticket as each turn of its conversation needs."""

    conversation_id: int | None
    """None: it was opened without one."""
    ticket_id: int
    number: int
    kind: str
    priority: str
    due_at: datetime | None

    @property
    def name(self) -> str:
        return f"T-{self.number}"


@dataclass(frozen=True, slots=True)
class TicketView(TicketRef):
    status: str
    subject: str
    opened_at: datetime
    asked: str | None
    """What the viewer is to answer, where the ticket waits for him."""
    last: Step | None = None
    """The newest line that is for the viewer."""
    closed_at: datetime | None = None
    merged_into: int | None = None
    """The number of the ticket that goes on for it."""
    surveyed_at: datetime | None = None
    """When he was asked how content he is."""
    score: int | None = None
    """What he said to that."""
    complaint: str | None = None
    """How far it is as a formal complaint."""

    @property
    def short(self) -> str:
        return self.subject if len(self.subject) <= SHORT else f"{self.subject[: SHORT - 1]}…"


FOR_VIEWERS = ("added", "answered", "raised", "replied", "closed", "decided", "reopened")
"""Lines of the history that viewers are told of."""
_Own = tuple[Ticket, int | None, datetime | None, int | None, str | None]
"""With the number of the one that goes on for it, the question about it (when it was asked, what was said), and how
far it is as a complaint."""
_KEPT = 20
"""Tickets of one viewer that he is told of: the newest."""


_ticket = table_of(Ticket).c
OPEN = (_ticket.conversation_id, _ticket.id, _ticket.number, _ticket.kind, _ticket.priority, _ticket.due_at)
"""The columns of a reference, for statements that look for several things at once; ``IS_OPEN`` is the condition."""
IS_OPEN = _ticket.closed_at.is_(None)
GOES_ON = or_(IS_OPEN, _ticket.merged_into_id.is_not(None))
"""Open, or merged: then another one may be open for it, see ``going_on``."""
_GOING = Prepared(select(*OPEN, _ticket.merged_into_id, _ticket.closed_at).where(is_any(_ticket.id, "tickets")))


def going_on(session: Session, ticket_ids: Collection[int]) -> dict[int, TicketRef]:
    """The open tickets in which these go on, however often they were merged; those that ended are missing."""
    into: dict[int, int] = {}
    still: dict[int, TicketRef] = {}
    asked = set(ticket_ids)
    while asked:
        for *known, merged_into, closed_at in _GOING(session, tickets=sorted(asked)):
            if merged_into is not None:
                into[known[1]] = merged_into
            elif closed_at is None:
                still[known[1]] = TicketRef(*known)
        asked = {into[one] for one in asked if one in into}
    return {one: still[last] for one in ticket_ids if (last := _last(into, one)) in still}


def _last(into: Mapping[int, int], ticket_id: int) -> int:
    while ticket_id in into:
        ticket_id = into[ticket_id]
    return ticket_id


def of_viewers(session: Session, viewer_ids: Collection[int]) -> dict[int, list[TicketView]]:
    """The tickets of these viewers, newest first, with what happened last."""
    found = {viewer_id: _newest(session, viewer_id) for viewer_id in viewer_ids}
    steps = _last_steps(session, [row[0].id for own in found.values() for row in own])
    return {viewer: [_view(row, steps.get(row[0].id)) for row in own] for viewer, own in found.items()}


def _newest(session: Session, viewer_id: int) -> Sequence[_Own]:
    """A statement for each who asks, so that none of them can make it long."""
    into = aliased(Ticket)
    own = (
        select(Ticket, into.number, Satisfaction.asked_at, Satisfaction.score, Complaint.state)
        .outerjoin(into, into.id == Ticket.merged_into_id)
        .outerjoin(Satisfaction, Satisfaction.ticket_id == Ticket.id)
        .outerjoin(Complaint, Complaint.ticket_id == Ticket.id)
        .where(Ticket.viewer_id == viewer_id)
    )
    rows = session.execute(own.order_by(Ticket.id.desc()).limit(_KEPT))
    return [(ticket, number, at, score, state) for ticket, number, at, score, state in rows]


def _last_steps(session: Session, ticket_ids: Collection[int]) -> dict[int, Step]:
    lines = session.scalars(
        select(TicketEvent)
        .where(is_any(TicketEvent.ticket_id, ticket_ids), TicketEvent.kind.in_(FOR_VIEWERS))
        .order_by(TicketEvent.id)
    )
    return {line.ticket_id: Step(line.kind, line.text, line.at) for line in lines}


def _view(own: _Own, last: Step | None) -> TicketView:
    ticket, merged_into, surveyed_at, score, complaint = own
    return TicketView(
        ticket.conversation_id, ticket.id, ticket.number, ticket.kind, ticket.priority, ticket.due_at, ticket.status,
        ticket.subject, ticket.opened_at, ticket.asked, last, ticket.closed_at, merged_into, surveyed_at, score,
        complaint,
    )  # fmt: skip
