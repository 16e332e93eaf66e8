"""The board: tickets by how far they are, moved on by menus and by hand."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app.agents.calendars import BEIJING
from app.agents.models import Language
from app.agents.sessions import Signed
from app.console import rendering, ticket_words
from app.console.catalogue import marked, translate
from app.console.guard import DbDep, Now, SignedIn
from app.console.rendering import done
from app.console.tickets import pages
from app.console.tickets.asking import Asked, AskedDep
from app.desk.tickets import changing, choices, lists
from app.desk.tickets.filters import Filters, Status
from app.desk.tickets.orders import Sort
from app.forms import Id, find_id, read_form
from app.tickets.models import TicketStatus

router = APIRouter(prefix="/tickets/board")
SHOWN: Final = 30
"""Cards of a column at first, and so many more each time."""
CLOSED_DAYS: Final = 7
COLUMNS: Final = (
    (Status.open, marked("没有待处理的工单")), (Status.in_progress, marked("没有人在处理工单")),
    (Status.waiting, marked("没有在等观众的工单")), (Status.closed, marked("这 7 天没有关闭工单")),
)  # fmt: skip


class Column(NamedTuple):
    status: Status
    empty: str
    rows: tuple[lists.Row, ...]
    is_cut: bool
    """More would be there."""


class Move(BaseModel):
    status: TicketStatus = Field(title=marked("状态"))


@router.get("")
async def show(request: Request, signed: SignedIn, asked: AskedDep, db: DbDep, now: Now) -> Response:
    """The parameters that are named as columns say how many cards of each are shown."""
    lengths = {status: _length(request.query_params.get(status, "")) for status, _ in COLUMNS}
    shown = await db.read(_board, signed, asked, lengths, now)
    fragment = rendering.wants_fragment(request)
    if not fragment:
        shown["choices"] = await db.read(choices.list_choices, by=signed.actor)
    return pages.page(request, "board_columns.html" if fragment else "board.html", signed, **shown)


def _length(written: str) -> int:
    return max(SHOWN, min(find_id(written) or 0, lists.LARGEST_PAGE))


@router.post("/{ticket_id:id}")
async def move(request: Request, signed: SignedIn, db: DbDep, now: Now, ticket_id: Id) -> Response:
    status = (await read_form(request, Move)).status
    await db.write(changing.change, ticket_id, by=signed.actor, changes={"status": status}, now=now)
    column = translate(Language(signed.language), ticket_words.STATUSES[status])
    return done(signed, marked("已移到“{column}”"), changed="ticket", column=column)


def _board(
    session: Session, signed: Signed, asked: Asked, lengths: Mapping[Status, int], now: datetime
) -> dict[str, Any]:
    longer: dict[str, int] = {status: length for status, length in lengths.items() if length > SHOWN}
    columns = [
        _column(session, signed, asked.filters, status, empty, lengths[status], now) for status, empty in COLUMNS
    ]  # fmt: skip
    more = {each.status: urlencode({**longer, each.status: lengths[each.status] + SHOWN}) for each in columns}
    return {
        "columns": columns, "filters": asked.filters, "query": asked.query, "lengths": urlencode(longer), "more": more,
        "most": lists.LARGEST_PAGE,
    }  # fmt: skip


def _column(
    session: Session, signed: Signed, filters: Filters, status: Status, empty: str, length: int, now: datetime
) -> Column:
    """What is closed: of the last days, the newest first; else what ends first."""
    since = (now - timedelta(days=CLOSED_DAYS - 1)).astimezone(BEIJING).date() if status is Status.closed else None
    own = replace(filters, status=status, closed_from=since)
    page = lists.list_page(session, own, by=signed.actor, sort=Sort.due, limit=length, now=now)
    return Column(status, empty, page.rows, page.further is not None)
