"""The page of figures about tickets: each panel of it is fetched by itself, so that none waits for another."""

import csv
import io
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final, NamedTuple

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from app.agents.models import Language
from app.agents.rights import Actor
from app.agents.sessions import Signed
from app.console.catalogue import marked
from app.console.desk.showing import entry_title
from app.console.figures import flows, shares
from app.console.figures.asking import PRESETS, Ask, Asked
from app.console.figures.drawing import Panel, Table
from app.console.figures.telling import Teller
from app.console.guard import DbDep, Now, SignedIn
from app.console.rendering import page
from app.console.tickets import labels
from app.desk.quick_csv import BOM, cell
from app.desk.tickets.figures import choices
from app.desk.tickets.figures.shares import by_title
from app.errors import NotFound
from app.pages import HEADERS

router = APIRouter()
PAGE: Final = "/figures"


class Part(NamedTuple):
    name: str
    """While it is not there yet."""
    build: Callable[..., Panel]
    is_wide: bool = False


PARTS: Final[Mapping[str, Part]] = {
    "flow": Part(marked("登记、关闭和积压"), flows.flow_panel, is_wide=True),
    "times": Part(marked("答复和解决用时"), flows.times_panel),
    "ages": Part(marked("还没关的有多久"), flows.ages_panel),
    "deadlines": Part(marked("时限"), flows.deadlines_panel),
    "opinions": Part(marked("满意度和重新打开"), flows.opinions_panel),
    "titles": Part(marked("作品"), shares.titles_panel),
    "dimensions": Part(marked("哪一方面的质量"), shares.dimensions_panel),
    "categories": Part(marked("知识条目"), shares.categories_panel),
    "channels": Part(marked("渠道"), shares.channels_panel),
    "people": Part(marked("负责人"), shares.people_panel, is_wide=True),
}
"""In the order of the page."""


class NoSuchFigure(NotFound):
    message = "没有这个报表"


@router.get(PAGE)
async def show(request: Request, signed: SignedIn, db: DbDep, now: Now, asked: Ask) -> Response:
    shown = await db.read(_choose, asked, by=signed.actor)
    return page(
        request, "figures.html", signed, asked=asked, presets=PRESETS, parts=PARTS, words=labels,
        narrowing=asked.narrowing, **shown,
    )  # fmt: skip


def _choose(session: Session, asked: Asked, *, by: Actor) -> dict[str, Any]:
    titles = by_title(session, asked.span, by=by)
    return {"choices": choices.list_choices(session, by=by), "titles": [row.name for row in titles.rows]}


@router.get(PAGE + "/panel/{name}")
async def show_panel(request: Request, signed: SignedIn, db: DbDep, now: Now, asked: Ask, name: str) -> Response:
    panel = await db.read(_build, name, asked, _teller(request, signed), by=signed.actor, now=now)
    return page(request, "figures_panel.html", signed, asked=asked, key=name, part=PARTS[name], panel=panel)


@router.get(PAGE + "/table/{name}")
async def send_table(request: Request, signed: SignedIn, db: DbDep, now: Now, asked: Ask, name: str) -> Response:
    """As CSV that spreadsheets read."""
    panel = await db.read(_build, name, asked, _teller(request, signed), by=signed.actor, now=now)
    days = f"{asked.span.first_on:%Y%m%d}-{asked.span.last_on:%Y%m%d}"
    headers = {**HEADERS, "content-disposition": f'attachment; filename="tickets-{name}-{days}.csv"'}
    return Response(_written(panel.table), media_type="text/csv; charset=utf-8", headers=headers)


def _teller(request: Request, signed: Signed) -> Teller:
    return Teller(Language(signed.language), partial(entry_title, request))


def _build(session: Session, name: str, asked: Asked, tell: Teller, *, by: Actor, now: datetime) -> Panel:
    if name not in PARTS:
        raise NoSuchFigure
    return PARTS[name].build(session, asked, tell, by=by, now=now)


def _written(table: Table) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(table.head)
    writer.writerows([cell(each.text) for each in row] for row in table.cells())
    return BOM + out.getvalue()
