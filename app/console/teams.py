"""Teams: a list, and a page of each of them."""

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, field_validator
from sqlalchemy.orm import Session

from app.agents import business_calendars, people, teams
from app.agents.rights import Action, Actor
from app.agents.teams import TeamNotFound
from app.console.catalogue import marked
from app.console.guard import DbDep, Now, SignedIn
from app.console.rendering import done, page, reload, wants_fragment
from app.forms import Id, read_form

router = APIRouter()
PAGE = "/teams"
_ALL = 2000
"""People to choose members from."""


class Name(BaseModel):
    name: str = Field(title=marked("名字"), min_length=1, max_length=64)
    skills: list[str] = Field(title=marked("技能"), max_length=50)


class Works(BaseModel):
    calendar: Id | None = Field(None, title=marked("工作日历"))

    @field_validator("calendar", mode="before")
    @classmethod
    def _none(cls, value: object) -> object:
        return value or None


class Members(BaseModel):
    members: list[Id] = Field(title=marked("组员"))


@router.get(PAGE)
async def show(request: Request, db: DbDep, signed: SignedIn) -> Response:
    rows = await db.read(teams.list_teams, by=signed.actor, archived=True)
    name = "teams_list.html" if wants_fragment(request) else "teams.html"
    return page(request, name, signed, rows=rows, may=signed.actor.may(Action.edit_people))


@router.post(PAGE)
async def add(request: Request, db: DbDep, signed: SignedIn, now: Now) -> Response:
    form = await read_form(request, Name)
    await db.write(teams.add, by=signed.actor, name=form.name, skills=form.skills, now=now)
    return done(signed, marked("小组已添加"), changed="people")


@router.get(PAGE + "/{team_id}")
async def show_team(request: Request, db: DbDep, signed: SignedIn, team_id: Id) -> Response:
    return page(request, "team.html", signed, **await db.read(_read, team_id, by=signed.actor))


def _read(session: Session, team_id: int, *, by: Actor) -> dict[str, Any]:
    found = {team.id: team for team in teams.list_teams(session, by=by, archived=True)}.get(team_id)
    if found is None:
        raise TeamNotFound
    members = {agent_id for agent_id, _ in teams.list_members(session, team_id, by=by)}
    may = by.may(Action.edit_people) and not found.is_archived
    everybody = people.list_people(session, by=by, limit=_ALL)
    shown = sorted(
        (one for one in everybody if may or one.id in members), key=lambda one: (one.id not in members, one.name)
    )
    calendars = business_calendars.list_calendars(session, by=by) if by.may(Action.edit_deadlines) else None
    return {
        "team": found, "members": members, "people": shown, "may": may, "leads": by.may(Action.edit_people),
        "calendars": calendars,
    }  # fmt: skip


@router.post(PAGE + "/{team_id}")
async def edit(request: Request, db: DbDep, signed: SignedIn, now: Now, team_id: Id) -> Response:
    form = await read_form(request, Name)

    def change(session: Session) -> None:
        teams.rename(session, team_id, by=signed.actor, name=form.name, now=now)
        teams.set_skills(session, team_id, by=signed.actor, skills=form.skills, now=now)

    await db.write(change)
    return done(signed, marked("已保存"))


@router.post(PAGE + "/{team_id}/members")
async def set_members(request: Request, db: DbDep, signed: SignedIn, now: Now, team_id: Id) -> Response:
    form = await read_form(request, Members)
    await db.write(teams.set_members, team_id, by=signed.actor, agents=form.members, now=now)
    return done(signed, marked("组员已更新，立即生效"))


@router.post(PAGE + "/{team_id}/calendar")
async def set_calendar(request: Request, db: DbDep, signed: SignedIn, now: Now, team_id: Id) -> Response:
    form = await read_form(request, Works)
    counts = await db.write(teams.set_calendar, team_id, by=signed.actor, calendar_id=form.calendar, now=now)
    return done(signed, marked("已保存，正在走的时限这就重算") if counts else marked("已保存"))


@router.post(PAGE + "/{team_id}/archive")
async def archive(db: DbDep, signed: SignedIn, now: Now, team_id: Id) -> Response:
    await db.write(teams.archive, team_id, by=signed.actor, now=now)
    return reload()


@router.post(PAGE + "/{team_id}/restore")
async def restore(db: DbDep, signed: SignedIn, now: Now, team_id: Id) -> Response:
    await db.write(teams.restore, team_id, by=signed.actor, now=now)
    return reload()
