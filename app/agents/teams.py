"""Teams: who works together, and what each of them can do because of it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import events
from app.agents import audit, business_calendars, hours, recounts
from app.agents.models import Agent, BusinessCalendar, Team, TeamMember
from app.agents.naming import read_name, read_skills
from app.agents.people import PersonNotFound
from app.agents.recounts import Scope
from app.agents.rights import Action, Actor, require_here
from app.db.rows import Insert, table_of
from app.db.sql import for_update, is_any
from app.errors import AppError, NotFound


class TeamNotFound(NotFound):
    message = "没有找到这个小组"


class TeamNameTaken(AppError):
    status_code, message = 409, "已经有叫这个名字的小组（可能已归档），请换一个"


@dataclass(frozen=True, slots=True)
class Listed:
    id: int
    name: str
    skills: tuple[str, ...]
    members: int
    """Those who are active."""
    is_archived: bool
    calendar_id: int | None
    """By which it works; None: in the service hours."""
    created_at: datetime


_insert = Insert(table_of(Team), ("name", "skills", "created_at"), or_ignore=True, returning=("id", "name"))
_join = Insert(table_of(TeamMember), ("team_id", "agent_id"), or_ignore=True)


def list_teams(session: Session, *, by: Actor | None = None, archived: bool = False) -> list[Listed]:
    """By name; ``archived``: those as well, at the end. ``by`` None: what the service itself shows to everybody."""
    require_here(by, Action.see_people)
    count = (
        select(func.count())
        .select_from(TeamMember)
        .join(Agent, Agent.id == TeamMember.agent_id)
        .where(TeamMember.team_id == Team.id, Agent.deactivated_at.is_(None))
        .scalar_subquery()
    )
    rows = select(Team, count).order_by(Team.archived_at.is_not(None), Team.name, Team.id)
    if not archived:
        rows = rows.where(Team.archived_at.is_(None))
    return [
        Listed(
            team.id, team.name, tuple(team.skills), members, team.archived_at is not None, team.calendar_id,
            team.created_at,
        )
        for team, members in session.execute(rows)
    ]  # fmt: skip


def list_members(session: Session, team_id: int, *, by: Actor | None = None) -> list[tuple[int, str]]:
    """Of the active ones: (id, name), by name. TeamNotFound."""
    require_here(by, Action.see_people)
    if session.get(Team, team_id) is None:
        raise TeamNotFound
    rows = (
        select(Agent.id, Agent.name)
        .join(TeamMember, TeamMember.agent_id == Agent.id)
        .where(TeamMember.team_id == team_id, Agent.deactivated_at.is_(None))
        .order_by(Agent.name, Agent.id)
    )
    return [(agent_id, name) for agent_id, name in session.execute(rows)]


def find_by_name(session: Session, name: str) -> int | None:
    """One that is not archived."""
    return session.scalar(select(Team.id).where(Team.name == name, Team.archived_at.is_(None)))


def add(session: Session, *, by: Actor | None, name: str, skills: Iterable[str] = (), now: datetime) -> int:
    """A new team without members; its id. TeamNameTaken."""
    require_here(by, Action.edit_people)
    name, known = read_name(name), read_skills(skills)
    rows = _insert(session, [(name, known, now)])
    if not rows:
        raise TeamNameTaken
    team_id = int(rows[0][0])
    _record(session, by, "team.add", team_id, now, name=name, skills=known)
    return team_id


def rename(session: Session, team_id: int, *, by: Actor | None, name: str, now: datetime) -> None:
    """TeamNameTaken."""
    require_here(by, Action.edit_people)
    team, name = _lock(session, team_id), read_name(name)
    before = team.name
    if before == name:
        return
    try:
        with session.begin_nested():
            team.name = name
            session.flush()
    except IntegrityError:
        raise TeamNameTaken from None
    _record(session, by, "team.edit", team_id, now, before={"name": before}, after={"name": name})


def set_skills(session: Session, team_id: int, *, by: Actor | None, skills: Iterable[str], now: datetime) -> None:
    require_here(by, Action.edit_people)
    team, known = _lock(session, team_id), read_skills(skills)
    before = team.skills
    if before == known:
        return
    team.skills = known
    _record(session, by, "team.edit", team_id, now, before={"skills": before}, after={"skills": known})


def set_members(session: Session, team_id: int, *, by: Actor | None, agents: Collection[int], now: datetime) -> None:
    """Those who are active; who has left stays written down as a member. PersonNotFound."""
    require_here(by, Action.edit_people)
    _lock(session, team_id)
    before, after = {agent_id for agent_id, _ in list_members(session, team_id)}, set(agents)
    if before == after:
        return
    new = sorted(after - before)
    active = set(session.scalars(select(Agent.id).where(is_any(Agent.id, new), Agent.deactivated_at.is_(None))))
    if active != set(new):
        raise PersonNotFound
    gone = (TeamMember.team_id == team_id, is_any(TeamMember.agent_id, before - after))
    session.execute(delete(TeamMember).where(*gone))
    _join(session, [(team_id, agent_id) for agent_id in new])
    _record(session, by, "team.members", team_id, now, before=sorted(before), after=sorted(after))


def set_calendar(
    session: Session, team_id: int, *, by: Actor | None, calendar_id: int | None, now: datetime
) -> bool:  # fmt: skip
    """Whether deadlines that run are counted anew because of it. None: the service hours again. CalendarNotFound."""
    require_here(by, Action.edit_deadlines)
    team, former = _lock(session, team_id), hours.former_for(session, team_id)
    new = None if calendar_id is None else business_calendars.lock(session, calendar_id).name
    if team.calendar_id == calendar_id:
        return False
    old = session.scalar(select(BusinessCalendar.name).where(BusinessCalendar.id == team.calendar_id))
    team.calendar_id = calendar_id
    session.flush()
    if counts := former != hours.former_for(session, team_id):
        recounts.ask(session, Scope.team, team_id, former=former, now=now)
    before, after = ([name] if name is not None else [] for name in (old, new))
    _record(session, by, "team.calendar", team_id, now, before=before, after=after)
    return counts


def archive(session: Session, team_id: int, *, by: Actor | None, now: datetime) -> None:
    """It is offered no more and its skills count no more; what is meant for it in the queue anybody may take."""
    require_here(by, Action.edit_people)
    team = _lock(session, team_id)
    if team.archived_at is None:
        team.archived_at = now
        _record(session, by, "team.archive", team_id, now)


def restore(session: Session, team_id: int, *, by: Actor | None, now: datetime) -> None:
    """With the members that it had."""
    require_here(by, Action.edit_people)
    team = _lock(session, team_id)
    if team.archived_at is not None:
        team.archived_at = None
        _record(session, by, "team.restore", team_id, now)


def _lock(session: Session, team_id: int) -> Team:
    row = for_update(select(Team).where(Team.id == team_id), refer=True)
    team = session.scalars(row, execution_options={"populate_existing": True}).one_or_none()
    if team is None:
        raise TeamNotFound
    return team


def _record(session: Session, by: Actor | None, action: str, team_id: int, now: datetime, **detail: Any) -> None:
    audit.record(session, by, action, now=now, subject="team", subject_id=team_id, **detail)
    events.publish(session, events.Kind.people, now=now)
