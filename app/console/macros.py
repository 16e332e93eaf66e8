"""Macros of tickets: the list, and the form of one."""

from typing import Any, Final

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app.agents import teams
from app.agents.models import Language
from app.agents.rights import Action, Actor, require
from app.console import macro_words, ticket_words
from app.console.catalogue import marked
from app.console.guard import DbDep, Now, SignedIn
from app.console.rendering import done, page, wants_fragment
from app.desk.tickets import macros
from app.desk.tickets.macros import LONGEST_CATEGORY, LONGEST_NAME, LONGEST_REPLY, Macro, MacroTeamWrong, Written
from app.forms import Id, Version, find_id, read_form

router = APIRouter()
PAGE: Final = "/macros"
_CHOICES: Final = (
    ("priority", marked("优先级"), ticket_words.PRIORITIES), ("kind", marked("类型"), ticket_words.KINDS),
    ("dimension", marked("质量维度"), ticket_words.DIMENSIONS), ("status", marked("状态"),
     {each: ticket_words.STATUSES[each] for each in macros.STATUSES}),
)  # fmt: skip


class Form(BaseModel):
    name: str = Field(title=marked("名字"), min_length=1, max_length=2 * LONGEST_NAME)
    place: str = Field("", title=marked("谁能用"), max_length=20)
    priority: str = Field("", title=marked("优先级"), max_length=32)
    kind: str = Field("", title=marked("类型"), max_length=32)
    dimension: str = Field("", title=marked("质量维度"), max_length=32)
    status: str = Field("", title=marked("状态"), max_length=32)
    category: str = Field("", title=marked("问题"), max_length=LONGEST_CATEGORY)
    team: str = Field("", title=marked("转给"), max_length=20)
    tags: list[str] = Field(title=marked("标签"), max_length=50)
    reply: str = Field("", title=marked("答复"), max_length=2 * LONGEST_REPLY)
    closes: str = Field("", title=marked("关闭工单"), max_length=8)
    version: Version | None = None

    def written(self) -> Written:
        """MacroTeamWrong."""
        changes = {
            "priority": self.priority, "kind": self.kind, "dimension": self.dimension, "status": self.status,
            "category": self.category, "team_id": _team(self.team), "tags": self.tags,
        }  # fmt: skip
        return Written(self.name, _team(self.place), changes, self.reply, self.closes == "yes")


def _team(text: str) -> int | None:
    found = find_id(text)
    if text and found is None:
        raise MacroTeamWrong
    return found


@router.get(PAGE)
async def show(request: Request, db: DbDep, signed: SignedIn) -> Response:
    found, names = await db.read(_list, by=signed.actor)
    rows = [(macro, macro_words.effects_of(Language(signed.language), macro, names)) for macro in found]
    return page(request, "macros_list.html" if wants_fragment(request) else "macros.html", signed, rows=rows)


def _list(session: Session, *, by: Actor) -> tuple[list[Macro], dict[int, str]]:
    """With the names of teams by id."""
    found = macros.list_macros(session, by=by)
    return found, {team.id: team.name for team in teams.list_teams(session, archived=True)}


@router.get(PAGE + "/new")
async def ask_new(request: Request, db: DbDep, signed: SignedIn) -> Response:
    require(signed.actor, Action.edit_macros)
    return page(request, "macros_form.html", signed, macro=None, **await db.read(_offered, request, None))


@router.get(PAGE + "/{macro_id:id}")
async def ask_edit(request: Request, db: DbDep, signed: SignedIn, macro_id: Id) -> Response:
    macro = await db.read(macros.get_macro, macro_id, by=signed.actor)
    return page(request, "macros_form.html", signed, macro=macro, **await db.read(_offered, request, macro))


def _offered(session: Session, request: Request, macro: Macro | None) -> dict[str, Any]:
    """What a form can choose from: teams that are there or were chosen, and the knowledge's entries."""
    chosen = {macro.team_id, macro.changes.get("team_id")} if macro else set()
    listed = teams.list_teams(session, archived=True)
    entries = request.app.state.service.keeper.rules.brain.knowledge.entries
    return {
        "teams": [team for team in listed if not team.is_archived or team.id in chosen], "choices": _CHOICES,
        "entries": sorted((entry.id, entry.title) for entry in entries.values()),
        "changes": macro.changes if macro else {},
    }  # fmt: skip


@router.post(PAGE)
async def add(request: Request, db: DbDep, signed: SignedIn, now: Now) -> Response:
    written = (await read_form(request, Form)).written()
    await db.write(macros.add, by=signed.actor, written=written, now=now)
    return done(signed, marked("工单宏已添加"), changed="macros")


@router.post(PAGE + "/{macro_id:id}")
async def edit(request: Request, db: DbDep, signed: SignedIn, now: Now, macro_id: Id) -> Response:
    form = await read_form(request, Form)
    written, version = form.written(), form.version
    await db.write(macros.edit, macro_id, by=signed.actor, written=written, version=version, now=now)
    return done(signed, marked("已保存"), changed="macros")


@router.post(PAGE + "/{macro_id:id}/delete")
async def delete(db: DbDep, signed: SignedIn, now: Now, macro_id: Id) -> Response:
    await db.write(macros.delete_macro, macro_id, by=signed.actor, now=now)
    return done(signed, marked("工单宏已删除"), changed="macros")
