"""Who works in demo mode: everybody may know their password, so production closes these accounts."""

import logging
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.agents import passwords, people, presence, teams
from app.agents.demo import PASSWORD, PEOPLE, TEAMS
from app.agents.models import Agent, Presence
from app.agents.rights import Action
from app.db.database import Database
from app.db.sql import changed, is_any

log = logging.getLogger(__name__)


class _Account(NamedTuple):
    id: int
    login: str
    hashed: str | None
    left_at: datetime | None


async def add_people(db: Database) -> None:
    """Those who are missing; somebody who has such a login already stays as he is."""
    accounts = {account.login: account for account in await db.read(_accounts)}
    missing = [login for login in PEOPLE if login not in accounts]
    closed = [account.id for account in accounts.values() if account.left_at and account.hashed is None]
    if not missing and not closed:
        return
    hashed, now = passwords.hash_password(PASSWORD), datetime.now(UTC)  # one for all: each takes some 0.2 s
    for login in missing:
        await db.write(_add, login, hashed, now=now)
    for agent_id in closed:  # by a start in production
        await db.write(_open, agent_id, hashed, now=now)


def _add(session: Session, login: str, hashed: str, *, now: datetime) -> None:
    person = PEOPLE[login]
    in_teams = [_team(session, person.team, now)] if person.team else []
    agent_id = people.add(session, by=None, login=login, name=person.name, roles=[person.role], teams=in_teams, now=now)
    people.give_password(session, agent_id, password_hash=hashed, now=now)
    actor = people.actor(session, agent_id)
    if actor is not None and actor.may(Action.speak):
        presence.set_presence(session, by=actor, presence=Presence.online, now=now)


def _team(session: Session, name: str, now: datetime) -> int:
    found = teams.find_by_name(session, name)
    return found or teams.add(session, by=None, name=name, skills=TEAMS[name], now=now)


def _open(session: Session, agent_id: int, hashed: str, *, now: datetime) -> None:
    people.reactivate(session, agent_id, by=None, now=now)
    people.give_password(session, agent_id, password_hash=hashed, now=now)


async def close_people(db: Database) -> None:
    """Before production opens: a database that was made in demo mode must not let in everybody who read this.

    What counts is whether the password still fits, so an account whose password somebody changed stays.
    """
    accounts = [account for account in await db.read(_accounts) if account.hashed is not None]
    known = {hashed for hashed in {account.hashed for account in accounts} if passwords.verify(hashed, PASSWORD)}
    for account in accounts:
        if account.hashed in known and await db.write(_close, account, now=datetime.now(UTC)):
            log.warning("an account of demo mode is closed", extra={"login": account.login})


def _close(session: Session, account: _Account, *, now: datetime) -> bool:
    unchanged = (Agent.id == account.id, Agent.password_hash == account.hashed)
    if changed(session.execute(update(Agent).where(*unchanged).values(password_hash=None))) != 1:
        return False
    people.shut(session, account.id, by=None, now=now)
    return True


def _accounts(session: Session) -> list[_Account]:
    columns = select(Agent.id, Agent.login, Agent.password_hash, Agent.deactivated_at)
    return [_Account(*row) for row in session.execute(columns.where(is_any(Agent.login, list(PEOPLE))))]


def instructions(address: str) -> str:
    """How to sign in, as a line for the terminal."""
    *others, last = PEOPLE
    return f"  console    {address}/desk   sign in as {', '.join(others)} or {last}, password {PASSWORD}"
