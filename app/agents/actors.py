"""From rows to an actor: a person with his roles, his teams, and what he and they can do."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import FromClause, and_, bindparam, select
from sqlalchemy.orm import Session

from app.agents.models import Agent, AgentRole, Team, TeamMember
from app.agents.rights import Actor, Role
from app.db.driver import Prepared
from app.db.rows import table_of

_agents, _roles, _members, _teams = (table_of(model) for model in (Agent, AgentRole, TeamMember, Team))
COLUMNS = (_agents.c.id, _agents.c.name, _agents.c.skills, _roles.c.role, _teams.c.id, _teams.c.skills)


def with_roles_and_teams(rows: FromClause) -> FromClause:
    """Joined to ``rows``, which hold agents: one row for each role in each team, at least one for each agent."""
    team = and_(_teams.c.id == _members.c.team_id, _teams.c.archived_at.is_(None))
    return (
        rows.outerjoin(_roles, _roles.c.agent_id == _agents.c.id)
        .outerjoin(_members, _members.c.agent_id == _agents.c.id)
        .outerjoin(_teams, team)
    )


def read_actor(rows: Sequence[Sequence[Any]], ip: str | None = None) -> Actor:
    """From the rows of one agent that begin with ``COLUMNS``."""
    agent_id, name, skills = rows[0][:3]
    teams = {row[4]: row[5] for row in rows if row[4] is not None}
    return Actor(
        agent_id, name, frozenset(Role(row[3]) for row in rows if row[3] is not None), frozenset(teams),
        frozenset(skills).union(*teams.values()), ip,
    )  # fmt: skip


def read_actors(rows: Iterable[Sequence[Any]]) -> dict[int, Actor]:
    """By id, from the rows of many that begin with ``COLUMNS``."""
    own: dict[int, list[Sequence[Any]]] = {}
    for row in rows:
        own.setdefault(row[0], []).append(row)
    return {agent_id: read_actor(found) for agent_id, found in own.items()}


_ACTOR = Prepared(
    select(*COLUMNS)
    .select_from(with_roles_and_teams(_agents))
    .where(_agents.c.id == bindparam("agent"), _agents.c.deactivated_at.is_(None))
)


def find_actor(session: Session, agent_id: int, ip: str | None = None) -> Actor | None:
    """None where he is deactivated or was never there."""
    rows = _ACTOR(session, agent=agent_id)
    return read_actor(rows, ip) if rows else None
