"""A new ticket: its form, what it may be about and what may be there already as it is typed, and its opening."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app.agents.rights import Actor
from app.agents.sessions import Signed
from app.console.catalogue import marked
from app.console.guard import DbDep, Now, SignedIn
from app.console.tickets import sheet
from app.console.tickets.acts import DONE, OwnerWrong
from app.console.tickets.facts import number_of, promised, read_due
from app.desk import threads
from app.desk.tickets import changing, choices, duplicates, opening
from app.desk.tickets.duplicates import Matter
from app.desk.tickets.opening import Draft
from app.dialogue.rules import Rules
from app.faq.knowledge import Entry
from app.forms import Id, find_id, read_form
from app.tickets import classifying
from app.tickets.models import DESK, PHONE

router = APIRouter(prefix="/tickets")
SHORTEST = 4
"""Characters of a subject from which on it says what it is about."""


@dataclass(frozen=True, slots=True)
class Guess:
    """What a text is about, as the bot would have understood it."""

    kind: str
    category: str | None
    dimension: str | None
    priority: str
    title: str | None
    season: int | None
    episode: int | None


@router.get("/new")
async def show(
    request: Request, signed: SignedIn, db: DbDep, now: Now, conversation: Id | None = None, source: str = DESK,
    parent: str = "",
) -> Response:  # fmt: skip
    """``parent``: as it is written into the form, T-1024."""
    shown = await db.read(_form, signed, conversation, now)
    source = source if source in (DESK, PHONE) else DESK
    given = {"source": source, "parent": parent[:16], "key": secrets.token_urlsafe(12)}
    return sheet.page(request, "new.html", signed, **shown | given)


def _form(session: Session, signed: Signed, conversation_id: int | None, now: datetime) -> dict[str, Any]:
    opening.require(signed.actor)
    head = None
    if conversation_id is not None:
        head = threads.look(session, conversation_id, by=signed.actor, now=now).head
    return {"head": head, "choices": choices.list_choices(session, by=signed.actor)}


# -------------------- while it is typed


class Typed(BaseModel):
    subject: str = Field("", title=marked("标题"), max_length=400)
    description: str = Field("", title=marked("情况"), max_length=20_000)
    title: str = Field("", title=marked("作品"), max_length=128)
    episode: str = Field("", title=marked("集"), max_length=8)
    category: str = Field("", title=marked("分类"), max_length=64)
    conversation: Id | None = Field(None, title=marked("会话"))


@router.post("/hints")
async def show_hints(request: Request, signed: SignedIn, db: DbDep) -> Response:
    form = await read_form(request, Typed)
    subject = form.subject.strip()
    rules: Rules = request.app.state.service.ingest.rules
    guess = guess_of(rules, f"{subject} {form.description}"[:300]) if len(subject) >= SHORTEST else None
    found: list[duplicates.Likely] = []
    if guess is not None:
        episode = int(form.episode) if form.episode.strip().isdecimal() else guess.episode
        matter = Matter(
            subject, form.title.strip() or guess.title, episode, form.category or guess.category, form.conversation
        )
        found = await db.read(duplicates.find, matter, by=signed.actor)
    return sheet.page(request, "hints.html", signed, guess=guess, found=found)


def guess_of(rules: Rules, text: str) -> Guess:
    understood = rules.brain.understand(text)
    meant, slots = understood.may_mean, understood.slots
    category = meant.id if isinstance(meant, Entry) else None
    kind = classifying.kind_of(category)
    return Guess(
        kind, category, classifying.dimension_of(kind, category, text), classifying.priority_of(kind, category),
        slots.title, slots.season, slots.episode,
    )  # fmt: skip


# -------------------- opened


class Written(BaseModel):
    subject: str = Field(title=marked("标题"), max_length=400)
    description: str = Field("", title=marked("情况"), max_length=20_000)
    kind: str = Field(title=marked("类型"), max_length=12)
    priority: str = Field(title=marked("优先级"), max_length=8)
    category: str = Field("", title=marked("分类"), max_length=64)
    dimension: str = Field("", title=marked("质量维度"), max_length=12)
    title: str = Field("", title=marked("作品"), max_length=128)
    season: str = Field("", title=marked("季"), max_length=6)
    episode: str = Field("", title=marked("集"), max_length=8)
    timecode_s: str = Field("", title=marked("时间点"), max_length=10)
    contact: str = Field("", title=marked("联系人"), max_length=128)
    skill: str = Field("", title=marked("技能"), max_length=64)
    due: str = Field("", title=marked("答复期限"), max_length=40)
    parent: str = Field("", title=marked("上级工单"), max_length=16)
    to: str = Field("", title=marked("交给谁"), max_length=32)
    tags: list[str] = Field(title=marked("标签"), max_length=100)
    watchers: list[Id] = Field(title=marked("请同事关注"), max_length=100)
    source: str = Field(DESK, title=marked("来源"), max_length=8)
    conversation: Id | None = Field(None, title=marked("会话"))
    key: str = Field(title=marked("编号"), min_length=8, max_length=60)


_APART = {"description", "due", "parent", "to", "tags", "watchers", "source", "conversation", "key"}


@router.post("/new")
async def open_ticket(request: Request, signed: SignedIn, db: DbDep, now: Now) -> Response:
    form = await read_form(request, Written)
    rules: Rules = request.app.state.service.ingest.rules
    made = await db.write(_open, form, rules, by=signed.actor, now=now)
    return Response(status_code=DONE, headers={"hx-redirect": f"/tickets/{made}"})


def _open(session: Session, form: Written, rules: Rules, *, by: Actor, now: datetime) -> int:
    given: dict[str, Any] = form.model_dump(exclude=_APART)
    named = read_due(form.due)
    given["due_at"] = named or promised(rules, form.kind, form.priority, now)
    owner_id, given["team_id"] = _given_to(form.to, by)
    if form.parent.strip():
        given["parent_id"] = changing.find_number(session, number_of(form.parent))
    draft = Draft(
        given, form.description, form.conversation, form.source, owner_id, form.tags, form.watchers, form.key,
        office=rules.promises.complaint_office, days=None if named else rules.promises.complaint_days,
    )  # fmt: skip
    return opening.open_ticket(session, draft, by=by, now=now)


def _given_to(to: str, by: Actor) -> tuple[int | None, int | None]:
    """(owner, team) of ``me``, ``agent:3``, ``team:2`` or nothing. OwnerWrong."""
    kind, _, number = to.partition(":")
    if kind == "":
        return None, None
    if kind == "me":
        return by.id, None
    found = find_id(number)
    if kind not in ("agent", "team") or found is None:
        raise OwnerWrong
    return (found, None) if kind == "agent" else (None, found)
