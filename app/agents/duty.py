"""Who is there to speak with viewers, as conditions for statements."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select

from app.agents.models import Agent, AgentRole, Presence
from app.agents.presence import GONE_AFTER
from app.agents.rights import ALLOWED, Action

GRACE = timedelta(minutes=3)
"""For so long somebody whose connection is gone counts as about to be back."""


def speaks() -> tuple[ColumnElement[bool], ...]:
    """Active people with a role that may speak with viewers."""
    speakers = select(AgentRole.agent_id).where(AgentRole.role.in_(sorted(ALLOWED[Action.speak])))
    return Agent.deactivated_at.is_(None), Agent.id.in_(speakers)


def is_online(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Speakers who can be given something: as ``presence.state_of`` says online."""
    return *speaks(), Agent.presence == Presence.online, Agent.seen_at > now - GONE_AFTER


def is_about(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Speakers at the desk, if perhaps at something else: whoever waits can expect one of them."""
    return *speaks(), Agent.presence != Presence.away, Agent.seen_at > now - GRACE
