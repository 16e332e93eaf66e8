"""What came in, what was done with, and what is left over."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import Integer, ScalarSelect, Select, bindparam, func, literal_column, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.agents import rights
from app.agents.rights import Action, Actor
from app.db.base import UtcDateTime
from app.db.driver import Prepared
from app.desk.tickets.figures.engines import DayAfter, Unindexed, read
from app.desk.tickets.figures.spans import ALL, END, START, Narrowing, Shape, Span, asked, days_of
from app.tickets.models import Ticket

_IS_OPEN = Ticket.status != literal_column("'closed'")
"""Written so, the partial indexes serve."""

PER_DAY: Final = (
    "登记：这一天（北京时间）开的工单。关闭：这一天最后一次关闭的工单，关了又重新打开的不算。"
    "积压：这一天结束时还没关的，也就是在那以前登记、到那时还没有最后关闭的。并入其他工单的，哪里都不算。"
)


@dataclass(frozen=True, slots=True)
class Day:
    on: date
    opened: int
    closed: int
    backlog: int
    """Open when it ended."""


def per_day(session: Session, span: Span, narrowing: Narrowing = ALL, *, by: Actor) -> tuple[Day, ...]:
    """Each day of the span, also those on which nothing happened."""
    rights.require(by, Action.see_figures)
    shape, values = asked(span, narrowing)
    found = {(what, number): count for what, number, count in read(session, _per_day(shape), **values)}
    left = found[_LEFT, 0]
    days: list[Day] = []
    for number, on in reversed(list(enumerate(days_of(span)))):
        opened, closed = found.get((_OPENED, number), 0), found.get((_CLOSED, number), 0)
        days.append(Day(on, opened, closed, left))
        left += closed - opened
    return tuple(reversed(days))


_OPENED, _CLOSED, _LEFT = range(3)


@lru_cache(256)
def _per_day(shape: Shape) -> Prepared:
    """(what, number of the day, count). A grouping has to sort, and looking into an index for each day has not."""
    left = select(literal_column(str(_LEFT)), literal_column("0"), _left(shape))
    parts = (_day_by_day(shape, _OPENED, Ticket.opened_at), _day_by_day(shape, _CLOSED, Ticket.closed_at))
    return Prepared(union_all(*parts, left))


def _day_by_day(shape: Shape, what: int, column: InstrumentedAttribute[Any]) -> Select[int, int, int]:
    first = select(literal_column("0").label("number"), START.label("at")).cte(f"days_{what}", recursive=True)
    later = select(first.c.number + literal_column("1"), DayAfter(first.c.at)).where(DayAfter(first.c.at) < END)
    days = first.union_all(later)
    own = (column >= days.c.at, column < DayAfter(days.c.at), *shape.narrowed())
    counted = select(func.count()).select_from(Ticket).where(*own).correlate(days).scalar_subquery()
    found: Select[int, int, int] = select(literal_column(str(what), Integer), days.c.number, counted)
    return found


def _left(shape: Shape) -> Any:
    """Open when the span ended."""
    open_still = (
        select(func.count()).select_from(Ticket).where(_IS_OPEN, Unindexed(Ticket.opened_at) < END, *shape.narrowed())
    )
    later = (Ticket.closed_at >= END, Unindexed(Ticket.opened_at) < END)
    closed_since = select(func.count()).select_from(Ticket).where(*later, *shape.narrowed())
    return open_still.scalar_subquery() + closed_since.scalar_subquery()


@dataclass(frozen=True, slots=True)
class Totals:
    opened: int
    closed: int
    backlog: int
    """Open when the span ended."""


def totals(session: Session, span: Span, narrowing: Narrowing = ALL, *, by: Actor) -> Totals:
    """The sums of ``per_day``, to compare spans with each other."""
    rights.require(by, Action.see_figures)
    shape, values = asked(span, narrowing)
    return Totals(*read(session, _totals(shape), **values)[0])


@lru_cache(256)
def _totals(shape: Shape) -> Prepared:
    def within(column: Any) -> ScalarSelect[int]:
        return select(func.count()).select_from(Ticket).where(*shape.within(column)).scalar_subquery()

    return Prepared(select(within(Ticket.opened_at), within(Ticket.closed_at), _left(shape)))


# -------------------- how long it has lain there

AGES: Final = "现在还没关的工单，从登记到现在过了多久，按自然时间算，和上面选的日期无关。并入其他工单的不算。"
_CLASSES = (1, 3, 7, 30)
"""Days at which the next class begins."""


@dataclass(frozen=True, slots=True)
class Ages:
    """Open ones by the days since they were opened: under 1, then 1 to 3, 3 to 7, 7 to 30, and more."""

    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        return sum(self.counts)


def ages(session: Session, narrowing: Narrowing = ALL, *, by: Actor, now: datetime) -> Ages:
    rights.require(by, Action.see_figures)
    values = narrowing.values()
    bounds = {f"at_{days}": now - timedelta(days=days) for days in _CLASSES}
    return Ages(read(session, _ages(Shape(tuple(values))), **bounds, **values)[0])


@lru_cache(64)
def _ages(shape: Shape) -> Prepared:
    bounds = [bindparam(f"at_{days}", type_=UtcDateTime) for days in _CLASSES]
    classes = [
        Ticket.opened_at > bounds[0],
        *((Ticket.opened_at <= newer) & (Ticket.opened_at > older) for newer, older in pairwise(bounds)),
        Ticket.opened_at <= bounds[-1],
    ]
    counts = [func.count().filter(each) for each in classes]
    return Prepared(select(*counts).select_from(Ticket).where(_IS_OPEN, *shape.narrowed()))


# -------------------- what came back

REOPENED: Final = "这段时间登记、至少关过一次的工单里，后来又重新打开过的占多少；打开几次都算一个。并入其他工单的不算。"


@dataclass(frozen=True, slots=True)
class Reopened:
    closed: int
    """Opened in the span, and closed once at least."""
    reopened: int


def reopened(session: Session, span: Span, narrowing: Narrowing = ALL, *, by: Actor) -> Reopened:
    rights.require(by, Action.see_figures)
    shape, values = asked(span, narrowing)
    return Reopened(*read(session, _reopened(shape), **values)[0])


@lru_cache(256)
def _reopened(shape: Shape) -> Prepared:
    again = Ticket.reopened > literal_column("0")
    counts = (func.count().filter(Ticket.closed_at.is_not(None) | again), func.count().filter(again))
    return Prepared(select(*counts).select_from(Ticket).where(*shape.within(Ticket.opened_at)))
