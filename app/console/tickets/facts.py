"""What a ticket is, as its form shows it and sends it back."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app.agents import rights
from app.agents.calendars import BEIJING
from app.agents.rights import Action, Actor
from app.console.catalogue import marked
from app.console.guard import DbDep, Now, SignedIn
from app.console.rendering import done
from app.desk.tickets import changing, labelling
from app.desk.tickets.fields import show_timecode
from app.dialogue.rules import Rules
from app.errors import AppError
from app.forms import FormWrong, Id, Problem, find_id, read_form
from app.tickets import finding
from app.tickets.models import Ticket, TicketKind

router = APIRouter(prefix="/tickets/{ticket_id:id}")
ANSWERED_BY_LAW: Final = (TicketKind.complaint, TicketKind.data)
"""Kinds that always have a deadline."""
MOVED: Final = marked("刚刚被同事改过，请取消，再打开看看现在的样子")
Shown = Mapping[str, str | Sequence[str]]
"""By name of a field: what the form shows."""


class NumberWrong(AppError):
    status_code, message = 422, "请填写工单编号，例如 T-1024"


class TimeWrong(AppError):
    status_code, message = 422, "请选择一个时间"


class FactsMoved(FormWrong):
    """Somebody else changed, since the form was opened, what it changes."""

    status_code = 409


class Facts(BaseModel):
    subject: str = Field(title=marked("标题"), max_length=400)
    kind: str = Field(title=marked("类型"), max_length=12)
    category: str = Field("", title=marked("分类"), max_length=64)
    dimension: str = Field("", title=marked("质量维度"), max_length=12)
    priority: str = Field(title=marked("优先级"), max_length=8)
    title: str = Field("", title=marked("作品"), max_length=128)
    season: str = Field("", title=marked("季"), max_length=6)
    episode: str = Field("", title=marked("集"), max_length=8)
    timecode_s: str = Field("", title=marked("时间点"), max_length=10)
    skill: str = Field("", title=marked("技能"), max_length=64)
    contact: str | None = Field(None, title=marked("联系人"), max_length=128)
    due: str = Field("", title=marked("答复期限"), max_length=40)
    parent: str = Field("", title=marked("上级工单"), max_length=16)
    tags: list[str] = Field(title=marked("标签"), max_length=100)
    shown: str = Field("", title=marked("标题"), max_length=20_000)
    """What it showed when it was opened: whatever is the same was not touched, and is not written."""

    def touched(self) -> dict[str, Any]:
        before = _read_shown(self.shown)
        given = self.model_dump(exclude={"shown"}, exclude_none=True)
        return {name: value for name, value in given.items() if name not in before or before[name] != value}

    def tags_after(self, here: Sequence[str]) -> list[str]:
        """Those that are there now, with what was added and without what was taken away."""
        before = _read_shown(self.shown).get("tags", list(here))
        gone = set(before).difference(self.tags)
        return [tag for tag in here if tag not in gone] + [tag for tag in self.tags if tag not in before]


def shown_of(ticket: Ticket, tags: Sequence[str], parent: int | None, *, contact: bool) -> Shown:
    """``parent``: its number. ``contact``: whether the form has that field."""
    names = ("subject", "kind", "category", "dimension", "priority", "title", "season", "episode", "skill")
    shown: dict[str, str | Sequence[str]] = {name: _text(getattr(ticket, name)) for name in names}
    shown["timecode_s"] = "" if ticket.timecode_s is None else show_timecode(ticket.timecode_s)
    shown |= {"due": minute_of(ticket.due_at), "parent": f"T-{parent}" if parent else "", "tags": list(tags)}
    return shown | ({"contact": _text(ticket.contact)} if contact else {})


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _read_shown(text: str) -> dict[str, Any]:
    try:
        given: Any = json.loads(text or "{}")
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}


@router.post("/facts")
async def change(request: Request, ticket_id: Id, signed: SignedIn, db: DbDep, now: Now) -> Response:
    form = await read_form(request, Facts)
    rules: Rules = request.app.state.service.ingest.rules
    await db.write(_change, ticket_id, form, rules, by=signed.actor, now=now)
    return done(signed, marked("已保存"), changed=f"ticket:{ticket_id}")


def _change(session: Session, ticket_id: int, form: Facts, rules: Rules, *, by: Actor, now: datetime) -> None:
    rights.require(by, Action.work_tickets)
    ticket, touched = finding.lock_open(session, ticket_id), form.touched()
    _require_unmoved(session, ticket, form, touched)
    given = {name: value for name, value in touched.items() if name not in ("due", "parent", "tags")}
    kind, priority, due = given.get("kind", ticket.kind), given.get("priority", ticket.priority), ticket.due_at
    if minute_of(due) != touched.get("due", minute_of(due)):  # what the field cannot show is not changed by it
        due = read_due(form.due) or (due if kind in ANSWERED_BY_LAW else None)
    given["due_at"] = due or promised(rules, kind, priority, now)
    if "parent" in touched:
        given["parent_id"] = changing.find_number(session, number_of(form.parent)) if form.parent.strip() else None
    changing.change(session, ticket_id, by=by, changes=given, now=now)
    if "tags" in touched:
        tags = form.tags_after(labelling.tags_of(session, ticket_id))
        labelling.set_tags(session, ticket_id, by=by, tags=tags, now=now)


def _require_unmoved(session: Session, ticket: Ticket, form: Facts, touched: Mapping[str, Any]) -> None:
    """FactsMoved where one of them is not any more as the form showed it, nor as it shall be."""
    before = _read_shown(form.shown)
    parent = session.get_one(Ticket, ticket.parent_id).number if ticket.parent_id is not None else None
    here = shown_of(ticket, (), parent, contact=True)
    moved = [
        name for name in touched
        if name in before and name != "tags" and here[name] not in (before[name], touched[name])
    ]  # fmt: skip
    if moved:
        raise FactsMoved(problems=[Problem(name, Facts.model_fields[name].title or "", MOVED) for name in moved])


def promised(rules: Rules, kind: str, priority: str, now: datetime) -> datetime | None:
    """What is answered by law or by promise has a deadline, also where nobody names one."""
    return rules.due(kind, priority, now) if kind in ANSWERED_BY_LAW else None


def minute_of(at: datetime | None) -> str:
    """As the browser's own field writes it."""
    return f"{at.astimezone(BEIJING):%Y-%m-%dT%H:%M}" if at is not None else ""


def read_due(written: str) -> datetime | None:
    """A time as the browser's own field writes it, which knows no time zone: Beijing's. TimeWrong."""
    if not written:
        return None
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        raise TimeWrong from None
    return at if at.tzinfo is not None else at.replace(tzinfo=BEIJING)


def number_of(text: str) -> int:
    """T-1024, t1024, 1024. NumberWrong."""
    digits = text.strip().upper().removeprefix("T").removeprefix("-").strip()
    number = find_id(digits)
    if number is None or number >= 2**31:
        raise NumberWrong
    return number
