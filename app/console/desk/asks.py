"""What is asked before something is done: the insides of the desk's dialogs."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from app.agents.rights import Action
from app.agents.sessions import Signed
from app.console.desk import labels, showing
from app.console.desk.acts import snooze_choices
from app.console.guard import DbDep, Now, SignedIn
from app.desk import colleagues, context, tags, threads
from app.forms import Id

router = APIRouter(prefix="/desk/{conversation_id:id}")


@router.get("/transfer")
async def ask_transfer(request: Request, conversation_id: Id, signed: SignedIn, db: DbDep, now: Now) -> Response:
    shown = await db.read(_transfer, signed, conversation_id, now)
    return showing.page(request, "transfer.html", signed, **shown)


def _transfer(session: Session, signed: Signed, conversation_id: int, now: datetime) -> dict[str, Any]:
    head = threads.look(session, conversation_id, by=signed.actor, now=now).head
    return {
        "head": head, "targets": colleagues.list_targets(session, by=signed.actor, now=now), "states": labels.SHOWN
    }  # fmt: skip


@router.get("/snooze")
async def ask_snooze(request: Request, conversation_id: Id, signed: SignedIn, db: DbDep, now: Now) -> Response:
    thread = await db.read(threads.look, conversation_id, by=signed.actor, now=now)
    return showing.page(request, "snooze.html", signed, head=thread.head, choices=snooze_choices(now))


@router.get("/tags")
async def ask_tags(request: Request, conversation_id: Id, signed: SignedIn, db: DbDep, now: Now) -> Response:
    shown = await db.read(_tags, signed, conversation_id, now)
    return showing.page(request, "tags.html", signed, **shown)


def _tags(session: Session, signed: Signed, conversation_id: int, now: datetime) -> dict[str, Any]:
    head = threads.look(session, conversation_id, by=signed.actor, now=now).head
    return {"head": head, "known": tags.known_tags(session, by=signed.actor, limit=50)}


@router.get("/viewer")
async def ask_viewer(request: Request, conversation_id: Id, signed: SignedIn, db: DbDep, now: Now) -> Response:
    shown = await db.read(_viewer, signed, conversation_id, now)
    return showing.page(request, "viewer.html", signed, **shown)


def _viewer(session: Session, signed: Signed, conversation_id: int, now: datetime) -> dict[str, Any]:
    head = threads.look(session, conversation_id, by=signed.actor, now=now).head
    card = context.read(session, conversation_id, by=signed.actor, account=None, now=now).viewer
    return {"head": head, "card": card, "may_rank": signed.actor.may(Action.rank_viewers)}
