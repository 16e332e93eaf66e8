"""How long viewers waited, in service time."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agents import rights
from app.agents.rights import Action, Actor
from app.db.driver import Prepared
from app.desk.tickets.figures.engines import Listed, read
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


def spread(listed: str | None) -> Times:
    """Of what ``Listed`` found."""
    if not listed:
        return Times(0, None, None, None)
    values = np.fromstring(listed, np.int64, sep=",")
    places = [(len(values) * tenths + 9) // 10 - 1 for tenths in (5, 9)]
    median, ninth = np.partition(values, places)[places].tolist()
    return Times(len(values), median, ninth, float(values.mean()))


def responses(session: Session, span: Span, narrowing: Narrowing = ALL, *, by: Actor) -> Times:
    """Until a person answered first, of those that were opened in the span and have been answered."""
    rights.require(by, Action.see_figures)
    shape, values = asked(span, narrowing)
    return spread(read(session, _responses(shape), **values)[0][0])


def resolutions(session: Session, span: Span, narrowing: Narrowing = ALL, *, by: Actor) -> Times:
    """Until they were closed, of those that were closed in the span."""
    rights.require(by, Action.see_figures)
    shape, values = asked(span, narrowing)
    return spread(read(session, _resolutions(shape), **values)[0][0])


@lru_cache(256)
def _responses(shape: Shape) -> Prepared:
    return Prepared(select(Listed(Ticket.response_s)).where(*shape.within(Ticket.opened_at)))


@lru_cache(256)
def _resolutions(shape: Shape) -> Prepared:
    return Prepared(select(Listed(Ticket.resolution_s)).where(*shape.within(Ticket.closed_at)))
