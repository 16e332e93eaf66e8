"""Business calendars: the list, a page of each, its year as one types it, and a year's days from a file."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app.agents import business_calendars, day_files, missing_years, recounts
from app.agents.business_calendars import LONGEST_DAYS, LONGEST_HOURS, Kept, Written
from app.agents.calendars import BEIJING, Calendar
from app.agents.missing_years import MissingYear
from app.agents.models import Language
from app.agents.recounts import Pending
from app.agents.rights import Action, Actor, require
from app.agents.sessions import Signed
from app.console.catalogue import marked, sentence_of
from app.console.guard import DbDep, Now, SignedIn
from app.console.rendering import go_to, page, said
from app.console.year_picture import picture_of
from app.dialogue.loading import load_calendar
from app.errors import AppError
from app.forms import Id, Version, read_form
from app.tickets import recounting

router = APIRouter()
PAGE: Final = "/calendars"
Year = Annotated[int, Field(ge=2000, le=2100)]
_ENVELOPE: Final = 2048
"""Bytes that a form adds to its file."""


class FileMissing(AppError):
    status_code, message = 422, "请选择一个 256 KB 以内的文件"


class Form(BaseModel):
    name: str = Field(title=marked("名字"), min_length=1, max_length=64)
    hours: str = Field(title=marked("工作时间"), min_length=1, max_length=LONGEST_HOURS)
    holidays: str = Field("", title=marked("假日"), max_length=LONGEST_DAYS)
    workdays: str = Field("", title=marked("调休上班"), max_length=LONGEST_DAYS)
    version: Version | None = None

    def written(self) -> Written:
        return Written(self.name, self.hours, self.holidays, self.workdays)


class Typed(BaseModel):
    """What a form holds while somebody types."""

    hours: str = Field("", title=marked("工作时间"), max_length=LONGEST_HOURS)
    holidays: str = Field("", title=marked("假日"), max_length=LONGEST_DAYS)
    workdays: str = Field("", title=marked("调休上班"), max_length=LONGEST_DAYS)
    year: Year = Field(title=marked("年份"))
    calendar: Id | None = None
    """Whose names its holidays have."""


@router.get(PAGE)
async def show(request: Request, db: DbDep, signed: SignedIn, now: Now) -> Response:
    rows, missing, pending = await db.read(_list, by=signed.actor, now=now)
    shown = [
        (row, picture_of(row.calendar, _this_year(now)), missing_years.find_missing(row.calendar, now)) for row in rows
    ]
    default = load_calendar(request.app.state.service.settings)
    picture = picture_of(default, _this_year(now))
    return page(
        request, "calendars.html", signed, rows=shown, default=default, default_picture=picture, missing=missing,
        pending=pending,
    )  # fmt: skip


def _list(
    session: Session, *, by: Actor, now: datetime
) -> tuple[Sequence[Kept], Sequence[MissingYear], Sequence[Pending]]:
    """With the years that are missing, and what is counted anew."""
    found = business_calendars.list_calendars(session, by=by)
    return found, missing_years.list_missing(session, by=by, now=now), recounts.list_pending(session, by=by)


@router.post(PAGE)
async def add(request: Request, db: DbDep, signed: SignedIn, now: Now) -> Response:
    written = (await read_form(request, Form)).written()
    calendar_id = await db.write(business_calendars.add, by=signed.actor, written=written, now=now)
    return go_to(f"{PAGE}/{calendar_id}")


@router.get(PAGE + "/{calendar_id:id}")
async def show_calendar(
    request: Request, db: DbDep, signed: SignedIn, now: Now, calendar_id: Id, year: Year | None = None
) -> Response:
    shown = await db.read(_look, calendar_id, by=signed.actor, now=now)
    kept = shown["kept"]
    picture = _picture(kept.calendar, year or _this_year(now), kept.names)
    return page(request, "calendar.html", signed, **shown, **picture)


def _missing(kept: Kept, now: datetime) -> Sequence[MissingYear]:
    """As for the lists, also while nobody works by it."""
    year = missing_years.find_missing(kept.calendar, now) if kept.holidays else None
    return [MissingYear(kept.id, kept.name, False, year)] if year is not None else []


def _look(session: Session, calendar_id: int, *, by: Actor, now: datetime) -> dict[str, Any]:
    kept = business_calendars.get_calendar(session, calendar_id, by=by)
    return {
        "kept": kept,
        "missing": _missing(kept, now),
        "pending": recounts.list_pending(session, by=by),
        "concerned": recounting.count_concerned(session, by=by, calendar_id=calendar_id),
        "most": recounting.MOST_COUNTED,
    }


@router.post(PAGE + "/{calendar_id:id}")
async def edit(request: Request, db: DbDep, signed: SignedIn, now: Now, calendar_id: Id) -> Response:
    """The form stays as it is typed, and knows its newer version."""
    form = await read_form(request, Form)
    counts, shown = await db.write(_save, calendar_id, by=signed.actor, form=form, now=now)
    fragment = page(request, "calendar_saved.html", signed, **shown)
    return said(fragment, signed, marked("已保存，正在走的时限这就重算") if counts else marked("已保存"))


def _save(session: Session, calendar_id: int, *, by: Actor, form: Form, now: datetime) -> tuple[bool, dict[str, Any]]:
    """In one transaction: the version that the form learns is its own change's, not that of somebody after it."""
    written, version = form.written(), form.version
    counts = business_calendars.edit(session, calendar_id, by=by, written=written, version=version, now=now)
    return counts, _look(session, calendar_id, by=by, now=now)


@router.post(PAGE + "/{calendar_id:id}/delete")
async def delete(db: DbDep, signed: SignedIn, now: Now, calendar_id: Id) -> Response:
    await db.write(business_calendars.delete, calendar_id, by=signed.actor, now=now)
    return go_to(PAGE)


# -------------------- what is counted anew


@router.get("/recounts")
async def show_recounts(request: Request, db: DbDep, signed: SignedIn) -> Response:
    """How far the worker has come with what was changed here, or at the policies of deadlines."""
    return page(request, "recounts.html", signed, pending=await db.read(recounts.list_pending, by=signed.actor))


# -------------------- as one types


@router.post(PAGE + "/preview")
async def preview(request: Request, db: DbDep, signed: SignedIn) -> Response:
    """The year that a form would make, or what cannot be read in it."""
    require(signed.actor, Action.edit_deadlines)
    form = await read_form(request, Typed)
    try:
        calendar = business_calendars.read_written(Written("", form.hours, form.holidays, form.workdays))
    except AppError as error:
        wrong = sentence_of(Language(signed.language), error)
        return page(request, "calendar_year.html", signed, wrong=wrong, shown=form.year)
    names = await db.read(business_calendars.find_names, form.calendar, by=signed.actor) if form.calendar else {}
    return page(request, "calendar_year.html", signed, **_picture(calendar, form.year, names))


def _picture(calendar: Calendar, year: int, names: Mapping[date, str]) -> dict[str, Any]:
    both = sorted(calendar.holidays & calendar.workdays)
    picture = picture_of(calendar, year, names)
    return {"calendar": calendar, "picture": picture, "both": both, "shown": year, "wrong": ""}


def _this_year(now: datetime) -> int:
    return now.astimezone(BEIJING).year


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
