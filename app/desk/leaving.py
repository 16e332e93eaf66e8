"""Somebody stops working here, or speaking with viewers: whom he speaks with must not wait for him."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.agents import people
from app.agents.rights import ALLOWED, Action, Actor, Role
from app.conversations import routing
from app.conversations.models import Conversation
from app.desk.tickets import sharing


def count_held(session: Session, agent_id: int) -> int:
    """Open conversations that he has."""
    his = (Conversation.agent_id == agent_id, Conversation.closed_at.is_(None))
    return session.scalar(select(func.count()).select_from(Conversation).where(*his)) or 0


def leave(session: Session, agent_id: int, *, by: Actor | None, now: datetime) -> None:
    """Deactivate him; his conversations wait in the queue again. As ``people.deactivate`` may refuse."""
    people.deactivate(session, agent_id, by=by, now=now)
    _give_up_all(session, agent_id, by, now)


def set_roles(session: Session, agent_id: int, *, by: Actor | None, roles: Collection[Role], now: datetime) -> None:
    """As ``people.set_roles``. Where none of them lets him speak, his conversations wait in the queue again."""
    people.set_roles(session, agent_id, by=by, roles=roles, now=now)
    if ALLOWED[Action.speak].isdisjoint(roles):
        _give_up_all(session, agent_id, by, now)


def _give_up_all(session: Session, agent_id: int, by: Actor | None, now: datetime) -> None:
    while sharing.give_up_all(session, agent_id, now=now) == sharing.PAGE:
        pass
    while routing.give_up_all(session, agent_id, by=by, now=now) == routing.GIVEN_UP:
        pass
