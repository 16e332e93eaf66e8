"""What happened before a dialogue begins, stored as the service stores it."""

import itertools
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.conversations.models import Conversation
from app.tickets import service as tickets
from app.tickets.models import Ticket
from app.tickets.service import Addition, NewTicket
from app.viewers.models import Identity

_events = itertools.count(900_000)
"""Ids of events that are gone: tickets outlive them."""


def ticket(
    session: Session, openid: str, number: int, subject: str, *, kind: str, opened: datetime, due: datetime
) -> Ticket:
    """A ticket with its first line, in a conversation that was closed afterwards."""
    identity = session.scalars(select(Identity).where(Identity.external_id == openid)).one()
    over = _closed_conversation(session, identity, opened)
    event = next(_events)
    new = NewTicket(identity.viewer_id, over, event, kind, "normal", subject, None, due, opened, "wechat")
    ticket_id, _ = tickets.open_many(session, [new])[event]
    write, rows = tickets.additions([Addition(ticket_id, "opened", "bot", subject, opened, 1)])
    write(session, rows)
    row = session.get_one(Ticket, ticket_id)
    row.number = number
    return row


def _closed_conversation(session: Session, identity: Identity, at: datetime) -> int:
    row = Conversation(
        identity_id=identity.id, channel_id=identity.channel_id, owner="bot", last_seq=0, failures=0, opened_at=at,
        viewer_wrote_at=at, acknowledged=False, closed_at=at,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.id
