"""To whom a conversation can be handed on: who is there, and how much each has."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agents import presence, rights
from app.agents.models import Agent, AgentRole, Team
from app.agents.presence import Shown
from app.agents.rights import ALLOWED, Action, Actor
from app.desk.loads import loads_of


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
