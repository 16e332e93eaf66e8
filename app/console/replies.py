"""Quick replies: the list, the form of one, its preview, tables in and out."""

from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app.agents import teams
from app.agents.rights import Action, Actor
from app.agents.sessions import Signed
from app.console.catalogue import marked
from app.console.desk.files import address_of, make_ticket, read_ticket, take_in
from app.console.guard import DbDep, Now, SignedIn
from app.console.rendering import done, page, wants_fragment
from app.desk import quick, quick_csv, quick_lists, variables
from app.desk.quick import Picture, Place, Reply, Scope, Written
from app.errors import AppError
from app.forms import Id, find_id, read_form
from app.pages import HEADERS

router = APIRouter()
PAGE: Final = "/replies"
NAMES: Final = {Scope.own: marked("自己"), Scope.team: marked("小组"), Scope.all: marked("全部")}
SAMPLES: Final = {
    "观众": "小雨", "客服": "", "作品": "长风渡", "剧集": "第5集", "工单": "T-1024", "渠道": "微信公众号",
    "时间": "11月23日 20:00",
}  # fmt: skip
"""What a preview puts in; 客服 is whoever looks at it."""


class TableMissing(AppError):
    status_code, message = 422, "请选择一个 1 MB 以内的 CSV 表格"


class Form(BaseModel):
    shortcut: str = Field(title=marked("快捷词"), max_length=64)
    text: str = Field("", title=marked("内容"), max_length=5000)
    place: str = Field(title=marked("谁能用"), max_length=32)
    picture: list[str] = Field(title=marked("图片"), max_length=quick.MOST_PICTURES)
    name: list[str] = Field(title=marked("图片"), max_length=quick.MOST_PICTURES)

    def written(self, request: Request, signed: Signed) -> Written:
        """With the pictures that its tickets stand for; NotFound for somebody else's ticket."""
        keyring = request.app.state.service.keyring
        named = zip(self.picture, self.name, strict=False)
        pictures = [Picture(read_ticket(keyring, ticket, signed), name[:100]) for ticket, name in named]
        return Written(self.shortcut, self.text, pictures)


def read_place(text: str) -> Place:
    """``own``, ``all`` or ``team:3``."""
    kind, _, number = text.partition(":")
    if kind == Scope.team:
        return Place(Scope.team, find_id(number))
    return Place(Scope.all if kind == Scope.all else Scope.own)


def write_place(reply: Reply) -> str:
    return f"team:{reply.team_id}" if reply.scope is Scope.team else reply.scope.value


# -------------------- the list


@router.get(PAGE)
async def show(
    request: Request, db: DbDep, signed: SignedIn, q: str = "", place: str = "", after: Id | None = None
) -> Response:
    given = read_place(place) if place else None
    shown = await db.read(_list, q[:64], given, after, by=signed.actor)
    name = "replies_list.html" if wants_fragment(request) else "replies.html"
    return page(request, name, signed, q=q[:64], place=place, after=after, names=NAMES, **shown)


def _list(session: Session, query: str, place: Place | None, after: int | None, *, by: Actor) -> dict[str, Any]:
    found = quick_lists.list_page(session, by=by, query=query, place=place, after=after)
    changeable = {scope for scope in Scope if quick.may_change(by, scope)}
    return {"rows": found.replies, "more": found.after, "changeable": changeable, "scopes": _scopes(session, by)}


def _scopes(session: Session, by: Actor) -> list[tuple[str, str]]:
    """Where somebody may put a reply: (value, a team's name or a text of the catalogue)."""
    shared = by.may(Action.share_replies)
    found = [("own", NAMES[Scope.own])] if by.may(Action.own_replies) else []
    found += [("all", NAMES[Scope.all])] if shared else []
    return found + [(f"team:{team.id}", team.name) for team in (teams.list_teams(session) if shared else [])]


# -------------------- one of them


@router.get(PAGE + "/new")
async def ask_new(request: Request, db: DbDep, signed: SignedIn) -> Response:
    scopes = await db.read(_scopes, signed.actor)
    return _form(request, signed, None, scopes)


@router.get(PAGE + "/{reply_id:id}")
async def ask_edit(request: Request, db: DbDep, signed: SignedIn, reply_id: Id) -> Response:
    reply = await db.read(quick_lists.get_reply, reply_id, by=signed.actor)
    scopes = await db.read(_scopes, signed.actor)
    return _form(request, signed, reply, scopes)


def _form(request: Request, signed: Signed, reply: Reply | None, scopes: list[tuple[str, str]]) -> Response:
    keyring = request.app.state.service.keyring
    tickets = [(make_ticket(keyring, each.key, signed), each.name) for each in (reply.pictures if reply else ())]
    pictures = [(ticket, address_of(ticket), name) for ticket, name in tickets]
    return page(
        request, "replies_form.html", signed, reply=reply, place=write_place(reply) if reply else "", scopes=scopes,
        pictures=pictures, variables=variables.VARIABLES, **_previewed(signed, reply.text if reply else ""),
    )  # fmt: skip


@router.post(PAGE)
async def add(request: Request, db: DbDep, signed: SignedIn, now: Now) -> Response:
    form = await read_form(request, Form)
    written = form.written(request, signed)
    await db.write(quick.add, by=signed.actor, place=read_place(form.place), written=written, now=now)
    return done(signed, marked("快捷回复已添加"), changed="replies")


@router.post(PAGE + "/{reply_id:id}")
async def edit(request: Request, db: DbDep, signed: SignedIn, now: Now, reply_id: Id) -> Response:
    form = await read_form(request, Form)
    written = form.written(request, signed)
    await db.write(quick.edit, reply_id, by=signed.actor, place=read_place(form.place), written=written, now=now)
    return done(signed, marked("已保存"), changed="replies")


@router.post(PAGE + "/{reply_id:id}/delete")
async def delete(db: DbDep, signed: SignedIn, now: Now, reply_id: Id) -> Response:
    await db.write(quick.delete_reply, reply_id, by=signed.actor, now=now)
    return done(signed, marked("快捷回复已删除"), changed="replies")


class Previewed(BaseModel):
    text: str = Field(title=marked("内容"), max_length=5000)


@router.post(PAGE + "/preview")
async def preview(request: Request, signed: SignedIn) -> Response:
    text = (await read_form(request, Previewed)).text
    return page(request, "replies_preview.html", signed, **_previewed(signed, text))


def _previewed(signed: Signed, text: str) -> dict[str, Any]:
    values = SAMPLES | {"客服": signed.actor.name}
    return {"preview": variables.render(text, values), "unknown": variables.unknown(text)}


@router.post(PAGE + "/picture")
async def take_picture(request: Request, signed: SignedIn) -> Response:
    quick.require_seeing(signed.actor)
    return await take_in(request, signed)


# -------------------- tables


@router.get(PAGE + "/table")
async def give_table(db: DbDep, signed: SignedIn, now: Now) -> Response:
    table = await db.read(quick_csv.write_table, by=signed.actor)
    headers = {**HEADERS, "content-disposition": f'attachment; filename="quick-replies-{now:%Y%m%d}.csv"'}
    return Response(table, media_type="text/csv; charset=utf-8", headers=headers)


@router.post(PAGE + "/table")
async def take_table(request: Request, db: DbDep, signed: SignedIn, now: Now) -> Response:
    quick.require_seeing(signed.actor)
    content, place = await _table(request)
    imported = await db.write(_import, content, place, by=signed.actor, now=now)
    text = marked("新增 {added} 条，更新 {changed_count} 条")
    return done(signed, text, changed="replies", added=imported.added, changed_count=imported.changed)


def _import(session: Session, content: bytes, place: Place, *, by: Actor, now: datetime) -> quick_csv.Imported:
    return quick_csv.read_table(session, by=by, content=content, place=place, now=now)


async def _table(request: Request) -> tuple[bytes, Place]:
    """The file of a form of bounded size, and where its rows are to be."""
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > quick_csv.LARGEST:
        raise TableMissing
    async with request.form(max_files=1, max_fields=4, max_part_size=quick_csv.LARGEST) as form:
        given: Any = form.get("file")
        if given is None or isinstance(given, str) or not given.size:
            raise TableMissing
        return await given.read(quick_csv.LARGEST), read_place(str(form.get("place", "")))
