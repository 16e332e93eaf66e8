"""Who is at the desk this moment, and what each of them can take."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.agents.actors import COLUMNS, read_actor, with_roles_and_teams
from app.agents.models import Agent, AgentRole, Presence
from app.agents.presence import GONE_AFTER
from app.agents.rights import ALLOWED, Action, Actor
from app.db.rows import table_of
from app.db.sql import for_update, is_any
from app.desk.loads import loads_of

GRACE = timedelta(minutes=3)
"""For so long somebody whose connection is gone counts as about to be back."""
MOST = 2000
"""People who are looked at."""
_agents = table_of(Agent)


@dataclass(slots=True)
class Member:
    """Somebody who speaks with viewers. ``load`` and ``given_at`` move on while conversations are given to him."""

    id: int
    teams: frozenset[int]
    skills: frozenset[str]
    capacity: int
    load: int
    given_at: datetime | None

    @property
    def has_room(self) -> bool:
        return self.load < self.capacity

    def can_take(self, team_id: int | None, skill: str | None) -> bool:
        """Whether he is in the team and has the skill, where one is asked for."""
        return (team_id is None or team_id in self.teams) and (skill is None or skill in self.skills)


def speaks() -> tuple[ColumnElement[bool], ...]:
    """Active people with a role that may speak with viewers."""
    speakers = select(AgentRole.agent_id).where(AgentRole.role.in_(sorted(ALLOWED[Action.speak])))
    return Agent.deactivated_at.is_(None), Agent.id.in_(speakers)


def is_online(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Speakers who can be given something: as ``presence.state_of`` says online."""
    return *speaks(), Agent.presence == Presence.online, Agent.seen_at > now - GONE_AFTER


def is_about(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Speakers who work at the desk, if perhaps on something else: whoever waits can expect one of them."""
    return *speaks(), Agent.presence != Presence.away, Agent.seen_at > now - GRACE


def list_online(session: Session, *, now: datetime, lock: bool = False) -> list[Member]:
    """Those who can be given something, room or none, by id.

    ``lock``: so that nobody else gives them anything until the commit; whom another process holds is missing. Their
    loads are counted after that.
    """
    rows = select(Agent.id, Agent.capacity, Agent.given_at).where(*is_online(now)).order_by(Agent.id).limit(MOST)
    found = session.execute(for_update(rows, skip_locked=True, refer=True) if lock else rows).all()
    ids = [row[0] for row in found]
    if not ids:
        return []
    loads, actors = loads_of(session, ids, now=now), actors_of(session, ids)
    return [
        Member(agent_id, actors[agent_id].teams, actors[agent_id].skills, capacity, loads.get(agent_id, 0), given_at)
        for agent_id, capacity, given_at in found
        if agent_id in actors
    ]


def actors_of(session: Session, agent_ids: Collection[int]) -> dict[int, Actor]:
    rows = select(*COLUMNS).select_from(with_roles_and_teams(_agents)).where(is_any(_agents.c.id, agent_ids))
    found: dict[int, list[tuple[object, ...]]] = {}
    for row in session.execute(rows):
        found.setdefault(row[0], []).append(tuple(row))
    return {agent_id: read_actor(own) for agent_id, own in found.items()}
