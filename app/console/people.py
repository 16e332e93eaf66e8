"""The people who work here: a list, and a page of each of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app.agents import limits, links, people, teams, totp
from app.agents.models import Language
from app.agents.presence import state_of
from app.agents.rights import Action, Actor, Role
from app.console.catalogue import marked
from app.console.cookies import address_of
from app.console.guard import DbDep, Now, SignedIn
from app.console.rendering import done, page, reload, wants_fragment
from app.desk import leaving
from app.forms import Id, find_id, read_form

router = APIRouter()
PAGE = "/people"
SHOWN = 50


class Add(BaseModel):
    login: str = Field(title=marked("登录名"), min_length=1, max_length=64)
    name: str = Field(title=marked("名字"), min_length=1, max_length=64)
    roles: list[Role] = Field(title=marked("角色"))
    teams: list[Id] = Field(title=marked("小组"))


class Edit(BaseModel):
    name: str = Field(title=marked("名字"), min_length=1, max_length=64)
    skills: list[str] = Field(title=marked("技能"), max_length=50)
    capacity: int = Field(title=marked("同时接待"), ge=0, le=100)
    language: Language = Field(title=marked("界面语言"))


class Grant(BaseModel):
    roles: list[Role] = Field(title=marked("角色"))


class Enter(BaseModel):
    teams: list[Id] = Field(title=marked("小组"))


@dataclass(frozen=True, slots=True)
class Filters:
    query: str
    role: Role | None
    team: int | None
    inactive: bool
    after: int


def filters_of(
    q: Annotated[str, Query(max_length=64)] = "", role: str = "", team: str = "", state: str = "", after: Id = 0
) -> Filters:
    """What the form of the list sends; a choice of everything is an empty one."""
    known = Role(role) if role in list(Role) else None
    return Filters(q.strip(), known, find_id(team), state == "inactive", after)


# -------------------- the list


@router.get(PAGE)
async def show(
    request: Request, db: DbDep, signed: SignedIn, now: Now, q: Annotated[str, Query(max_length=64)] = "",
    role: str = "", team: str = "", state: str = "", after: Id = 0,
) -> Response:  # fmt: skip
    filters = filters_of(q, role, team, state, after)
    shown = await db.read(_read_list, filters, by=signed.actor, now=now)
    name = "people_list.html" if wants_fragment(request) else "people.html"
    return page(request, name, signed, filters=filters, **shown)


def _read_list(session: Session, filters: Filters, *, by: Actor, now: datetime) -> dict[str, Any]:
    found = people.list_people(
        session, by=by, query=filters.query, role=filters.role, team=filters.team, inactive=filters.inactive,
        after=filters.after, limit=SHOWN + 1,
    )  # fmt: skip
    rows = [(person, state_of(person.presence, person.seen_at, now)) for person in found[:SHOWN]]
    more = found[SHOWN - 1].id if len(found) > SHOWN else 0
    return {"rows": rows, "more": more, "teams": teams.list_teams(session, by=by), "may": by.may(Action.edit_people)}


@router.post(PAGE)
async def add(request: Request, db: DbDep, signed: SignedIn, now: Now) -> Response:
    form = await read_form(request, Add)
    token = await db.write(_add, form, by=signed.actor, now=now)
    link = f"{address_of(request)}/invitation/{token}"
    response = page(request, "people_link.html", signed, link=link, who=form.name, purpose="invitation")
    response.headers["hx-trigger"] = '{"changed": "people"}'
    return response


def _add(session: Session, form: Add, *, by: Actor, now: datetime) -> str:
    agent_id = people.add(session, by=by, login=form.login, name=form.name, roles=form.roles, teams=form.teams, now=now)
    return links.make(session, links.Purpose.invitation, agent_id, by=by, now=now)


# -------------------- a person


@router.get(PAGE + "/{agent_id}")
async def show_person(request: Request, db: DbDep, signed: SignedIn, now: Now, agent_id: Id) -> Response:
    shown = await db.read(_read_person, agent_id, by=signed.actor, now=now)
    return page(request, "person.html", signed, **shown)


def _read_person(session: Session, agent_id: int, *, by: Actor, now: datetime) -> dict[str, Any]:
    person = people.get_person(session, agent_id, by=by)
    return {
        "person": person, "state": state_of(person.presence, person.seen_at, now),
        "teams": teams.list_teams(session, by=None), "held": leaving.count_held(session, agent_id),
        "may": by.may(Action.edit_people) and person.is_active, "leads": by.may(Action.edit_people),
    }  # fmt: skip


@router.post(PAGE + "/{agent_id}")
async def edit(request: Request, db: DbDep, signed: SignedIn, now: Now, agent_id: Id) -> Response:
    form = await read_form(request, Edit)
    await db.write(
        people.edit, agent_id, by=signed.actor, name=form.name, skills=form.skills, capacity=form.capacity,
        language=form.language, now=now,
    )  # fmt: skip
    return done(signed, marked("已保存"))


@router.post(PAGE + "/{agent_id}/roles")
async def set_roles(request: Request, db: DbDep, signed: SignedIn, now: Now, agent_id: Id) -> Response:
    form = await read_form(request, Grant)
    await db.write(leaving.set_roles, agent_id, by=signed.actor, roles=form.roles, now=now)
    return done(signed, marked("角色已更新，立即生效"))


@router.post(PAGE + "/{agent_id}/teams")
async def set_teams(request: Request, db: DbDep, signed: SignedIn, now: Now, agent_id: Id) -> Response:
    form = await read_form(request, Enter)
    await db.write(people.set_teams, agent_id, by=signed.actor, teams=form.teams, now=now)
    return done(signed, marked("小组已更新，立即生效"))


@router.post(PAGE + "/{agent_id}/link")
async def make_link(request: Request, db: DbDep, signed: SignedIn, now: Now, agent_id: Id) -> Response:
    purpose, token = await db.write(links.make_password_link, agent_id, by=signed.actor, now=now)
    person = await db.read(people.get_person, agent_id, by=signed.actor)
    link = f"{address_of(request)}/invitation/{token}"
    return page(request, "people_link.html", signed, link=link, who=person.name, purpose=purpose.value)


@router.post(PAGE + "/{agent_id}/second-off")
async def turn_off_second(request: Request, db: DbDep, signed: SignedIn, now: Now, agent_id: Id) -> Response:
    await db.write(totp.turn_off, agent_id, by=signed.actor, now=now)
    return reload()


@router.post(PAGE + "/{agent_id}/unlock")
async def unlock(request: Request, db: DbDep, signed: SignedIn, now: Now, agent_id: Id) -> Response:
    person = await db.read(people.get_person, agent_id, by=signed.actor)
    was_locked = await db.write(limits.unlock, person.login, by=signed.actor, now=now)
    return done(signed, marked("已解除，现在可以再试登录") if was_locked else marked("登录没有被锁"))


@router.post(PAGE + "/{agent_id}/deactivate")
async def deactivate(request: Request, db: DbDep, signed: SignedIn, now: Now, agent_id: Id) -> Response:
    await db.write(leaving.leave, agent_id, by=signed.actor, now=now)
    return reload()


@router.post(PAGE + "/{agent_id}/reactivate")
async def reactivate(request: Request, db: DbDep, signed: SignedIn, now: Now, agent_id: Id) -> Response:
    await db.write(people.reactivate, agent_id, by=signed.actor, now=now)
    return reload()
