"""The person who sits at the simulator's desk: one of the demo's own where they are there, else one made on demand."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agents import people
from app.agents.models import Agent
from app.agents.rights import Actor, Role

LOGINS = ("lin", "demo-agent")
"""Whoever is there, in this order; the last is made where none is."""
NAME = "演示客服"


def sit_down(session: Session, *, now: datetime) -> Actor:
    known = select(Agent.id).where(Agent.login.in_(LOGINS), Agent.deactivated_at.is_(None))
    agent_id = session.scalars(known.order_by(Agent.login.desc()).limit(1)).one_or_none()
    if agent_id is None:
        agent_id = people.add(session, by=None, login=LOGINS[-1], name=NAME, roles=[Role.agent], capacity=0, now=now)
    found = people.actor(session, agent_id)
    assert found is not None
    return found
