"""Tickets, stored as the service stores them, with nothing that a test does not ask for."""

import itertools
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.agents.models import Agent
from app.db.database import Database
from app.tickets import finding, steps
from app.tickets.models import Ticket, TicketEvent, TicketNotice
from tests.factories.conversations import NOW

_numbers = itertools.count(1001)


def built(at: datetime = NOW, **values: Any) -> Ticket:
    """A row with defaults: a fault that nobody has; closed where ``closed_at`` is given."""
    closed = values.get("closed_at") is not None
    given: dict[str, Any] = {
        "number": next(_numbers), "kind": "fault", "status": "closed" if closed else "open", "priority": "normal",
        "subject": "第8集没有字幕", "source": "wechat", "opened_at": at, "updated_at": at,
    }  # fmt: skip
    return Ticket(**given | values)


async def ticket(db: Database, at: datetime = NOW, **values: Any) -> int:
    """Its id."""

    def add(session: Session) -> int:
        row = built(at, **values)
        session.add(row)
        session.flush()
        return row.id

    return await db.write(add)


def start(session: Session, number: int, *, by: str, now: datetime) -> None:
    steps.start(session, finding.lock_number(session, number), by=by, now=now)


def reply(session: Session, number: int, text: str, *, by: str, now: datetime) -> None:
    steps.reply(session, finding.lock_number(session, number), text, by=by, now=now)


def ask(session: Session, number: int, text: str, *, by: str, now: datetime) -> None:
    steps.ask(session, finding.lock_number(session, number), text, by=by, now=now)


def close(session: Session, number: int, text: str, *, by: str, now: datetime) -> None:
    steps.close(session, finding.lock_number(session, number), text, by=by, now=now)


def give(session: Session, ticket_id: int, agent_id: int | None) -> None:
    """Without a word in its history."""
    session.get_one(Ticket, ticket_id).owner_id = agent_id


def deactivate(session: Session, agent_id: int) -> None:
    """He is gone, and nobody has looked at what he had."""
    session.get_one(Agent, agent_id).deactivated_at = NOW


def told(session: Session, ticket_id: int, agent_id: int, at: datetime = NOW, text: str = "还是不行") -> int:
    """Its viewer added something, of which somebody is told; the line's id."""
    line = TicketEvent(ticket_id=ticket_id, kind="added", author="viewer", text=text, at=at)
    session.add(line)
    session.flush()
    session.add(TicketNotice(agent_id=agent_id, event_id=line.id, ticket_id=ticket_id))
    return line.id
