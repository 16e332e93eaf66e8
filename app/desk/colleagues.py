"""To whom a conversation can be handed on: who is there, and how much each has."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.agents import presence, rights
from app.agents.models import Agent, AgentRole, Team
from app.agents.presence import Shown
from app.agents.rights import ALLOWED, Action, Actor
from app.conversations.models import Conversation
from app.db.sql import is_any


@dataclass(frozen=True, slots=True)
class Colleague:
    id: int
    name: str
    shown: Shown
    load: int
    """Open conversations that are not put off."""
    capacity: int


@dataclass(frozen=True, slots=True)
class Targets:
    colleagues: tuple[Colleague, ...]
    """Who is there and has room first."""
    teams: tuple[tuple[int, str], ...]
    skills: tuple[str, ...]


_ORDER = {shown: place for place, shown in enumerate((Shown.online, Shown.busy, Shown.away, Shown.offline))}


def list_targets(session: Session, *, by: Actor, now: datetime) -> Targets:
    rights.require(by, Action.speak)
    speakers = select(AgentRole.agent_id).where(AgentRole.role.in_(sorted(ALLOWED[Action.speak])))
    active = (Agent.deactivated_at.is_(None), Agent.id != by.id, Agent.id.in_(speakers))
    agents = session.scalars(select(Agent).where(*active)).all()
    loads = loads_of(session, [agent.id for agent in agents], now=now)
    found = [
        Colleague(a.id, a.name, presence.state_of(a.presence, a.seen_at, now), loads.get(a.id, 0), a.capacity)
        for a in agents
    ]
    teams = session.scalars(select(Team).where(Team.archived_at.is_(None)).order_by(Team.name)).all()
    skills = {skill for team in teams for skill in team.skills} | {skill for a in agents for skill in a.skills}
    ordered = sorted(found, key=lambda c: (_ORDER[c.shown], c.load >= c.capacity, c.load, c.name))
    return Targets(tuple(ordered), tuple((team.id, team.name) for team in teams), tuple(sorted(skills)))


def loads_of(session: Session, agent_ids: list[int], *, now: datetime) -> dict[int, int]:
    """By agent, his open conversations; what is put off counts again once its time has come."""
    own = (is_any(Conversation.agent_id, agent_ids), Conversation.closed_at.is_(None))
    awake = Conversation.snoozed_until.is_(None) | (Conversation.snoozed_until <= now)
    counted = select(Conversation.agent_id, func.count()).where(*own, awake).group_by(Conversation.agent_id)
    return {row[0]: row[1] for row in session.execute(counted) if row[0] is not None}
