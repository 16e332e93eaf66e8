"""What somebody was told of tickets, and that he has seen it."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from app import events
from app.agents import rights
from app.agents.rights import Action, Actor
from app.db.sql import changed
from app.tickets.models import TicketNotice


def see(session: Session, ticket_id: int, *, by: Actor, now: datetime) -> int:
    """He has the ticket open: how many he had not seen."""
    rights.require(by, Action.see_tickets)
    own = (TicketNotice.agent_id == by.id, TicketNotice.ticket_id == ticket_id, TicketNotice.seen_at.is_(None))
    count = changed(session.execute(update(TicketNotice).where(*own).values(seen_at=now)))
    if count:
        events.publish(session, events.Kind.agent, [by.id], now=now)
    return count
