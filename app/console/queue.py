"""The leaders' page: who waits how long, who works on what, and how the queue went over the day."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app.agents import presence, rights
from app.agents.calendars import BEIJING
from app.agents.models import Presence
from app.agents.presence import LONGEST_REASON
from app.agents.rights import Action
from app.agents.sessions import Signed
from app.console import rendering
from app.console.catalogue import marked
from app.console.desk import labels as words
from app.console.guard import DbDep, Now, SignedIn
from app.desk import watching
from app.desk.sampling import Point, queue_over_day
from app.desk.waits import Why
from app.errors import AppError
from app.forms import Id, read_form
from app.pages import HEADERS

router = APIRouter(prefix="/queue")
WHY: Final[Mapping[Why, str]] = {
    Why.nobody_can: marked("没有人能接：组里没有会这项技能的人"),
    Why.nobody_there: marked("能接的人都不在线"),
    Why.all_full: marked("能接的人都满了"),
}


class DayWrong(AppError):
    status_code, message = 422, "日期不对"


@router.get("")
async def show(request: Request, signed: SignedIn, db: DbDep, now: Now, day: str = "") -> Response:
    shown = await db.read(_look, signed, now)
    on = _day(day, now)
    return rendering.page(request, "queue.html", signed, day=on, today=_day("", now), **shown)


@router.get("/now")
async def show_now(request: Request, signed: SignedIn, db: DbDep, now: Now) -> Response:
    return rendering.page(request, "queue_now.html", signed, **await db.read(_look, signed, now))


@router.get("/day")
async def tell_day(signed: SignedIn, db: DbDep, now: Now, day: str = "") -> JSONResponse:
    """The picture's figures: five minutes a point."""
    points = await db.read(queue_over_day, by=signed.actor, day=_day(day, now), now=now)
    return JSONResponse({"points": [_told(point) for point in points]}, headers=dict(HEADERS))


def _told(point: Point) -> Sequence[Any]:
    """Time of day, waiting, longest wait in minutes, people there, came, taken."""
    local = point.at.astimezone(BEIJING)
    longest = round(point.longest_wait.total_seconds() / 60)
    return f"{local:%H:%M}", point.waiting, longest, point.agents_there, point.arrivals, point.taken


def _day(written: str, now: datetime) -> date:
    if not written:
        return now.astimezone(BEIJING).date()
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise DayWrong from None


def _look(session: Session, signed: Signed, now: datetime) -> dict[str, Any]:
    actor = signed.actor
    return {
        "watch": watching.look(session, by=actor, now=now), "shown_as": words.SHOWN, "platforms": words.PLATFORMS,
        "priorities": words.PRIORITIES, "whys": WHY, "span": span, "may_set": actor.may(Action.set_presence),
        "may_open": actor.may(Action.see_conversations),
    }  # fmt: skip


def span(length: timedelta | None) -> str:
    """A length of time: 0:45, 12:05, 1:02:05; a dash where there is none."""
    if length is None:
        return "–"
    seconds = max(0, round(length.total_seconds()))
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours}:{minutes:02d}:{seconds % 60:02d}" if hours else f"{minutes}:{seconds % 60:02d}"


class Set(BaseModel):
    presence: Presence = Field(title="状态")
    reason: str = Field("", title="原因", max_length=LONGEST_REASON)


@router.post("/people/{agent_id:id}/presence", status_code=204)
async def set_presence(request: Request, agent_id: Id, signed: SignedIn, db: DbDep, now: Now) -> None:
    """Somebody forgot to say that he left; or is needed."""
    rights.require(signed.actor, Action.set_presence)
    form = await read_form(request, Set)
    await db.write(
        presence.set_presence, by=signed.actor, presence=form.presence, reason=form.reason or None, agent_id=agent_id,
        now=now,
    )  # fmt: skip
