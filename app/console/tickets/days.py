"""What somebody has to do today, and what happened that he has not seen."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app.agents.sessions import Signed
from app.console import rendering
from app.console.catalogue import marked
from app.console.guard import DbDep, Now, SignedIn
from app.console.rendering import done
from app.console.tickets.pages import page
from app.desk.tickets import notices, today
from app.forms import Id, read_form

router = APIRouter(prefix="/tickets")


class Seen(BaseModel):
    until: Id = Field(title=marked("消息"))


@router.get("/today")
async def show(request: Request, signed: SignedIn, db: DbDep, now: Now) -> Response:
    shown = await db.read(_look, signed, now)
    name = "today_parts.html" if rendering.wants_fragment(request) else "today.html"
    return page(request, name, signed, **shown)


@router.get("/badge")
async def show_badge(request: Request, signed: SignedIn, db: DbDep) -> Response:
    """How many notices are new, in the rail."""
    return page(request, "badge.html", signed, count=await db.read(notices.count_unseen, by=signed.actor))


@router.post("/notices/seen")
async def see_all(request: Request, signed: SignedIn, db: DbDep, now: Now) -> Response:
    until = (await read_form(request, Seen)).until
    count = await db.write(notices.see_all, by=signed.actor, until=until, now=now)
    return done(signed, marked("已把 {count} 条标为已读"), changed="notices", count=count)


def _look(session: Session, signed: Signed, now: datetime) -> dict[str, Any]:
    return {
        "day": today.look(session, by=signed.actor, now=now), "told": notices.list_unseen(session, by=signed.actor),
        "unseen": notices.count_unseen(session, by=signed.actor),
    }  # fmt: skip
