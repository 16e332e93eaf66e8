"""What has not left, and what a person decides about it: the functions of the command ``outbox``, on a page."""

from datetime import datetime
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app.agents.models import Language
from app.agents.rights import Action, Actor
from app.agents.sessions import Signed
from app.console.catalogue import marked, translate
from app.console.guard import DbDep, Now, SignedIn
from app.console.rendering import done, page, wants_fragment
from app.conversations import undelivered
from app.conversations.undelivered import PAGE as ROWS
from app.desk import reasons
from app.errors import AppError
from app.forms import Id, read_form

router = APIRouter()
PAGE = "/outbox"
SHOWN = 20
"""Rows of a section at a time."""
STATES = ("dead", "unknown", "waiting")
CHANGED = "outbox"
"""What own changes fetch again."""


class DecidedAlready(AppError):
    status_code, message = 409, "这一条已经有人处理过了，页面已更新"


class Decide(BaseModel):
    message: Id = Field(title=marked("消息"))


class Reopen(BaseModel):
    channel: Id = Field(title=marked("渠道"))


@router.get(PAGE)
async def show(
    request: Request, db: DbDep, signed: SignedIn, now: Now, dead: Id = 0, unknown: Id = 0, waiting: Id = 0
) -> Response:
    """Each section shows what follows the message that is named for it."""
    after = {"dead": dead, "unknown": unknown, "waiting": waiting}
    shown = await db.read(_read, after, by=signed.actor, now=now)
    name = "outbox_list.html" if wants_fragment(request) else "outbox.html"
    say = partial(translate, Language(signed.language))
    may = signed.actor.may(Action.decide_outbox)
    return page(request, name, signed, after=after, shown=SHOWN, reasons=reasons, say=say, may=may, **shown)


def _read(session: Session, after: dict[str, int], *, by: Actor, now: datetime) -> dict[str, Any]:
    lists = {
        state: undelivered.list_undelivered(session, state=state, by=by, after=after[state], limit=SHOWN)
        for state in STATES
    }
    return {"summary": undelivered.summary(session, now, by=by), "lists": lists}


# -------------------- decisions


@router.post(PAGE + "/redrive")
async def redrive(request: Request, db: DbDep, signed: SignedIn, now: Now) -> Response:
    message = (await read_form(request, Decide)).message
    count = await db.write(undelivered.redrive, by=signed.actor, now=now, message_ids=[message])
    return _decided(signed, count)


@router.post(PAGE + "/redrive-all")
async def redrive_all(db: DbDep, signed: SignedIn, now: Now) -> Response:
    while await db.write(undelivered.redrive, by=signed.actor, now=now, limit=ROWS) == ROWS:
        pass
    return done(signed, changed=CHANGED)


@router.post(PAGE + "/drop")
async def drop(request: Request, db: DbDep, signed: SignedIn, now: Now) -> Response:
    message = (await read_form(request, Decide)).message
    return _decided(signed, await db.write(undelivered.drop, [message], by=signed.actor, now=now))


@router.post(PAGE + "/arrived")
async def mark_arrived(request: Request, db: DbDep, signed: SignedIn, now: Now) -> Response:
    message = (await read_form(request, Decide)).message
    return _decided(signed, await db.write(undelivered.mark_arrived, message, by=signed.actor, now=now))


@router.post(PAGE + "/lost")
async def mark_lost(request: Request, db: DbDep, signed: SignedIn, now: Now) -> Response:
    message = (await read_form(request, Decide)).message
    return _decided(signed, await db.write(undelivered.mark_lost, message, by=signed.actor, now=now))


@router.post(PAGE + "/again")
async def send_again(request: Request, db: DbDep, signed: SignedIn, now: Now) -> Response:
    message = (await read_form(request, Decide)).message
    return _decided(signed, await db.write(undelivered.send_again, message, by=signed.actor, now=now))


@router.post(PAGE + "/reopen")
async def reopen(request: Request, db: DbDep, signed: SignedIn, now: Now) -> Response:
    """What closed a channel's gates is mended: what waited for that may go."""
    channel = (await read_form(request, Reopen)).channel
    while await db.write(undelivered.reopen, channel, by=signed.actor, now=now) == ROWS:
        pass
    return done(signed, changed=CHANGED)


def _decided(signed: Signed, count: int) -> Response:
    if not count:
        raise DecidedAlready
    return done(signed, changed=CHANGED)
