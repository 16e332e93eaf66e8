"""Who follows how many tickets to their end."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.agents import rights
from app.agents.models import Agent
from app.agents.rights import Action, Actor
from app.db.driver import Prepared
from app.desk.tickets.figures.engines import InOrder, Median, read
from app.desk.tickets.figures.spans import ALL, END, START, Narrowing, Shape, Span, asked
from app.tickets.models import Ticket

BY_PERSON: Final = (
    "按现在的负责人分：登记和关闭是这段时间的；手上是现在还没关的；解决用时是这段时间关闭的那些的中位数，"
    "只算服务时间；超时是这段时间关闭的工单一共超过了几个时限。没有负责人的、并入其他工单的不算。"
)


@dataclass(frozen=True, slots=True)
class Person:
    id: int
    name: str
    opened: int
    closed: int
    open_now: int
    median_s: int | None
    """Seconds of service time until those were closed."""
    breaches: int
    """Of those that were closed."""


def by_person(session: Session, span: Span, narrowing: Narrowing = ALL, *, by: Actor) -> tuple[Person, ...]:
    """Those who own any of these; who closed the most first."""
    rights.require(by, Action.see_figures)
    shape, values = asked(span, narrowing)
    people = [Person(*row) for row in read(session, _people(shape), **values)]
    active = [each for each in people if each.opened or each.closed or each.open_now]
    return tuple(sorted(active, key=lambda each: (-each.closed, -each.open_now, each.name, each.id)))


@lru_cache(256)
def _people(shape: Shape) -> Prepared:
    """Person by person, along indexes that begin with the owner: grouping all of them would sort all of them."""
    own = (Ticket.owner_id == Agent.id, *shape.narrowed_each())
    closed = (Ticket.closed_at >= START, Ticket.closed_at < END, *own)

    def one(value: Any, *conditions: Any) -> Any:
        return select(value).select_from(Ticket).where(*conditions).correlate(Agent).scalar_subquery()

    solved = (Ticket.closed_at.is_not(None), Ticket.resolution_s.is_not(None), *shape.within(Ticket.closed_at), *own)
    lengths = select(Ticket.resolution_s.label("seconds")).where(*solved)
    each = lengths.order_by(InOrder(Ticket.resolution_s)).correlate(Agent).subquery()
    return Prepared(
        select(
            Agent.id, Agent.name, one(func.count(), *shape.within(Ticket.opened_at), *own),
            one(func.count(), *closed), one(func.count(), Ticket.closed_at.is_(None), *own),
            select(Median(each.c.seconds)).select_from(each).scalar_subquery(),
            one(func.coalesce(func.sum(Ticket.breaches), 0), *closed),
        )
    )  # fmt: skip
