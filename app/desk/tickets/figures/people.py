"""Who follows how many tickets to their end."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Subquery, func, select
from sqlalchemy.orm import Session

from app.agents import rights
from app.agents.models import Agent
from app.agents.rights import Action, Actor
from app.db.driver import Prepared
from app.desk.tickets.figures.engines import InOrder, Median, read
from app.desk.tickets.figures.spans import ALL, Narrowing, Shape, Span, asked
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
    """Along indexes that begin with the owner, which no grouping has to sort."""
    owned = (Ticket.owner_id.is_not(None), *shape.narrowed())
    opened = _by_owner([func.count().label("tickets")], *shape.within(Ticket.opened_at), *owned)
    counts = [func.count().label("tickets"), func.sum(Ticket.breaches).label("late")]
    closed = _by_owner(counts, *shape.within(Ticket.closed_at), *owned)
    own = (Ticket.owner_id == Agent.id, *shape.narrowed_each())
    at_hand = select(func.count()).select_from(Ticket).where(Ticket.closed_at.is_(None), *own).correlate(Agent)
    solved = (Ticket.closed_at.is_not(None), Ticket.resolution_s.is_not(None), *shape.within(Ticket.closed_at), *own)
    lengths = select(Ticket.resolution_s.label("seconds")).where(*solved).order_by(InOrder(Ticket.resolution_s))
    each = lengths.correlate(Agent).subquery()
    median = select(Median(each.c.seconds)).select_from(each)
    columns = (
        Agent.id, Agent.name, func.coalesce(opened.c.tickets, 0), func.coalesce(closed.c.tickets, 0),
        at_hand.scalar_subquery(), median.scalar_subquery(), func.coalesce(closed.c.late, 0),
    )  # fmt: skip
    joined = (
        select(*columns).outerjoin(opened, opened.c.owner == Agent.id).outerjoin(closed, closed.c.owner == Agent.id)
    )
    return Prepared(joined)


def _by_owner(counts: Sequence[ColumnElement[int]], *conditions: ColumnElement[bool]) -> Subquery:
    found: Select[*tuple[Any, ...]] = select(Ticket.owner_id.label("owner"), *counts)
    return found.where(*conditions).group_by(Ticket.owner_id).subquery()
