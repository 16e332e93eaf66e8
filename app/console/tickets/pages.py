"""The lists of tickets: the whole page, and the fragments that it is made of."""

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from app.agents.rights import Action
from app.agents.sessions import Signed
from app.console import rendering
from app.console.guard import DbDep, Now, SignedIn
from app.console.tickets import labels
from app.console.tickets.asking import Asked, AskedDep, asked, usual
from app.console.tickets.known import categories_of, titles_of
from app.db.database import Database
from app.desk import saved
from app.desk.tickets import choices, lists, runs
from app.desk.tickets.filters import Filters
from app.desk.tickets.orders import Sort

router = APIRouter(prefix="/tickets")
SHOWN: Final = 50
LOOKS: Final = 15
"""Looks for one page: each ends early where little of what it looks at is what is asked for."""
MAIN: Final = ("status", "owner", "priority", "kind", "due")
"""Filters that are in sight; more are behind a button."""
_TABBED: Final = ("overdue", "watching")


@router.get("")
async def show(request: Request, signed: SignedIn, asked: AskedDep, db: DbDep, now: Now, after: str = "") -> Response:
    """Without filters it is what he has himself, where he works on tickets."""
    if not request.query_params and signed.actor.may(Action.work_tickets):
        asked = Asked(Filters(owner="me"), Sort.due)
    shown = await find(db, signed, asked, after, now)
    shown |= await db.read(_around, signed, asked, now)
    if signed.actor.may(Action.change_many):
        shown["runs"] = await db.read(runs.list_own, by=signed.actor, now=now)
    fragment = rendering.wants_fragment(request)
    return page(request, "list_and_tabs.html" if fragment else "page.html", signed, **shown)


@router.get("/list")
async def show_list(
    request: Request, signed: SignedIn, asked: AskedDep, db: DbDep, now: Now, after: str = ""
) -> Response:
    return page(request, "list.html", signed, **await find(db, signed, asked, after, now))


@router.get("/tabs")
async def show_tabs(request: Request, signed: SignedIn, asked: AskedDep, db: DbDep, now: Now) -> Response:
    return page(request, "tabs.html", signed, **await db.read(_around, signed, asked, now))


def page(request: Request, name: str, signed: Signed, **context: Any) -> HTMLResponse:
    may = signed.actor.may
    own: dict[str, Any] = {
        "words": labels, "may_work": may(Action.work_tickets), "may_change_many": may(Action.change_many),
        "may_export": may(Action.export_tickets), "oob": False, "categories": categories_of(request),
        "titles": titles_of(request),
    }  # fmt: skip
    return rendering.page(request, f"tickets/{name}", signed, **own | context)


async def find(
    db: Database, signed: Signed, asked: Asked, after: str, now: datetime, shown: int = SHOWN
) -> dict[str, Any]:
    """A page of rows, in as many looks as it takes; ``unsure`` where there may be more than could be looked at."""
    rows: list[lists.Row] = []
    further: str | None = after or None
    for _ in range(LOOKS):
        found = await db.read(
            lists.list_page, asked.filters, by=signed.actor, sort=asked.sort, after=further, limit=shown - len(rows),
            now=now,
        )  # fmt: skip
        rows += found.rows
        further = found.further
        if further is None or len(rows) == shown:
            break
    return {
        "rows": rows, "further": further, "after": after, "asked": asked, "filters": asked.filters, "sort": asked.sort,
        "query": asked.query, "empty": labels.empty_of(asked.filters),
    }  # fmt: skip


def _around(session: Session, signed: Signed, given: Asked, now: datetime) -> dict[str, Any]:
    """What stands above a list: the tabs with their counts, and what it can be narrowed to."""
    actor, filters = signed.actor, given.filters
    whole = replace(filters, q="")
    views = [(view, asked(view.filters)) for view in saved.list_own(session, by=actor, page=saved.Page.tickets)]
    return {
        "asked": given, "filters": filters, "sort": given.sort, "query": given.query,
        "counts": lists.count_tabs(session, by=actor, now=now),
        "tabs": [(Asked(tab, usual(tab)).query, label, count, tab == whole) for tab, label, count in labels.TABS],
        "views": [(view, own.query, own == given) for view, own in views],
        "choices": choices.list_choices(session, by=actor),
        "is_folded": given.values.keys() <= {*MAIN, *_TABBED, "sort", "q"},
    }  # fmt: skip


rendering.TEMPLATES.filters |= {"due": labels.due}
