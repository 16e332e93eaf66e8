"""One change to many tickets: what it is to be, what it will do in numbers, and then how far it is."""

import json
from collections import Counter
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from app.agents import rights
from app.agents.models import Language
from app.agents.rights import Action
from app.agents.sessions import Signed
from app.console import ticket_words
from app.console.catalogue import marked, translate
from app.console.guard import DbDep, Now, SignedIn
from app.console.tickets.asking import read_query
from app.console.tickets.pages import page
from app.db.database import Database
from app.desk.tickets import choices, closing, lists, many
from app.desk.tickets.many import MOST, Deed, What
from app.desk.tickets.orders import Sort
from app.forms import Id, find_id, read_form
from app.tickets.models import TicketPriority

router = APIRouter(prefix="/tickets/many")
A_REQUEST: Final = 50
"""Tickets that are changed before the page hears how far it is."""
_LOOKS: Final = 100
_LONGEST: Final = MOST * 20
_TITLES: Final = {
    What.give: marked("分给同事或小组"), What.priority: marked("改优先级"), What.tag: marked("加标签"),
    What.untag: marked("去标签"), What.start: marked("开始处理"), What.close: marked("关闭工单"),
}  # fmt: skip


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

    def values(self) -> dict[str, str]:
        """What it is to become, for the form of the next step."""
        names = ("what", "owner", "team", "priority", "tag", "text")
        return {name: str(value) for name in names if (value := getattr(self, name))}


class Running(Doing):
    total: Id = Field(default=0, title=marked("工单"))
    changed: Id = Field(default=0, title=marked("工单"))
    why: str = Field(default="", title=marked("原因"), max_length=4000)


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
        request, "many_ask.html", signed, form=form, what=form.what.value, title=_TITLES[form.what], choices=targets,
        most=closing.LONGEST,
    )  # fmt: skip


@router.post("/preview")
async def preview(request: Request, signed: SignedIn, db: DbDep, now: Now) -> Response:
    rights.require(signed.actor, Action.change_many)
    return await _preview(request, signed, db, await read_form(request, Doing), now)


async def _preview(request: Request, signed: Signed, db: Database, form: Doing, now: datetime) -> Response:
    ids, is_cut = await _meant(db, signed, form, now)
    # Not by ``read``: whoever is given them is locked for as long as it is looked whether he can have them.
    plan = await db.write(many.preview, ids, by=signed.actor, deed=form.deed(), now=now)
    return page(
        request, "many_preview.html", signed, form=form, what=form.what.value, title=_TITLES[form.what], plan=plan,
        is_cut=is_cut, most=MOST, ids=",".join(map(str, plan.ids)), target=await _target(db, signed, form),
    )  # fmt: skip


async def _meant(db: Database, signed: Signed, form: Asking, now: datetime) -> tuple[list[int], bool]:
    """Those that are ticked, or all that meet the filters; and whether there are more than may be changed at once."""
    if not form.query:
        return read_ids(form.ids), False
    asked, ids, after = read_query(form.query), list[int](), None
    for _ in range(_LOOKS):
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
async def run(request: Request, signed: SignedIn, db: DbDep, now: Now) -> Response:
    """Some of them; the page asks for the others."""
    rights.require(signed.actor, Action.change_many)
    form = await read_form(request, Running)
    ids, deed = read_ids(form.ids), form.deed()
    why, changed = Counter(_read_why(form.why)), 0
    for at in range(0, len(ids[:A_REQUEST]), many.AT_ONCE):
        part = ids[at : min(at + many.AT_ONCE, A_REQUEST)]
        outcome = await db.write(many.apply, part, by=signed.actor, deed=deed, now=now)
        changed += outcome.changed
        why.update(outcome.why)
    if changed:
        await db.write(many.record, by=signed.actor, deed=deed, count=changed, now=now)
    left = ids[A_REQUEST:]
    response = page(
        request, "many_running.html" if left else "many_done.html", signed, form=form, title=_TITLES[form.what],
        left=",".join(map(str, left)), total=form.total, done=max(form.total - len(left), 0),
        changed=form.changed + changed, why=why, written=json.dumps(why, ensure_ascii=False),
    )  # fmt: skip
    if not left:
        response.headers["hx-trigger"] = json.dumps({"bulk-done": "", "changed": "ticket"})
    return response


def _read_why(text: str) -> dict[str, int]:
    """As the step before wrote it into the form."""
    try:
        given: Any = json.loads(text or "{}")
    except ValueError:
        return {}
    if not isinstance(given, dict):
        return {}
    return {str(reason): count for reason, count in given.items() if type(count) is int and 0 <= count <= MOST}
