"""By what figures can be narrowed."""

from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.agents import rights
from app.agents.models import Agent, Team
from app.agents.rights import Action, Actor
from app.tickets.models import Ticket


@dataclass(frozen=True, slots=True)
class Choices:
    """(id, name), by name."""

    teams: tuple[tuple[int, str], ...]
    owners: tuple[tuple[int, str], ...]
    """Who has, or had when they were closed, any ticket."""


def list_choices(session: Session, *, by: Actor) -> Choices:
    rights.require(by, Action.see_figures)
    owns = exists().where(Ticket.owner_id == Agent.id)
    owners = session.execute(select(Agent.id, Agent.name).where(owns).order_by(Agent.name, Agent.id))
    active = Team.archived_at.is_(None)
    teams = session.execute(select(Team.id, Team.name).where(active).order_by(Team.name, Team.id))
    return Choices(tuple((team, name) for team, name in teams), tuple((owner, name) for owner, name in owners))
