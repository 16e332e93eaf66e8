"""What happened to tickets that somebody has or watches, until he has seen it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, String, bindparam, cast, func, literal_column, select, update
from sqlalchemy.orm import Session

from app import events
from app.agents import rights
from app.agents.models import Agent
from app.agents.rights import Action, Actor
from app.db.driver import Prepared
from app.db.sql import changed
from app.tickets.models import Ticket, TicketEvent, TicketNotice

SHOWN: Final = 50
COUNTED: Final = 100
_SHORT: Final = 200


@dataclass(frozen=True, slots=True)
class Notice:
    event_id: int
    ticket_id: int
    number: int
    subject: str
    kind: str
    """Of the line of the history that it tells of."""
    author: str
    """``viewer``, ``bot``, ``clock``, or a person's id."""
    author_name: str | None
    """The person's."""
    text: str
    detail: dict[str, Any] | None
    at: datetime


def list_unseen(session: Session, *, by: Actor) -> list[Notice]:
    """The newest first, ``SHOWN`` at most."""
    rights.require(by, Action.see_tickets)
    return [Notice(*row) for row in session.execute(_UNSEEN, {"agent": by.id})]


def count_unseen(session: Session, *, by: Actor) -> int:
    """Up to ``COUNTED``."""
    rights.require(by, Action.see_tickets)
    return int(_COUNT(session, agent=by.id)[0][0])


def see_all(session: Session, *, by: Actor, until: int, now: datetime) -> int:
    """What the page showed, up to the line ``until``: what came since stays new. How many there were."""
    rights.require(by, Action.see_tickets)
    own = (TicketNotice.agent_id == by.id, TicketNotice.seen_at.is_(None), TicketNotice.event_id <= until)
    return _see(session, own, by, now)


def see(session: Session, ticket_id: int, *, by: Actor, now: datetime) -> int:
    """He has the ticket open: how many of it there were."""
    rights.require(by, Action.see_tickets)
    own = (TicketNotice.agent_id == by.id, TicketNotice.ticket_id == ticket_id, TicketNotice.seen_at.is_(None))
    return _see(session, own, by, now)


def _see(session: Session, own: Sequence[ColumnElement[bool]], by: Actor, now: datetime) -> int:
    seen = changed(session.execute(update(TicketNotice).where(*own).values(seen_at=now)))
    if seen:
        events.publish(session, events.Kind.agent, [by.id], now=now)
    return seen


_OWN: Final = (TicketNotice.agent_id == bindparam("agent"), TicketNotice.seen_at.is_(None))
_COUNT: Final = Prepared(
    select(func.count()).select_from(
        select(literal_column("1"))
        .select_from(TicketNotice)
        .where(*_OWN)
        .limit(literal_column(str(COUNTED)))
        .subquery()
    )
)
_UNSEEN: Final = (
    select(
        TicketNotice.event_id, Ticket.id, Ticket.number, Ticket.subject, TicketEvent.kind, TicketEvent.author,
        Agent.name, func.substr(TicketEvent.text, 1, _SHORT), TicketEvent.detail, TicketEvent.at,
    )
    .join(TicketEvent, TicketEvent.id == TicketNotice.event_id)
    .join(Ticket, Ticket.id == TicketNotice.ticket_id)
    .outerjoin(Agent, cast(Agent.id, String) == TicketEvent.author)
    .where(*_OWN)
    .order_by(TicketNotice.event_id.desc())
    .limit(SHOWN)
)  # fmt: skip
