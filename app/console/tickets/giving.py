"""Lists of tickets that leave the console: as a table, and on paper."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from datetime import date, datetime
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from app.agents import rights
from app.agents.models import Language
from app.agents.rights import Action, Actor
from app.agents.sessions import Signed
from app.console import ticket_words
from app.console.catalogue import marked, translate
from app.console.guard import DbDep, Now, SignedIn
from app.console.tickets import labels, pages
from app.console.tickets.asking import Asked, AskedDep
from app.console.tickets.known import categories_of
from app.db.database import Database
from app.desk.tickets import choices, exporting
from app.pages import HEADERS

router = APIRouter(prefix="/tickets")
PRINTED: Final = 500
_TEXTS: Final[Mapping[str, Mapping[Any, str]]] = {
    "kind": ticket_words.KINDS, "status": ticket_words.STATUSES, "priority": ticket_words.PRIORITIES,
    "dimension": ticket_words.DIMENSIONS,
    "source": ticket_words.SOURCES,
}  # fmt: skip
_writes: Final[set[asyncio.Task[None]]] = set()
"""What is written down of tables whose readers have gone."""


@router.get("/export")
async def export(signed: SignedIn, asked: AskedDep, db: DbDep, now: Now) -> Response:
    rights.require(signed.actor, Action.export_tickets)
    headers = {**HEADERS, "content-disposition": f'attachment; filename="tickets-{now:%Y%m%d-%H%M}.csv"'}
    return StreamingResponse(table(db, signed.actor, asked, now), media_type="text/csv; charset=utf-8", headers=headers)


async def table(db: Database, by: Actor, asked: Asked, now: datetime) -> AsyncGenerator[str, None]:
    """Page by page; how many rows were given away is written down, also where the reader goes away amid them."""
    words = {name: dict(texts) for name, texts in _TEXTS.items()}
    given, after = 0, ""
    try:
        yield exporting.write_head()
        while given < exporting.MOST:
            lines, count, further = await db.read(
                exporting.write_page, asked.filters, by=by, after=after or None,
                limit=exporting.MOST - given, words=words, now=now,
            )  # fmt: skip
            given += count
            yield lines
            if further is None:
                break
            after = further
    finally:
        record = db.write(exporting.record, by=by, filters=asked.values, rows=given, now=now)
        writing = asyncio.ensure_future(record)
        _writes.add(writing)
        writing.add_done_callback(_writes.discard)
        await asyncio.shield(writing)


@router.get("/print")
async def show_print(request: Request, signed: SignedIn, asked: AskedDep, db: DbDep, now: Now) -> Response:
    shown = await pages.find(db, signed, asked, "", now, PRINTED)
    names = await db.read(choices.list_choices, by=signed.actor)
    told = _told(signed, asked, names, categories_of(request))
    return pages.page(request, "print.html", signed, told=told, most=PRINTED, **shown)


def _told(signed: Signed, asked: Asked, names: choices.Choices, categories: Mapping[str, str]) -> str:
    """What narrows the list, in words."""
    language, filters = Language(signed.language), asked.filters
    people, teams = dict(names.people), dict(names.teams)

    def say(text: str | None) -> str | None:
        return translate(language, text) if text else None

    owner = filters.owner
    parts = [
        say(labels.CHOICES[filters.status]), say(ticket_words.KINDS[filters.kind]) if filters.kind else None,
        say(ticket_words.PRIORITIES[filters.priority]) if filters.priority else None,
        signed.actor.name if owner == "me" else say(labels.NOBODY) if owner == "nobody" else people.get(owner or 0),
        teams.get(filters.team or 0), say(ticket_words.SOURCES.get(filters.source or "")),
        say(ticket_words.DIMENSIONS[filters.dimension]) if filters.dimension else None,
        f"《{filters.title}》" if filters.title else None, _counted(language, marked("第%(num)s季"), filters.season),
        _counted(language, marked("第%(num)s集"), filters.episode), f"#{filters.tag}" if filters.tag else None,
        categories.get(filters.category or "", filters.category), filters.skill,
        say(labels.COMPLAINTS[filters.complaint]) if filters.complaint else None,
        say(labels.OVERDUE) if filters.overdue else None, say(labels.BREACHED) if filters.breached else None,
        say(labels.WATCHED) if filters.watching else None, say(labels.CHILDREN) if filters.parent is not None else None,
        say(labels.DUES[filters.due]) if filters.due else None, f"“{filters.q}”" if filters.q else None,
        _span(say(marked("登记于")), filters.opened_from, filters.opened_until),
        _span(say(marked("关闭于")), filters.closed_from, filters.closed_until),
    ]  # fmt: skip
    return " · ".join(part for part in parts if part)


def _counted(language: Language, text: str, num: int | None) -> str | None:
    return None if num is None else translate(language, text) % {"num": num}


def _span(label: str | None, first: date | None, last: date | None) -> str | None:
    return f"{label} {first or ''} – {last or ''}" if first or last else None
