"""Who follows how many tickets to their end."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.agents import rights
from app.agents.models import Agent
from app.agents.rights import Action, Actor
from app.db.driver import Prepared
from app.desk.tickets.figures.engines import Listed, read
from app.desk.tickets.figures.spans import ALL, Narrowing, Shape, Span, asked, within
from app.desk.tickets.figures.times import spread
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
    found = {owner: rest for owner, *rest in read(session, _owned(shape), **values)}
    people = [
        Person(agent_id, name, opened, closed, open_now, spread(lengths).median, late or 0)
        for agent_id, name in session.execute(select(Agent.id, Agent.name))
        for opened, closed, open_now, late, lengths in [found.get(agent_id, _NONE)]
        if opened or closed or open_now
    ]
    return tuple(sorted(people, key=lambda each: (-each.closed, -each.open_now, each.name, each.id)))


_NONE = (0, 0, 0, None, None)


@lru_cache(64)
def _owned(shape: Shape) -> Prepared:
    """In one pass along an index that begins with the owner, which no grouping has to sort."""
    opened, closed = within(Ticket.opened_at), within(Ticket.closed_at)
    columns = (
        Ticket.owner_id, func.count().filter(opened), func.count().filter(closed),
        func.count().filter(Ticket.closed_at.is_(None)), func.sum(Ticket.breaches).filter(closed),
        Listed(Ticket.resolution_s).filter(closed),
    )  # fmt: skip
    own = (Ticket.owner_id.is_not(None), *shape.narrowed())
    return Prepared(select(*columns).where(*own).group_by(Ticket.owner_id))
