"""The people who work here, as administrators see and change them. A change takes effect with the next request."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session

from app import events
from app.agents import audit
from app.agents.actors import find_actor
from app.agents.models import Agent, AgentRole, Language, OneTimeLink, Presence, SignIn, Team, TeamMember
from app.agents.naming import read_login, read_name, read_skills
from app.agents.rights import Action, Actor, Role, require_here
from app.db.rows import Insert, table_of
from app.db.sql import changed, for_update, is_any
from app.errors import AppError, NotFound

CAPACITY = 8
"""Conversations at a time, where nobody says otherwise."""
_MOST = 100

actor = find_actor


class PersonNotFound(NotFound):
    message = "没有找到这个人"


class LoginTaken(AppError):
    status_code, message = 409, "这个登录名已经有人用了，请换一个"


class RolesMissing(AppError):
    status_code, message = 422, "请至少选择一个角色"


class CapacityInvalid(AppError):
    status_code, message = 422, f"同时接待数为 0 到 {_MOST}"


class TeamUnknown(AppError):
    status_code, message = 422, "所选的小组不存在或已归档，请刷新后重选"


class LastAdministrator(AppError):
    status_code, message = 409, "至少要保留一位在职的管理员，请先让别人成为管理员"


@dataclass(frozen=True, slots=True)
class Person:
    id: int
    login: str
    name: str
    language: str
    roles: frozenset[Role]
    skills: tuple[str, ...]
    """His own, without those of his teams."""
    teams: tuple[tuple[int, str], ...]
    """Those that are not archived: (id, name), by name."""
    capacity: int
    presence: str
    away_reason: str | None
    presence_at: datetime
    seen_at: datetime | None
    is_active: bool
    is_invited: bool
    """He has not chosen a password so far."""
    has_totp: bool
    created_at: datetime


# -------------------- reading


def get_person(session: Session, agent_id: int, *, by: Actor | None) -> Person:
    """PersonNotFound. Everybody may read himself."""
    if by is None or by.id != agent_id:
        require_here(by, Action.see_people)
    return _get(session, agent_id)


def get_by_login(session: Session, login: str, *, by: Actor | None) -> Person:
    """PersonNotFound."""
    require_here(by, Action.see_people)
    found = _people(session, select(Agent).where(Agent.login == login.strip().lower()))
    if not found:
        raise PersonNotFound
    return found[0]


def list_people(
    session: Session, *, by: Actor | None, query: str = "", role: Role | None = None, team: int | None = None,
    inactive: bool = False, after: int = 0, limit: int = 50,
) -> list[Person]:  # fmt: skip
    """By id, those after ``after``. ``query``: part of a login or name; ``inactive``: the deactivated ones instead."""
    require_here(by, Action.see_people)
    left = Agent.deactivated_at
    rows = select(Agent).where(Agent.id > after, left.is_not(None) if inactive else left.is_(None))
    if text := query.strip().lower():
        rows = rows.where(Agent.login.contains(text, autoescape=True) | Agent.name.icontains(text, autoescape=True))
    if role is not None:
        rows = rows.where(Agent.id.in_(select(AgentRole.agent_id).where(AgentRole.role == role)))
    if team is not None:
        rows = rows.where(Agent.id.in_(select(TeamMember.agent_id).where(TeamMember.team_id == team)))
    return _people(session, rows.order_by(Agent.id).limit(limit))


def _get(session: Session, agent_id: int) -> Person:
    found = _people(session, select(Agent).where(Agent.id == agent_id))
    if not found:
        raise PersonNotFound
    return found[0]


def _people(session: Session, rows: Select[Agent]) -> list[Person]:
    agents = session.scalars(rows.execution_options(populate_existing=True)).all()
    ids = [agent.id for agent in agents]
    roles: dict[int, set[Role]] = {agent_id: set() for agent_id in ids}
    for agent_id, role in session.execute(
        select(AgentRole.agent_id, AgentRole.role).where(is_any(AgentRole.agent_id, ids))
    ):
        roles[agent_id].add(Role(role))
    teams: dict[int, list[tuple[int, str]]] = {agent_id: [] for agent_id in ids}
    for agent_id, team_id, name in session.execute(_teams_of(ids)):
        teams[agent_id].append((team_id, name))
    return [_person(agent, frozenset(roles[agent.id]), tuple(teams[agent.id])) for agent in agents]


def _teams_of(ids: Sequence[int]) -> Select[int, int, str]:
    return (
        select(TeamMember.agent_id, Team.id, Team.name)
        .join(Team, Team.id == TeamMember.team_id)
        .where(is_any(TeamMember.agent_id, ids), Team.archived_at.is_(None))
        .order_by(Team.name)
    )


def _person(agent: Agent, roles: frozenset[Role], teams: tuple[tuple[int, str], ...]) -> Person:
    return Person(
        agent.id, agent.login, agent.name, agent.language, roles, tuple(agent.skills), teams, agent.capacity,
        agent.presence, agent.away_reason, agent.presence_at, agent.seen_at, agent.deactivated_at is None,
        agent.password_hash is None, agent.totp_since is not None, agent.created_at,
    )  # fmt: skip


# -------------------- changing

_insert = Insert(
    table_of(Agent), ("login", "name", "language", "skills", "capacity", "presence", "presence_at", "created_at"),
    or_ignore=True, returning=("id", "login"),
)  # fmt: skip
_grant = Insert(table_of(AgentRole), ("agent_id", "role"), or_ignore=True)
_join = Insert(table_of(TeamMember), ("team_id", "agent_id"), or_ignore=True)


def add(
    session: Session, *, by: Actor | None, login: str, name: str, roles: Collection[Role], teams: Collection[int] = (),
    skills: Iterable[str] = (), capacity: int = CAPACITY, language: Language = Language.zh, now: datetime,
) -> int:  # fmt: skip
    """A new account, away and without a password; its id. LoginTaken, and sentences about what cannot be."""
    require_here(by, Action.edit_people)
    login, name, own = read_login(login), read_name(name), read_skills(skills)
    _check(roles, capacity)
    values = (login, name, Language(language).value, own, capacity, Presence.away.value, now, now)
    rows = _insert(session, [values])
    if not rows:
        raise LoginTaken
    agent_id = int(rows[0][0])
    _grant(session, [(agent_id, role.value) for role in sorted(roles)])
    _enter(session, agent_id, teams)
    audit.record(
        session, by, "people.add", now=now, subject="agent", subject_id=agent_id, login=login, name=name,
        roles=sorted(roles), teams=sorted(teams), skills=own, capacity=capacity,
    )  # fmt: skip
    _tell(session, agent_id, now)
    return agent_id


def edit(
    session: Session, agent_id: int, *, by: Actor | None, name: str | None = None, skills: Iterable[str] | None = None,
    capacity: int | None = None, language: Language | None = None, now: datetime,
) -> None:  # fmt: skip
    """Change what is given. His login stays: others know him by it, and the record does."""
    require_here(by, Action.edit_people)
    agent, given = lock(session, agent_id), dict[str, Any]()
    if name is not None:
        given["name"] = read_name(name)
    if skills is not None:
        given["skills"] = read_skills(skills)
    if capacity is not None:
        _check((Role.agent,), capacity)
        given["capacity"] = capacity
    if language is not None:
        given["language"] = Language(language).value
    _change(session, agent, by, "people.edit", given, now=now)


def set_language(session: Session, *, by: Actor, language: Language, now: datetime) -> None:
    """Of his own console."""
    _change(session, lock(session, by.id), by, "people.edit", {"language": Language(language).value}, now=now)


def give_password(session: Session, agent_id: int, *, password_hash: str, now: datetime) -> None:
    """By a command on the server alone: to a person who asks, a link is sent. All his sign-ins are ended."""
    lock(session, agent_id).password_hash = password_hash
    _sign_out(session, agent_id, now)
    audit.record(session, None, "password.set", now=now, subject="agent", subject_id=agent_id)
    _tell(session, agent_id, now)


def set_roles(session: Session, agent_id: int, *, by: Actor | None, roles: Collection[Role], now: datetime) -> None:
    """LastAdministrator where nobody would be left to undo it.

    As with ``deactivate``, what becomes of his conversations is a layer above, for whom his roles do not let speak.
    """
    require_here(by, Action.edit_people)
    _check(roles, 0)
    administrators = _lock_administrators(session)
    lock(session, agent_id)
    before, after = _get(session, agent_id).roles, frozenset(roles)
    if before == after:
        return
    if Role.administrator not in after and administrators == [agent_id]:
        raise LastAdministrator
    lost = (AgentRole.agent_id == agent_id, is_any(AgentRole.role, [role.value for role in before - after]))
    session.execute(delete(AgentRole).where(*lost))
    _grant(session, [(agent_id, role.value) for role in sorted(after - before)])
    audit.record(
        session, by, "people.roles", now=now, subject="agent", subject_id=agent_id, before=sorted(before),
        after=sorted(after),
    )  # fmt: skip
    _tell(session, agent_id, now)


def set_teams(session: Session, agent_id: int, *, by: Actor | None, teams: Collection[int], now: datetime) -> None:
    """Archived teams are not touched: he is in them again once they are restored."""
    require_here(by, Action.edit_people)
    lock(session, agent_id)
    before, after = {team_id for team_id, _ in _get(session, agent_id).teams}, set(teams)
    if before == after:
        return
    left = (TeamMember.agent_id == agent_id, is_any(TeamMember.team_id, before - after))
    session.execute(delete(TeamMember).where(*left))
    _enter(session, agent_id, after - before)
    audit.record(
        session, by, "people.teams", now=now, subject="agent", subject_id=agent_id, before=sorted(before),
        after=sorted(after),
    )  # fmt: skip
    _tell(session, agent_id, now)


def deactivate(session: Session, agent_id: int, *, by: Actor | None, now: datetime) -> None:
    """He can sign in no more, and is signed out everywhere. LastAdministrator; nothing where he has left already.

    The conversations that he holds are a layer above: whoever runs this gives them back to the queue in the same
    transaction.
    """
    require_here(by, Action.edit_people)
    if _lock_administrators(session) == [agent_id]:
        raise LastAdministrator
    lock(session, agent_id)
    shut(session, agent_id, by=by, now=now)


def shut(session: Session, agent_id: int, *, by: Actor | None, now: datetime) -> bool:
    """``deactivate`` without its questions. False where he has left already."""
    active = (Agent.id == agent_id, Agent.deactivated_at.is_(None))
    if changed(session.execute(update(Agent).where(*active).values(deactivated_at=now))) != 1:
        return False
    _sign_out(session, agent_id, now)
    unused = (OneTimeLink.agent_id == agent_id, OneTimeLink.used_at.is_(None))
    session.execute(delete(OneTimeLink).where(*unused))
    audit.record(session, by, "people.deactivate", now=now, subject="agent", subject_id=agent_id)
    _tell(session, agent_id, now)
    return True


def reactivate(session: Session, agent_id: int, *, by: Actor | None, now: datetime) -> None:
    """With the roles, teams and password that he had; away."""
    require_here(by, Action.edit_people)
    agent = lock(session, agent_id)
    if agent.deactivated_at is None:
        return
    agent.deactivated_at, agent.presence, agent.away_reason, agent.presence_at = None, Presence.away, None, now
    audit.record(session, by, "people.reactivate", now=now, subject="agent", subject_id=agent_id)
    _tell(session, agent_id, now)


def lock(session: Session, agent_id: int) -> Agent:
    """The row, locked and as it is now; PersonNotFound."""
    row = for_update(select(Agent).where(Agent.id == agent_id), refer=True)
    agent = session.scalars(row, execution_options={"populate_existing": True}).one_or_none()
    if agent is None:
        raise PersonNotFound
    return agent


def _lock_administrators(session: Session) -> list[int]:
    """The active ones. Locked with their role, in the order of ids: of two who remove each other one is told no."""
    rows = (
        select(Agent.id)
        .join(AgentRole, AgentRole.agent_id == Agent.id)
        .where(AgentRole.role == Role.administrator, Agent.deactivated_at.is_(None))
        .order_by(Agent.id)
    )
    return list(session.scalars(for_update(rows, refer=True)))


def _change(
    session: Session, agent: Agent, by: Actor | None, action: str, given: dict[str, Any], *, now: datetime
) -> None:
    changes = {name: value for name, value in given.items() if getattr(agent, name) != value}
    if not changes:
        return
    before = {name: getattr(agent, name) for name in changes}
    for name, value in changes.items():
        setattr(agent, name, value)
    audit.record(
        session, by, action, now=now, subject="agent", subject_id=agent.id, before=before, after=changes
    )  # fmt: skip
    _tell(session, agent.id, now)


def _enter(session: Session, agent_id: int, team_ids: Collection[int]) -> None:
    known = set(session.scalars(select(Team.id).where(is_any(Team.id, team_ids), Team.archived_at.is_(None))))
    if known != set(team_ids):
        raise TeamUnknown
    _join(session, [(team_id, agent_id) for team_id in sorted(known)])


def _check(roles: Collection[Role], capacity: int) -> None:
    if not roles:
        raise RolesMissing
    if not 0 <= capacity <= _MOST:
        raise CapacityInvalid


def _sign_out(session: Session, agent_id: int, now: datetime) -> None:
    """``sessions.revoke_all``, which stands above this module."""
    open_ones = (SignIn.agent_id == agent_id, SignIn.revoked_at.is_(None))
    session.execute(update(SignIn).where(*open_ones).values(revoked_at=now))


def _tell(session: Session, agent_id: int, now: datetime) -> None:
    events.publish(session, events.Kind.people, [agent_id], now=now)
