"""The person who sits at the simulator's desk: one of the demo's own where they are there, else one made on demand."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agents.models import Agent, AgentRole, Language, Presence
from app.agents.rights import Actor, Role

LOGINS = ("lin", "demo-agent")
"""Whoever is there, in this order; the last is made where none is."""
NAME = "演示客服"


def sit_down(session: Session, *, now: datetime) -> Actor:
    for login in LOGINS:
        found = session.scalars(select(Agent).where(Agent.login == login, Agent.deactivated_at.is_(None))).one_or_none()
        if found is not None:
            return _actor(session, found)
    made = Agent(
        login=LOGINS[-1], name=NAME, language=Language.zh, skills=[], capacity=0, presence=Presence.away,
        presence_at=now, created_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    session.add(AgentRole(agent_id=made.id, role=Role.agent))
    session.flush()
    return _actor(session, made)


def _actor(session: Session, agent: Agent) -> Actor:
    roles = session.scalars(select(AgentRole.role).where(AgentRole.agent_id == agent.id))
    return Actor(agent.id, agent.name, frozenset(Role(role) for role in roles))
