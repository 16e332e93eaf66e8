"""How long viewers waited, in service time."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.agents import rights
from app.agents.rights import Action, Actor
from app.db.driver import Prepared
from app.desk.tickets.figures.engines import InOrder, Median, Ninth, read
from app.desk.tickets.figures.spans import ALL, Narrowing, Shape, Span, asked
from app.tickets.models import Ticket

RESPONSES: Final = (
    "这段时间登记、已经有人答复过的工单，从登记到第一次有人答复，只算服务时间。"
    "中位数：至少一半不超过它的最小值；九成：至少九成不超过它的最小值。并入其他工单的不算。"
)
RESOLUTIONS: Final = (
    "这段时间最后一次关闭的工单，从登记到关闭，只算服务时间，等观众回答的时间不算在内。"
    "中位数、九成的算法同上。并入其他工单的不算。"
)


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds of service time; None of none."""

    count: int
    median: int | None
    """The least that at least half of them do not exceed."""
    ninth: int | None
    """The least that at least nine tenths do not exceed."""
    mean: float | None


def responses(session: Session, span: Span, narrowing: Narrowing = ALL, *, by: Actor) -> Times:
    """Until a person answered first, of those that were opened in the span and have been answered."""
    rights.require(by, Action.see_figures)
    shape, values = asked(span, narrowing)
    return _read(read(session, _responses(shape), **values)[0])


def resolutions(session: Session, span: Span, narrowing: Narrowing = ALL, *, by: Actor) -> Times:
    """Until they were closed, of those that were closed in the span."""
    rights.require(by, Action.see_figures)
    shape, values = asked(span, narrowing)
    return _read(read(session, _resolutions(shape), **values)[0])


def _read(row: tuple[Any, ...]) -> Times:
    count, total, median, ninth = row
    return Times(count, median, ninth, total / count if count else None)


@lru_cache(256)
def _responses(shape: Shape) -> Prepared:
    return _times(Ticket.response_s, Ticket.opened_at, shape)


@lru_cache(256)
def _resolutions(shape: Shape) -> Prepared:
    return _times(Ticket.resolution_s, Ticket.closed_at, shape)


def _times(length: InstrumentedAttribute[Any], at: InstrumentedAttribute[Any], shape: Shape) -> Prepared:
    own = (length.is_not(None), at.is_not(None), *shape.within(at), *shape.narrowed())
    each = select(length.label("seconds")).where(*own).order_by(InOrder(length)).subquery()
    seconds = each.c.seconds
    measured = (func.count(), func.sum(seconds), Median(seconds), Ninth(seconds))
    return Prepared(select(*measured).select_from(each))
