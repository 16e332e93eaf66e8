"""What happened to a ticket, written down in the transaction of the change, and told to those whom it concerns."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app import events
from app.agents.models import Agent, AgentRole, TeamMember
from app.agents.rights import Role
from app.db.base import UtcDateTime
from app.db.driver import Prepared
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
    found = sorted(set(_CONCERNED(session, tickets=sorted(ticket_ids), kinds=sorted(kinds), now=now)))
    if found:
        _insert_notices(session, found)
        events.publish(session, events.Kind.agent, {agent for agent, *_ in found}, now=now)


_ticket, _event, _watcher = table_of(Ticket).c, table_of(TicketEvent).c, table_of(TicketWatcher).c
_NOW = bindparam("now", type_=UtcDateTime())
_LINES = (is_any(_event.ticket_id, "tickets"), is_any(_event.kind, "kinds"), _event.at == _NOW)
_CONCERNED = Prepared(
    select(_ticket.owner_id, _event.id, _ticket.id)
    .join_from(table_of(Ticket), table_of(TicketEvent), _event.ticket_id == _ticket.id)
    .where(*_LINES, _ticket.owner_id.is_not(None))
    .union_all(
        select(_watcher.agent_id, _event.id, _event.ticket_id)
        .join_from(table_of(TicketWatcher), table_of(TicketEvent), _event.ticket_id == _watcher.ticket_id)
        .where(*_LINES)
    )
)


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
