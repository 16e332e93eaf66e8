"""One change to many tickets: what it is to be, what it will do in numbers, and then how far it is."""

import asyncio
import json
from datetime import datetime
from typing import Final

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from app.agents import rights
from app.agents.models import Language
from app.agents.rights import Action
from app.agents.sessions import Signed
from app.console import ticket_words
from app.console.catalogue import marked, translate
from app.console.guard import DbDep, Now, SignedIn
from app.console.rendering import done
from app.console.tickets import labels
from app.console.tickets.asking import read_query
from app.console.tickets.pages import page
from app.db.database import Database
from app.desk.models import RunState
from app.desk.tickets import choices, closing, lists, runs
from app.desk.tickets.many import MOST, Deed, What
from app.desk.tickets.orders import Sort
from app.forms import Id, find_id, read_form
from app.tickets.models import TicketPriority

router = APIRouter(prefix="/tickets/many")
LOOKS, BETWEEN_LOOKS = 12, 0.1
"""Whoever changes a few is told of the outcome at once: so often it is looked for, at intervals of seconds."""
_PAGES: Final = 100
_LONGEST: Final = MOST * 20


class Asking(BaseModel):
    what: What = Field(title=marked("操作"))
    ids: str = Field(default="", title=marked("工单"), max_length=_LONGEST)
    query: str = Field(default="", title=marked("条件"), max_length=4000)


class Doing(Asking):
    owner: str = Field(default="", title=marked("负责人"), max_length=20)
    team: str = Field(default="", title=marked("小组"), max_length=20)
    priority: str = Field(default="", title=marked("优先级"), max_length=8)
    tag: str = Field(default="", title=marked("标签"), max_length=64)
    text: str = Field(default="", title=marked("说明"), max_length=closing.LONGEST)

    def deed(self) -> Deed:
        known = TicketPriority(self.priority) if self.priority in set(TicketPriority) else None
        return Deed(self.what, find_id(self.owner), find_id(self.team), known, self.tag, self.text)


class Begun(BaseModel):
    run: Id = Field(title=marked("批量改动"))


def read_ids(text: str) -> list[int]:
    found = (find_id(part) for part in text.split(","))
    return [number for number in found if number is not None][:MOST]


@router.post("/ask")
async def ask(request: Request, signed: SignedIn, db: DbDep, now: Now) -> Response:
    """What needs nothing more is told at once in numbers."""
    rights.require(signed.actor, Action.change_many)
    form = await read_form(request, Asking)
    if form.what is What.start:
        return await _preview(request, signed, db, Doing(what=form.what, ids=form.ids, query=form.query), now)
    targets = await db.read(choices.list_choices, by=signed.actor)
    return page(
        request, "many_ask.html", signed, form=form, what=form.what.value, title=labels.DEEDS[form.what],
        choices=targets, most=closing.LONGEST,
    )  # fmt: skip


@router.post("/preview")
async def preview(request: Request, signed: SignedIn, db: DbDep, now: Now) -> Response:
    rights.require(signed.actor, Action.change_many)
    return await _preview(request, signed, db, await read_form(request, Doing), now)


async def _preview(request: Request, signed: Signed, db: Database, form: Doing, now: datetime) -> Response:
    ids, is_cut = await _meant(db, signed, form, now)
    run_id, plan = await db.write(runs.plan, ids, by=signed.actor, deed=form.deed(), now=now)
    return page(
        request, "many_preview.html", signed, form=form, what=form.what.value, title=labels.DEEDS[form.what], plan=plan,
        run_id=run_id, is_cut=is_cut, most=MOST, target=await _target(db, signed, form),
    )  # fmt: skip


async def _meant(db: Database, signed: Signed, form: Asking, now: datetime) -> tuple[list[int], bool]:
    """Those that are ticked, or all that meet the filters; and whether there are more than may be changed at once."""
    if not form.query:
        return read_ids(form.ids), False
    asked, ids, after = read_query(form.query), list[int](), None
    for _ in range(_PAGES):
        found, after = await db.read(
            lists.list_ids, asked.filters, by=signed.actor, sort=Sort.oldest, after=after,
            limit=min(lists.LARGEST_PAGE, MOST - len(ids)), now=now,
        )  # fmt: skip
        ids += found
        if after is None or len(ids) >= MOST:
            break
    return ids, after is not None


async def _target(db: Database, signed: Signed, form: Doing) -> str:
    """What they become, as people call it."""
    if form.what is What.give:
        known = await db.read(choices.list_choices, by=signed.actor)
        names = [dict(known.people).get(find_id(form.owner) or 0), dict(known.teams).get(find_id(form.team) or 0)]
        return " · ".join(name for name in names if name)
    if form.what is What.priority:
        return translate(Language(signed.language), ticket_words.PRIORITIES[TicketPriority(form.priority)])
    return form.tag


@router.post("")
async def begin(request: Request, signed: SignedIn, db: DbDep, now: Now) -> Response:
    """It goes on by itself; what is soon done is awaited."""
    run_id = (await read_form(request, Begun)).run
    await db.write(runs.begin, run_id, by=signed.actor, now=now)
    run = await _settled(db, signed, run_id, now)
    response = page(request, "many_begun.html", signed, run=run, title=labels.DEEDS[run.what], is_new=True)
    response.headers["hx-trigger"] = json.dumps({"bulk-done": "", "changed": "ticket"})
    return response


async def _settled(db: Database, signed: Signed, run_id: int, now: datetime) -> runs.Look:
    """As it is when it has ended, or after a moment."""
    run = await db.read(runs.look, run_id, by=signed.actor)
    for _ in range(LOOKS):
        if run.state != RunState.running:
            break
        await asyncio.sleep(BETWEEN_LOOKS)
        run = await db.read(runs.look, run_id, by=signed.actor)
    if run.state == RunState.done and not run.left:  # what is told now is all that there is to tell
        await db.write(runs.put_away, run_id, by=signed.actor, now=now)
    return run


@router.get("/runs")
async def show_runs(request: Request, signed: SignedIn, db: DbDep, now: Now) -> Response:
    """What goes on, and what has ended."""
    own = await db.read(runs.list_own, by=signed.actor, now=now)
    return page(request, "runs.html", signed, runs=own)


@router.get("/runs/{run_id:id}")
async def show_run(request: Request, run_id: Id, signed: SignedIn, db: DbDep) -> Response:
    return page(request, "run.html", signed, run=await db.read(runs.look, run_id, by=signed.actor), is_new=False)


@router.get("/runs/{run_id:id}/dialog")
async def open_run(request: Request, run_id: Id, signed: SignedIn, db: DbDep) -> Response:
    """As ``begin`` answered, for who closed it."""
    run = await db.read(runs.look, run_id, by=signed.actor)
    return page(request, "many_begun.html", signed, run=run, title=labels.DEEDS[run.what], is_new=True)


@router.post("/runs/{run_id:id}/stop")
async def stop(run_id: Id, signed: SignedIn, db: DbDep, now: Now) -> Response:
    await db.write(runs.stop, run_id, by=signed.actor, now=now)
    return done(signed, marked("已停下，改过的不会改回去"), changed="runs")


@router.post("/runs/{run_id:id}/seen")
async def put_away(run_id: Id, signed: SignedIn, db: DbDep, now: Now) -> Response:
    await db.write(runs.put_away, run_id, by=signed.actor, now=now)
    return done(signed, changed="runs")
