"""Business calendars: the list, a page of each, its year as one types it, and a year's days from a file."""

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from app.agents import business_calendars, day_files
from app.agents.business_calendars import LONGEST_DAYS, LONGEST_HOURS, Written
from app.agents.calendars import BEIJING, Calendar
from app.agents.models import Language
from app.agents.rights import Action, require
from app.agents.sessions import Signed
from app.console.catalogue import marked, sentence_of
from app.console.guard import DbDep, Now, SignedIn
from app.console.rendering import done, go_to, page
from app.console.year_picture import picture_of
from app.dialogue.loading import load_calendar
from app.errors import AppError
from app.forms import Id, read_form

router = APIRouter()
PAGE: Final = "/calendars"
Year = Annotated[int, Field(ge=2000, le=2100)]
_DECEMBER: Final = 12
_ENVELOPE: Final = 2048
"""Bytes that a form adds to its file."""


class FileMissing(AppError):
    status_code, message = 422, "请选择一个 256 KB 以内的文件"


class Form(BaseModel):
    name: str = Field(title=marked("名字"), min_length=1, max_length=64)
    hours: str = Field(title=marked("工作时间"), min_length=1, max_length=LONGEST_HOURS)
    holidays: str = Field("", title=marked("假日"), max_length=LONGEST_DAYS)
    workdays: str = Field("", title=marked("调休上班"), max_length=LONGEST_DAYS)

    def written(self) -> Written:
        return Written(self.name, self.hours, self.holidays, self.workdays)


class Typed(BaseModel):
    """What a form holds while somebody types."""

    hours: str = Field("", title=marked("工作时间"), max_length=LONGEST_HOURS)
    holidays: str = Field("", title=marked("假日"), max_length=LONGEST_DAYS)
    workdays: str = Field("", title=marked("调休上班"), max_length=LONGEST_DAYS)
    year: Year = Field(title=marked("年份"))


@router.get(PAGE)
async def show(request: Request, db: DbDep, signed: SignedIn, now: Now) -> Response:
    rows = await db.read(business_calendars.list_calendars, by=signed.actor)
    shown = [(row, picture_of(row.calendar, _this_year(now)), unknown_year(row.calendar, now)) for row in rows]
    default = load_calendar(request.app.state.service.settings)
    picture = picture_of(default, _this_year(now))
    return page(request, "calendars.html", signed, rows=shown, default=default, default_picture=picture)


@router.post(PAGE)
async def add(request: Request, db: DbDep, signed: SignedIn, now: Now) -> Response:
    written = (await read_form(request, Form)).written()
    calendar_id = await db.write(business_calendars.add, by=signed.actor, written=written, now=now)
    return go_to(f"{PAGE}/{calendar_id}")


@router.get(PAGE + "/{calendar_id:id}")
async def show_calendar(
    request: Request, db: DbDep, signed: SignedIn, now: Now, calendar_id: Id, year: Year | None = None
) -> Response:
    kept = await db.read(business_calendars.get_calendar, calendar_id, by=signed.actor)
    return page(request, "calendar.html", signed, kept=kept, **_picture(kept.calendar, year or _this_year(now)))


@router.post(PAGE + "/{calendar_id:id}")
async def edit(request: Request, db: DbDep, signed: SignedIn, now: Now, calendar_id: Id) -> Response:
    written = (await read_form(request, Form)).written()
    await db.write(business_calendars.edit, calendar_id, by=signed.actor, written=written, now=now)
    return done(signed, marked("已保存，以后的时限按它计算"))


@router.post(PAGE + "/{calendar_id:id}/delete")
async def delete(db: DbDep, signed: SignedIn, now: Now, calendar_id: Id) -> Response:
    await db.write(business_calendars.delete, calendar_id, by=signed.actor, now=now)
    return go_to(PAGE)


# -------------------- as one types


@router.post(PAGE + "/preview")
async def preview(request: Request, signed: SignedIn) -> Response:
    """The year that a form would make, or what cannot be read in it."""
    require(signed.actor, Action.edit_deadlines)
    form = await read_form(request, Typed)
    try:
        calendar = business_calendars.read_written(Written("", form.hours, form.holidays, form.workdays))
    except AppError as error:
        wrong = sentence_of(Language(signed.language), error)
        return page(request, "calendar_year.html", signed, wrong=wrong, shown=form.year)
    return page(request, "calendar_year.html", signed, **_picture(calendar, form.year))


def _picture(calendar: Calendar, year: int) -> dict[str, Any]:
    both = sorted(calendar.holidays & calendar.workdays)
    return {"calendar": calendar, "picture": picture_of(calendar, year), "both": both, "shown": year, "wrong": ""}


def _this_year(now: datetime) -> int:
    return now.astimezone(BEIJING).year


def unknown_year(calendar: Calendar, now: datetime) -> int | None:
    """A year without holidays that it should have: this one, or in December the next, which is arranged by then."""
    today, known = now.astimezone(BEIJING), {day.year for day in calendar.holidays}
    due = (today.year, today.year + 1) if today.month == _DECEMBER else (today.year,)
    return next((year for year in due if year not in known), None)


# -------------------- a year from a file


@router.post(PAGE + "/{calendar_id:id}/days/preview")
async def preview_days(request: Request, db: DbDep, signed: SignedIn, calendar_id: Id) -> Response:
    content = await _content(request, signed)
    try:
        found = await db.read(business_calendars.preview_days, calendar_id, content, by=signed.actor)
    except business_calendars.CalendarNotFound:
        raise
    except AppError as error:
        wrong = sentence_of(Language(signed.language), error)
        return page(request, "calendar_import.html", signed, wrong=wrong, found=None)
    return page(request, "calendar_import.html", signed, wrong="", found=found)


@router.post(PAGE + "/{calendar_id:id}/days")
async def import_days(request: Request, db: DbDep, signed: SignedIn, now: Now, calendar_id: Id) -> Response:
    content = await _content(request, signed)
    imported = await db.write(business_calendars.import_days, calendar_id, content, by=signed.actor, now=now)
    return go_to(f"{PAGE}/{calendar_id}?year={imported.years[-1]}")


async def _content(request: Request, signed: Signed) -> bytes:
    """The file of a form of bounded size, of somebody who may send one; FileMissing."""
    require(signed.actor, Action.edit_deadlines)
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > day_files.LARGEST + _ENVELOPE:
        raise FileMissing
    async with request.form(max_files=1, max_fields=4, max_part_size=day_files.LARGEST) as form:
        given: Any = form.get("file")
        if given is None or isinstance(given, str) or not given.size:
            raise FileMissing
        content: bytes = await given.read()
        return content
