"""The page of one ticket, and the fragments that it is made of."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy.orm import Session

from app.agents.calendars import BEIJING
from app.agents.models import Language
from app.agents.rights import Action
from app.agents.sessions import Signed
from app.channels.registry import PLATFORMS
from app.channels.templates import Template
from app.console import macro_words, rendering
from app.console.catalogue import translate
from app.console.guard import DbDep, Now, SignedIn
from app.console.tickets import labels, told
from app.console.tickets.facts import minute_of, shown_of
from app.console.tickets.known import categories_of, titles_of
from app.conversations.accounts import Account, Directory
from app.db.database import Database
from app.desk import notices, reasons
from app.desk.tickets import choices, deciding, fields, macros, reading
from app.desk.tickets.reading import Sheet
from app.desk.tickets.telling import Then
from app.forms import Id

router = APIRouter(prefix="/tickets")
FURTHER: Final = 200
"""Lines of a history that are shown with each step back."""


@router.get("/{ticket_id:id}")
async def show(
    request: Request, ticket_id: Id, signed: SignedIn, db: DbDep, now: Now, lines: Id = reading.LINES
) -> Response:
    shown = await _read(request, db, signed, ticket_id, now, lines)
    return page(request, "sheet.html", signed, **shown)


@router.get("/T-{number:id}")
async def show_number(number: Id, signed: SignedIn, db: DbDep) -> Response:
    """As viewers call it: the address that people type."""
    found = await db.read(reading.find_number, number, by=signed.actor)
    return RedirectResponse(f"/tickets/{found}", 303)


@router.get("/{ticket_id:id}/now")
async def show_now(
    request: Request, ticket_id: Id, signed: SignedIn, db: DbDep, now: Now, lines: Id = reading.LINES
) -> Response:
    """What changes by itself: how it stands, what happened, what belongs to it. Nothing that is typed into."""
    return page(request, "sheet_now.html", signed, **await _read(request, db, signed, ticket_id, now, lines))


@router.get("/{ticket_id:id}/facts")
async def show_facts(request: Request, ticket_id: Id, signed: SignedIn, db: DbDep, now: Now) -> Response:
    """The form of what it is, as it stands now."""
    shown = await _read(request, db, signed, ticket_id, now)
    sheet: Sheet = shown["sheet"]
    has_contact = not sheet.platform and signed.actor.may(Action.see_conversations)
    parent = sheet.parent.number if sheet.parent else None
    known = shown_of(sheet.ticket, sheet.tags, parent, contact=has_contact)
    return page(request, "facts.html", signed, **shown, has_contact=has_contact, shown=known)


@router.get("/{ticket_id:id}/split")
async def show_split(request: Request, ticket_id: Id, signed: SignedIn, db: DbDep, now: Now) -> Response:
    """What can be taken out of it."""
    shown = await _read(request, db, signed, ticket_id, now, reading.MOST_LINES)
    return page(request, "split.html", signed, **shown)


@router.get("/{ticket_id:id}/macros")
async def show_macros(request: Request, ticket_id: Id, signed: SignedIn, db: DbDep, now: Now) -> Response:
    """What can be done to it in one step."""
    shown = await db.read(_macros, signed, ticket_id)
    return page(request, "macros.html", signed, ticket_id=ticket_id, **shown)


def _macros(session: Session, signed: Signed, ticket_id: int) -> dict[str, Any]:
    found = macros.list_for(session, by=signed.actor)
    names = dict(choices.list_choices(session, by=signed.actor).teams)
    language = Language(signed.language)
    return {"rows": [(macro, macro_words.effects_of(language, macro, names)) for macro in found]}


async def _read(
    request: Request, db: Database, signed: Signed, ticket_id: int, now: datetime, lines: int = reading.LINES
) -> dict[str, Any]:
    account = await _account_of(request, db, signed, ticket_id)
    lines = max(reading.LINES, min(lines, reading.MOST_LINES))
    shown = await db.read(_sheet, signed, ticket_id, account, lines, now)
    return shown | {"lines": lines, "least": reading.LINES, "most": reading.MOST_LINES, "further": lines + FURTHER}


async def _account_of(request: Request, db: Database, signed: Signed, ticket_id: int) -> Account | None:
    directory: Directory = request.app.state.service.directory
    channel = await db.look(reading.channel_of, ticket_id, by=signed.actor)
    return None if channel is None else await directory.by_id(channel)


def _sheet(
    session: Session, signed: Signed, ticket_id: int, account: Account | None, lines: int, now: datetime
) -> dict[str, Any]:
    sheet = reading.read(session, ticket_id, by=signed.actor, account=account, newest=lines, now=now)
    approved = _templates(session, sheet, signed)
    platform = PLATFORMS.get(sheet.platform or "")
    limit = platform.capability.text_bytes if platform is not None else None
    return {
        "sheet": sheet, "ticket": sheet.ticket, "choices": choices.list_choices(session, by=signed.actor),
        "limit": limit, "approved": approved, "watches": any(agent == signed.actor.id for agent, _ in sheet.watchers),
    }  # fmt: skip


def _templates(session: Session, sheet: Sheet, signed: Signed) -> Sequence[Template]:
    """What may leave although the window is closed, where somebody may write to a viewer at all."""
    if sheet.place is None or sheet.in_group or not signed.actor.may(Action.work_tickets):
        return ()
    return notices.list_for(session, sheet.place, by=signed.actor)


def page(request: Request, name: str, signed: Signed, **context: Any) -> HTMLResponse:
    may = signed.actor.may
    own: dict[str, Any] = {
        "words": labels, "told": told, "reasons": reasons, "Then": Then, "remedies": deciding.REMEDIES,
        "may_work": may(Action.work_tickets), "may_note": may(Action.note_tickets),
        "may_decide": may(Action.decide_complaints), "may_talk": may(Action.see_conversations),
        "key": secrets.token_urlsafe(12), "categories": categories_of(request), "titles": titles_of(request),
        "timecode": fields.show_timecode, "minute_of": minute_of,
        "say": partial(translate, Language(signed.language)),
    }  # fmt: skip
    return rendering.page(request, f"tickets/{name}", signed, **own | context)


def minute(at: datetime) -> str:
    """Beijing time, as it stands among facts."""
    return f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M}"


rendering.TEMPLATES.filters |= {"minute": minute, "due": labels.due}
