"""What happened to a ticket, written down in the transaction of the change, and told to those whom it concerns."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import events
from app.agents.models import Agent, AgentRole, TeamMember
from app.agents.rights import Role
from app.db.rows import Insert, table_of
from app.db.sql import is_any
from app.tickets.models import Ticket, TicketEvent, TicketNotice, TicketWatcher

VIEWER, BOT, CLOCK = "viewer", "bot", "clock"
"""Authors that are no person of ours."""
_insert_notices = Insert(table_of(TicketNotice), ("agent_id", "event_id", "ticket_id"), or_ignore=True)
_SILENT: Final = frozenset({"started", "linked", "unlinked"})
"""Kinds that nobody needs to be told of."""


def write_down(
    session: Session, ticket: Ticket, kind: str, *, by: str, now: datetime, text: str = "",
    detail: dict[str, Any] | None = None, message_id: int | None = None, also: Collection[int] = (),
) -> int:  # fmt: skip
    """The line's id. ``by``: ``viewer``, ``bot``, ``clock``, or a person's id. ``also``: further people to tell.

    Its owner and those who watch it are told, but for whoever did it.
    """
    line = TicketEvent(
        ticket_id=ticket.id, kind=kind, author=by, text=text, detail=detail, message_id=message_id, at=now
    )
    ticket.updated_at = now
    session.add(line)
    session.flush()
    if kind not in _SILENT:
        concerned = {*also, *_watchers(session, ticket.id)} | ({ticket.owner_id} if ticket.owner_id else set())
        _tell(session, line, sorted(one for one in concerned if str(one) != by))
    events.publish(session, events.Kind.ticket, [ticket.id], now=now)
    return line.id


def tell_all(session: Session, ticket_ids: Collection[int], kinds: Collection[str], *, now: datetime) -> None:
    """As ``write_down`` tells, for lines of these kinds that a batch has written at this moment."""
    lines = (is_any(TicketEvent.ticket_id, sorted(ticket_ids)), TicketEvent.kind.in_(kinds), TicketEvent.at == now)
    owned = (
        select(Ticket.owner_id, TicketEvent.id, Ticket.id)
        .join(TicketEvent, TicketEvent.ticket_id == Ticket.id)
        .where(*lines, Ticket.owner_id.is_not(None))
    )
    watched = (
        select(TicketWatcher.agent_id, TicketEvent.id, TicketWatcher.ticket_id)
        .join(TicketEvent, TicketEvent.ticket_id == TicketWatcher.ticket_id)
        .where(*lines)
    )
    found = sorted({(agent, line, ticket) for agent, line, ticket in session.execute(owned.union(watched))})
    _insert_notices(session, found)
    events.publish(session, events.Kind.agent, [agent for agent, *_ in found if agent is not None], now=now)


def leaders(session: Session, team_id: int | None) -> list[int]:
    """The supervisors of the team; where it has none, or none is named, all of them."""
    active = select(Agent.id).join(AgentRole, AgentRole.agent_id == Agent.id)
    lead = active.where(AgentRole.role == Role.supervisor, Agent.deactivated_at.is_(None)).order_by(Agent.id)
    if team_id is not None:
        members = select(TeamMember.agent_id).where(TeamMember.team_id == team_id)
        if own := session.scalars(lead.where(Agent.id.in_(members))).all():
            return list(own)
    return list(session.scalars(lead))


def _watchers(session: Session, ticket_id: int) -> Iterable[int]:
    return session.scalars(select(TicketWatcher.agent_id).where(TicketWatcher.ticket_id == ticket_id))


def _tell(session: Session, line: TicketEvent, agents: Collection[int]) -> None:
    if agents:
        _insert_notices(session, [(agent, line.id, line.ticket_id) for agent in agents])
        events.publish(session, events.Kind.agent, agents, now=line.at)
