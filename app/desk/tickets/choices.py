"""What tickets can be narrowed to, and given to: people and teams."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, literal_column, select
from sqlalchemy.orm import Session

from app.agents import rights
from app.agents.models import Agent, AgentRole, Team
from app.agents.rights import ALLOWED, Action, Actor
from app.db.driver import Prepared
from app.db.sql import is_any


@dataclass(frozen=True, slots=True)
class Choices:
    people: tuple[tuple[int, str], ...]
    """Those who work on tickets, and are active: (id, name), by name."""
    teams: tuple[tuple[int, str], ...]


def list_choices(session: Session, *, by: Actor) -> Choices:
    rights.require(by, Action.see_tickets)
    roles = sorted(ALLOWED[Action.work_tickets])
    return Choices(tuple(map(_pair, _PEOPLE(session, roles=roles))), tuple(map(_pair, _TEAMS(session))))


def _pair(row: tuple[int, str]) -> tuple[int, str]:
    return row[0], row[1]


_MOST: Final[ColumnElement[int]] = literal_column("1000")
_WORKERS: Final = select(AgentRole.agent_id).where(is_any(AgentRole.role, "roles"))
_PEOPLE: Final = Prepared(
    select(Agent.id, Agent.name)
    .where(Agent.deactivated_at.is_(None), Agent.id.in_(_WORKERS))
    .order_by(Agent.name, Agent.id)
    .limit(_MOST)
)
_TEAMS: Final = Prepared(select(Team.id, Team.name).where(Team.archived_at.is_(None)).order_by(Team.name).limit(_MOST))
