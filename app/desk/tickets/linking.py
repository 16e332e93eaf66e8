"""Conversations that speak of a ticket, besides the one in which it was opened."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.agents import rights
from app.agents.rights import Action, Actor
from app.conversations.models import Conversation
from app.db.rows import Insert, table_of
from app.db.sql import changed
from app.errors import NotFound
from app.tickets import finding, history
from app.tickets.models import TicketLink

_insert = Insert(table_of(TicketLink), ("ticket_id", "conversation_id"), or_ignore=True)


class ConversationNotFound(NotFound):
    message = "没有这个会话"


def link(session: Session, ticket_id: int, *, by: Actor, conversation_id: int, now: datetime) -> bool:
    """Whether it is new. ConversationNotFound."""
    rights.require(by, Action.work_tickets)
    ticket = finding.lock(session, ticket_id)
    if session.scalar(select(Conversation.id).where(Conversation.id == conversation_id)) is None:
        raise ConversationNotFound
    if conversation_id == ticket.conversation_id or conversation_id in linked(session, ticket_id):
        return False
    add(session, ticket_id, conversation_id)
    detail = {"conversation_id": conversation_id}
    history.write_down(session, ticket, "linked", by=str(by.id), now=now, detail=detail)
    return True


def unlink(session: Session, ticket_id: int, *, by: Actor, conversation_id: int, now: datetime) -> bool:
    """Whether it was there."""
    rights.require(by, Action.work_tickets)
    ticket = finding.lock(session, ticket_id)
    own = (TicketLink.ticket_id == ticket_id, TicketLink.conversation_id == conversation_id)
    if not changed(session.execute(delete(TicketLink).where(*own))):
        return False
    detail = {"conversation_id": conversation_id}
    history.write_down(session, ticket, "unlinked", by=str(by.id), now=now, detail=detail)
    return True


def linked(session: Session, ticket_id: int) -> list[int]:
    own = select(TicketLink.conversation_id).where(TicketLink.ticket_id == ticket_id)
    return list(session.scalars(own.order_by(TicketLink.conversation_id)))


def add(session: Session, ticket_id: int, *conversation_ids: int) -> None:
    """Those that are there stay."""
    _insert(session, [(ticket_id, each) for each in sorted(conversation_ids)])
