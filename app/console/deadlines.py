"""Policies of deadlines: the list in its order, and the form of one."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app.agents import missing_years, recounts
from app.agents.missing_years import MissingYear
from app.agents.models import Language
from app.agents.recounts import Pending
from app.agents.rights import Actor
from app.agents.sessions import Signed
from app.console import deadline_words, ticket_words
from app.console.catalogue import marked
from app.console.guard import DbDep, Now, SignedIn
from app.console.rendering import done, page, wants_fragment
from app.forms import Id, Version, read_form
from app.tickets import policies, recounting
from app.tickets.policies import MinutesInvalid, Policy, WarningInvalid, Written

router = APIRouter()
PAGE: Final = "/deadlines"
UNITS: Final = {"h": marked("小时"), "m": marked("分钟")}
_TIMES: Final = (
    ("first", marked("首次答复"), marked("从登记到第一次答复观众")),
    ("next", marked("再次答复"), marked("从观众又来消息到答复他")),
    ("resolution", marked("办结"), marked("从登记到关闭，等观众的时间不算")),
)


class Form(BaseModel):
    name: str = Field(title=marked("名字"), min_length=1, max_length=64)
    kind: str = Field("", title=marked("类型"), max_length=32)
    priority: str = Field("", title=marked("优先级"), max_length=32)
    source: str = Field("", title=marked("来源"), max_length=32)
    first: str = Field("", title=marked("首次答复"), max_length=10)
    first_unit: str = Field("h", max_length=1)
    next: str = Field("", title=marked("再次答复"), max_length=10)
    next_unit: str = Field("h", max_length=1)
    resolution: str = Field("", title=marked("办结"), max_length=10)
    resolution_unit: str = Field("h", max_length=1)
    warn: str = Field("0", title=marked("提前提醒"), max_length=3)
    version: Version | None = None

    def written(self) -> Written:
        """MinutesInvalid, WarningInvalid."""
        if not (self.warn.isascii() and self.warn.isdecimal()):
            raise WarningInvalid
        return Written(
            self.name, self.kind or None, self.priority or None, self.source or None,
            read_time(self.first, self.first_unit), read_time(self.next, self.next_unit),
            read_time(self.resolution, self.resolution_unit), int(self.warn),
        )  # fmt: skip


class Move(BaseModel):
    way: str = Field(title=marked("方向"), max_length=4)


def read_time(text: str, unit: str) -> int | None:
    """Minutes; None where nothing is written. ``unit``: ``h`` or ``m``. Half an hour may be written as 0.5."""
    if not text.strip():
        return None
    try:
        minutes = Decimal(text.strip()) * (60 if unit == "h" else 1)
    except InvalidOperation:
        raise MinutesInvalid from None
    if not minutes.is_finite() or not 0 < minutes <= policies.LONGEST or minutes % 1:
        raise MinutesInvalid
    return int(minutes)


def write_time(minutes: int | None) -> tuple[str, str]:
    """(number, unit) as a form shows it."""
    if minutes is None:
        return "", "h"
    return (str(minutes // 60), "h") if minutes % 60 == 0 else (str(minutes), "m")


@router.get(PAGE)
async def show(request: Request, db: DbDep, signed: SignedIn, now: Now) -> Response:
    rows, missing, pending = await db.read(_list, by=signed.actor, now=now)
    language, covered = Language(signed.language), policies.covered(rows)
    said = [(row, deadline_words.sentence_of(language, row), covered.get(row.id)) for row in rows]
    name = "deadlines_list.html" if wants_fragment(request) else "deadlines.html"
    return page(request, name, signed, rows=said, missing=missing, pending=pending)


def _list(
    session: Session, *, by: Actor, now: datetime
) -> tuple[Sequence[Policy], Sequence[MissingYear], Sequence[Pending]]:
    """With calendars that lack a year, and what is counted anew."""
    missing = missing_years.list_missing(session, by=by, now=now)
    return policies.list_policies(session, by=by), missing, recounts.list_pending(session, by=by)


@router.get(PAGE + "/new")
async def ask_new(request: Request, db: DbDep, signed: SignedIn) -> Response:
    return _form(request, signed, None, await db.read(recounting.count_concerned, by=signed.actor))


@router.get(PAGE + "/{policy_id:id}")
async def ask_edit(request: Request, db: DbDep, signed: SignedIn, policy_id: Id) -> Response:
    policy = await db.read(policies.get_policy, policy_id, by=signed.actor)
    return _form(request, signed, policy, await db.read(recounting.count_concerned, by=signed.actor))


def _form(request: Request, signed: Signed, policy: Policy | None, concerned: int) -> Response:
    given = (policy.first_response_m, policy.next_response_m, policy.resolution_m) if policy else (None,) * 3
    times = [(*named, *write_time(minutes)) for named, minutes in zip(_TIMES, given, strict=True)]
    choices: list[tuple[str, str, Any, str | None]] = [
        ("kind", marked("类型"), ticket_words.KINDS, policy.kind if policy else None),
        ("priority", marked("优先级"), ticket_words.PRIORITIES, policy.priority if policy else None),
        ("source", marked("来源"), ticket_words.SOURCES, policy.source if policy else None),
    ]
    return page(
        request, "deadlines_form.html", signed, policy=policy, times=times, choices=choices, units=UNITS,
        concerned=concerned, most=recounting.MOST_COUNTED,
    )  # fmt: skip


@router.post(PAGE)
async def add(request: Request, db: DbDep, signed: SignedIn, now: Now) -> Response:
    written = (await read_form(request, Form)).written()
    await db.write(policies.add, by=signed.actor, written=written, now=now)
    return done(signed, marked("时限已添加，正在走的时限这就重算"), changed="policies")


@router.post(PAGE + "/{policy_id:id}")
async def edit(request: Request, db: DbDep, signed: SignedIn, now: Now, policy_id: Id) -> Response:
    form = await read_form(request, Form)
    written, version = form.written(), form.version
    counts = await db.write(policies.edit, policy_id, by=signed.actor, written=written, version=version, now=now)
    text = marked("已保存，正在走的时限这就重算") if counts else marked("已保存")
    return done(signed, text, changed="policies")


@router.post(PAGE + "/{policy_id:id}/move")
async def move(request: Request, db: DbDep, signed: SignedIn, now: Now, policy_id: Id) -> Response:
    up = (await read_form(request, Move)).way == "up"
    await db.write(policies.move, policy_id, by=signed.actor, up=up, now=now)
    return done(signed, changed="policies")


@router.post(PAGE + "/{policy_id:id}/delete")
async def delete(db: DbDep, signed: SignedIn, now: Now, policy_id: Id) -> Response:
    await db.write(policies.delete_policy, policy_id, by=signed.actor, now=now)
    return done(signed, marked("时限已删除，正在走的时限这就重算"), changed="policies")
