"""Who is at the desk this moment, and what each of them can take."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agents import duty
from app.agents.actors import COLUMNS, read_actors, with_roles_and_teams
from app.agents.models import Agent
from app.agents.rights import Actor
from app.db.driver import Prepared
from app.db.rows import table_of
from app.db.sql import for_update, is_any
from app.desk.loads import loads_of

MOST = 2000
"""People who are looked at."""
_agents = table_of(Agent)


@dataclass(slots=True)
class Member:
    """Somebody who speaks with viewers. ``load`` and ``given_at`` move on while conversations are given to him."""

    actor: Actor
    capacity: int
    load: int
    given_at: datetime | None

    @property
    def has_room(self) -> bool:
        return self.load < self.capacity

    @property
    def id(self) -> int:
        return self.actor.id


def list_free(session: Session, *, now: datetime, lock: bool = False) -> list[Member]:
    """Those who can be given something this moment, by id.

    ``lock``: so that nobody else gives them anything until the commit; whom another process holds is missing. Their
    loads are counted after that.
    """
    rows = select(Agent.id, Agent.capacity, Agent.given_at).where(*duty.is_online(now)).order_by(Agent.id).limit(MOST)
    found = session.execute(for_update(rows, skip_locked=True, refer=True) if lock else rows).all()
    loads = loads_of(session, [row[0] for row in found], now=now) if found else {}
    free = {row[0]: row for row in found if loads.get(row[0], 0) < row[1]}
    actors = actors_of(session, list(free)) if free else {}
    return [
        Member(actors[agent_id], capacity, loads.get(agent_id, 0), given_at)
        for agent_id, capacity, given_at in free.values()
        if agent_id in actors
    ]


_ACTORS = Prepared(select(*COLUMNS).select_from(with_roles_and_teams(_agents)).where(is_any(_agents.c.id, "agents")))


def actors_of(session: Session, agent_ids: Collection[int]) -> dict[int, Actor]:
    return read_actors(_ACTORS(session, agents=list(agent_ids)))
