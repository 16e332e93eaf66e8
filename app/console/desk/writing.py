"""What makes writing fast at the desk: quick replies, suggested answers, and templates where no window is open."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app.agents.rights import Actor
from app.agents.sessions import Signed
from app.console.desk import showing
from app.console.desk.acts import DONE
from app.console.desk.files import address_of, make_ticket
from app.console.desk.pages import account_of
from app.console.guard import DbDep, Now, SignedIn
from app.conversations.accounts import Account
from app.desk import notices, quick, quick_lists, reach, replies, suggestions, threads, variables
from app.desk.quick import Reply
from app.dialogue.understand import Brain
from app.forms import Id, Seq, read_form
from app.viewers.models import Identity

router = APIRouter(prefix="/desk/{conversation_id:id}")


# -------------------- quick replies


@dataclass(frozen=True, slots=True)
class Offered:
    reply: Reply
    text: str
    """With its variables filled in."""
    pictures: list[dict[str, str]]
    """As the reply box takes them: ticket, address, name."""


@router.get("/quick")
async def offer(
    request: Request, conversation_id: Id, signed: SignedIn, db: DbDep, now: Now, q: str = ""
) -> Response:  # fmt: skip
    found, values = await db.read(_offered, conversation_id, q[:32], by=signed.actor, now=now)
    keyring = request.app.state.service.keyring

    def taken(key: str, name: str) -> dict[str, str]:
        ticket = make_ticket(keyring, key, signed)
        return {"ticket": ticket, "address": address_of(ticket), "name": name}

    offered = [
        Offered(reply, variables.render(reply.text, values), [taken(each.key, each.name) for each in reply.pictures])
        for reply in found
    ]
    return showing.page(request, "quick.html", signed, offered=offered, q=q[:32])


def _offered(
    session: Session, conversation_id: int, prefix: str, *, by: Actor, now: datetime
) -> tuple[list[Reply], dict[str, str]]:
    values = variables.values_for(session, conversation_id, by=by, now=now)
    return quick_lists.list_for(session, by=by, prefix=prefix), values


@router.post("/quick/{reply_id:id}", status_code=DONE)
async def count_use(conversation_id: Id, reply_id: Id, signed: SignedIn, db: DbDep) -> None:
    """It was put into a reply."""
    await db.write(quick.count_use, reply_id, by=signed.actor)


# -------------------- suggested answers


@router.get("/suggestions")
async def suggest(request: Request, conversation_id: Id, signed: SignedIn, db: DbDep) -> Response:
    asked = await db.read(suggestions.read_asked, conversation_id, by=signed.actor)
    brain: Brain = request.app.state.service.ingest.rules.brain
    found = await asyncio.to_thread(suggestions.suggest, asked, brain)  # some ms a text that is new
    return showing.page(request, "suggestions.html", signed, suggestions=found, conversation_id=conversation_id)


# -------------------- where no window is open


@router.get("/window")
async def show_window(request: Request, conversation_id: Id, signed: SignedIn, db: DbDep, now: Now) -> Response:
    account = await account_of(request, db, signed, conversation_id)
    shown = await db.read(_window, signed, conversation_id, account, now)
    return showing.page(request, "window.html", signed, **shown)


def _window(
    session: Session, signed: Signed, conversation_id: int, account: Account | None, now: datetime
) -> dict[str, Any]:  # fmt: skip
    talk = threads.get_for(session, signed.actor, conversation_id)
    window = reach.window(session, talk, session.get_one(Identity, talk.identity_id), account, now)
    thread = threads.look(session, conversation_id, by=signed.actor, now=now)
    return {"window": window, "thread": thread, "approved": _approved(session, signed, conversation_id)}


def _approved(session: Session, signed: Signed, conversation_id: int) -> Any:
    return notices.list_for(session, conversation_id, by=signed.actor)


@router.get("/notice")
async def ask_notice(
    request: Request, conversation_id: Id, signed: SignedIn, db: DbDep, now: Now, template: str = ""
) -> Response:  # fmt: skip
    shown = await db.read(_notice, signed, conversation_id, template, now)
    return showing.page(request, "notice.html", signed, **shown)


def _notice(
    session: Session, signed: Signed, conversation_id: int, template_id: str, now: datetime
) -> dict[str, Any]:  # fmt: skip
    thread = threads.look(session, conversation_id, by=signed.actor, now=now)
    listed = _approved(session, signed, conversation_id)
    chosen = next((each for each in listed if each.id == template_id), listed[0] if listed else None)
    return {"head": thread.head, "approved": listed, "chosen": chosen}


class Notice(BaseModel):
    template: str = Field(title="模板", max_length=64)
    value: list[str] = Field(title="内容", max_length=20)
    seen: Seq = Field(title="看到哪一条")
    key: str = Field(title="编号", min_length=8, max_length=60)
    doubtful: str = ""


@router.post("/notice", status_code=DONE)
async def send_notice(request: Request, conversation_id: Id, signed: SignedIn, db: DbDep, now: Now) -> None:
    form = await read_form(request, Notice)
    await db.write(_send, conversation_id, form, by=signed.actor, now=now)


def _send(session: Session, conversation_id: int, form: Notice, *, by: Actor, now: datetime) -> None:
    template = notices.get_template(session, conversation_id, form.template, by=by)
    values = {key: value for (key, _), value in zip(template.fields, form.value, strict=False)}
    replies.send(
        session, conversation_id, by=by, message=notices.filled(template, values), seen_seq=form.seen, key=form.key,
        now=now, even_if_doubtful=bool(form.doubtful),
    )  # fmt: skip
