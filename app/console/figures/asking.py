"""Which days and which tickets a person asks figures of, as the page's address says it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import Depends, Query

from app.agents.calendars import BEIJING
from app.console.catalogue import marked
from app.console.guard import Now
from app.desk.tickets.figures.spans import Narrowing, Span, SpanInvalid
from app.forms import find_id
from app.tickets.models import TicketKind

PRESETS: Final[Mapping[str, str]] = {
    "7": marked("最近 7 天"), "30": marked("最近 30 天"), "90": marked("最近 90 天"), "month": marked("本月"),
    "last": marked("上月"), "own": marked("自选日期"),
}  # fmt: skip
_USUAL: Final = "30"
_LONGEST: Final = 64
"""Characters of a title or a channel's name."""


@dataclass(frozen=True, slots=True)
class Asked:
    preset: str
    span: Span
    narrowing: Narrowing

    @property
    def query(self) -> dict[str, Any]:
        """What its address says, for the parts of the page."""
        own = {"span": self.preset}
        if self.preset == "own":
            own |= {"from": self.span.first_on.isoformat(), "until": self.span.last_on.isoformat()}
        return own | self.narrowing.values()

    def listed(self, more: Mapping[str, Any], *, opened: bool = True) -> dict[str, Any]:
        """What the address of the list of tickets says, to show the same ones; ``opened``: of these days only."""
        days = {"from": self.span.first_on.isoformat(), "until": self.span.last_on.isoformat()} if opened else {}
        return {"status": "all", **days, **self.narrowing.values(), **more}


async def _read(
    now: Now, span: str = _USUAL, from_: Annotated[str, Query(alias="from")] = "", until: str = "", kind: str = "",
    team: str = "", source: str = "", title: str = "", owner: str = "",
) -> Asked:  # fmt: skip
    preset = span if span in PRESETS else _USUAL
    kinds = {each.value: each for each in TicketKind}
    narrowing = Narrowing(kinds.get(kind), find_id(team), _text(source), _text(title), find_id(owner))
    return Asked(preset, _span(preset, from_, until, now), narrowing)


def _text(given: str) -> str | None:
    return given.replace("\0", "").strip()[:_LONGEST] or None


def _span(preset: str, first: str, last: str, now: datetime) -> Span:
    today = now.astimezone(BEIJING).date()
    begin = today.replace(day=1)
    if preset == "own":
        return Span(_day(first, today - timedelta(days=29)), _day(last, today))
    if preset == "month":
        return Span(begin, today)
    if preset == "last":
        end = begin - timedelta(days=1)
        return Span(end.replace(day=1), end)
    return Span(today - timedelta(days=int(preset) - 1), today)


def _day(written: str, otherwise: date) -> date:
    if not written:
        return otherwise
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise SpanInvalid from None


Ask = Annotated[Asked, Depends(_read)]
