"""People with accounts, as administrators make them."""

import asyncio
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from threading import Event

from argon2 import PasswordHasher
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.agents import hashing, people, sessions, teams
from app.agents.models import Agent, Presence
from app.agents.rights import Actor, Role
from app.db.database import Database
from tests.factories.conversations import NOW

PASSWORD = "灯市口 旧事 1987"


def actor_of(*roles: Role, agent_id: int = 0) -> Actor:
    """Somebody with these roles whom no database knows."""
    return Actor(agent_id, "某人", frozenset(roles))


async def make_agent(
    db: Database, login: str = "lin", *, name: str = "", roles: Collection[Role] = (Role.agent,),
    teams: Collection[int] = (), skills: Collection[str] = (), capacity: int = people.CAPACITY,
    presence: Presence = Presence.online, seen_at: datetime | None = NOW, password: str | None = None,
) -> Actor:  # fmt: skip
    """An account of somebody who is there, at NOW. ``password``: such as PASSWORD; None as after an invitation."""

    def add(session: Session) -> Actor:
        agent_id = people.add(
            session, by=None, login=login, name=name or login, roles=roles, teams=teams, skills=skills,
            capacity=capacity, now=NOW,
        )  # fmt: skip
        given = {"presence": presence, "seen_at": seen_at, "password_hash": password and hash_of(password)}
        session.execute(update(Agent).where(Agent.id == agent_id).values(given))
        actor = people.actor(session, agent_id)
        assert actor is not None
        return actor

    return await db.write(add)


async def make_team(db: Database, name: str = "会员服务", skills: Collection[str] = ()) -> int:
    return await db.write(teams.add, by=None, name=name, skills=skills, now=NOW)


async def signed_in(db: Database, agent_id: int, *, now: datetime = NOW, verified: bool = True) -> str:
    """The token of a new sign-in."""
    return await db.write(
        sessions.open_, agent_id, verified=verified, ip="127.0.0.1", browser="Chromium", now=now
    )  # fmt: skip


def get_agent(session: Session, agent_id: int) -> Agent:
    return session.get_one(Agent, agent_id)


@cache
def hash_of(password: str) -> str:
    """A dated one, with the least cost: one as they are made now takes longer than the rest of a test."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(password)


@contextmanager
def hashing_held() -> Iterator[None]:
    """Within this no password is looked at: those that come wait."""
    go_on = Event()
    for _ in range(hashing.AT_ONCE):
        hashing._threads.submit(go_on.wait, 10)
    try:
        yield
    finally:
        go_on.set()


async def until_hashing(count: int = 1) -> None:
    """Return once so many passwords wait to be looked at."""
    while hashing._under_way < count:  # noqa: ASYNC110  (no event tells)
        await asyncio.sleep(0)
