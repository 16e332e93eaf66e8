"""Of what tickets are: how many of each category, dimension, title, channel."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from sqlalchemy.orm import Session

from app.agents import rights
from app.agents.rights import Action, Actor
from app.desk.tickets.figures.engines import Tally
from app.desk.tickets.figures.spans import ALL, Narrowing, Shape, Span, asked
from app.tickets.models import Ticket

MOST: Final = 20
"""Named ones, the most frequent; what is beyond them is summed up."""
BY_CATEGORY: Final = "这段时间登记的工单，按它说的是哪个知识条目分；机器人没有认出来的另列。并入其他工单的不算。"
BY_DIMENSION: Final = "这段时间登记的工单，按说的是哪一方面的质量分；没有说到质量的另列。并入其他工单的不算。"
BY_TITLE: Final = (
    "这段时间登记的工单，按说的是哪部作品分，只列最多的 20 部，其余合在一起；没有说到作品的另列。并入其他工单的不算。"
)
BY_SOURCE: Final = "这段时间登记的工单，按从哪里来分：各个平台、电话、同事自己发现。并入其他工单的不算。"


@dataclass(frozen=True, slots=True)
class Share:
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Shares:
    rows: tuple[Share, ...]
    """The most frequent first."""
    rest: int
    """Tickets of all the others."""
    rest_names: int
    unset: int
    """Of which it is not known."""

    @property
    def total(self) -> int:
        return sum(row.count for row in self.rows) + self.rest + self.unset


def by_category(session: Session, span: Span, narrowing: Narrowing = ALL, *, by: Actor) -> Shares:
    return _shares(session, "category", span, narrowing, by)


def by_dimension(session: Session, span: Span, narrowing: Narrowing = ALL, *, by: Actor) -> Shares:
    return _shares(session, "dimension", span, narrowing, by)


def by_title(session: Session, span: Span, narrowing: Narrowing = ALL, *, by: Actor) -> Shares:
    return _shares(session, "title", span, narrowing, by)


def by_source(session: Session, span: Span, narrowing: Narrowing = ALL, *, by: Actor) -> Shares:
    return _shares(session, "source", span, narrowing, by)


def _shares(session: Session, column: str, span: Span, narrowing: Narrowing, by: Actor) -> Shares:
    rights.require(by, Action.see_figures)
    shape, values = asked(span, narrowing)
    counts = tally(column, shape)(session, **values)
    unset = counts.pop(None, 0)
    ranked = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    rest = ranked[MOST:]
    return Shares(tuple(Share(*row) for row in ranked[:MOST]), sum(count for _, count in rest), len(rest), unset)


@lru_cache(256)
def tally(name: str, shape: Shape) -> Tally:
    """Of the tickets that were opened in the span, by that column of theirs."""
    return Tally(getattr(Ticket, name), *shape.within(Ticket.opened_at))
