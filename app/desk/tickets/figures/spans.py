"""Of which days and which tickets figures are."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, bindparam
from sqlalchemy.orm import InstrumentedAttribute

from app.agents.calendars import BEIJING
from app.db.base import UtcDateTime
from app.desk.tickets.figures.engines import Unindexed
from app.errors import AppError
from app.tickets.models import Ticket, TicketKind

LONGEST: Final = 366
"""Days."""
_DAY = timedelta(days=1)
_EARLIEST, _LATEST = date(1970, 1, 1), date(2200, 1, 1)


class SpanInvalid(AppError):
    status_code, message = 422, "日期不对：请选从哪天到哪天，结束的那天不能早于开始的那天"


class SpanTooLong(AppError):
    status_code, message = 422, f"一次最多看 {LONGEST} 天，请选短一些"


@dataclass(frozen=True, slots=True)
class Span:
    """Days of Beijing; SpanInvalid, SpanTooLong."""

    first_on: date
    last_on: date
    """That day as well."""

    def __post_init__(self) -> None:
        if not _EARLIEST <= self.first_on <= self.last_on < _LATEST:
            raise SpanInvalid
        if self.days > LONGEST:
            raise SpanTooLong

    @property
    def days(self) -> int:
        return (self.last_on - self.first_on).days + 1

    @property
    def start(self) -> datetime:
        return datetime.combine(self.first_on, time(), BEIJING)

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return datetime.combine(self.last_on + _DAY, time(), BEIJING)

    @property
    def before(self) -> "Span":
        """As many days, right before it."""
        return Span(self.first_on - self.days * _DAY, self.first_on - _DAY)


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Only those of which all that is given here holds."""

    kind: TicketKind | None = None
    team: int | None = None
    source: str | None = None
    title: str | None = None
    owner: int | None = None

    def values(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value is not None}


ALL: Final = Narrowing()
_COLUMNS: Final[Mapping[str, InstrumentedAttribute[Any]]] = {
    "kind": Ticket.kind, "team": Ticket.team_id, "source": Ticket.source, "title": Ticket.title,
    "owner": Ticket.owner_id,
}  # fmt: skip
COUNTS: Final = Ticket.merged_into_id.is_(None)
"""A ticket that was merged into another is none of its own."""
START, END = (bindparam(name, type_=UtcDateTime) for name in ("start", "end"))


def within(column: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    return (column >= START) & (column < END)


@dataclass(frozen=True, slots=True)
class Shape:
    """What a statement's text depends on."""

    names: tuple[str, ...]
    """By what it is narrowed."""

    def narrowed(self) -> list[ColumnElement[bool]]:
        """None of it leads to rows on SQLite: an index in the order of days has all that figures ask for."""
        return [COUNTS, *(Unindexed(_COLUMNS[name]) == bindparam(name) for name in self.names)]

    def within(self, column: InstrumentedAttribute[Any]) -> list[ColumnElement[bool]]:
        return [within(column), *self.narrowed()]


def asked(span: Span, narrowing: Narrowing) -> tuple[Shape, dict[str, Any]]:
    """The statement to use, and its values."""
    values = narrowing.values()
    return Shape(tuple(values)), {"start": span.start, "end": span.end, **values}


def days_of(span: Span) -> Sequence[date]:
    return [span.first_on + number * _DAY for number in range(span.days)]
