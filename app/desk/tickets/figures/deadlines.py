"""Which of the times that tickets must keep were kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ColumnElement, String, func, literal_column, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.agents import rights
from app.agents.rights import Action, Actor
from app.db.driver import Prepared
from app.desk.tickets.figures.engines import Unindexed, read
from app.desk.tickets.figures.spans import ALL, END, START, Narrowing, Shape, Span, asked
from app.tickets.deadline_models import Metric, TicketClock
from app.tickets.models import Ticket

BREACHES: Final = (
    "这段时间里超过的时限，一个工单可以超过几个；时限后来停了、改了，超过的那一次也还算。并入其他工单的不算。"
)
KEPT: Final = (
    "这段时间里停下来的时限（答复了、关闭了，或者不再需要），没有超过就停下来的占多少。还在走的、暂停的不算；"
    "并入其他工单的不算。"
)


def breaches(session: Session, span: Span, narrowing: Narrowing = ALL, *, by: Actor) -> Mapping[Metric, int]:
    """How many clocks ran out in the span, of each metric."""
    rights.require(by, Action.see_figures)
    shape, values = asked(span, narrowing)
    found = dict.fromkeys(Metric, 0)
    for metric, count in read(session, _breaches(shape), **values):
        found[Metric(metric)] += count
    return found


@dataclass(frozen=True, slots=True)
class Kept:
    ended: int
    in_time: int


def kept(session: Session, span: Span, narrowing: Narrowing = ALL, *, by: Actor) -> Mapping[Metric, Kept]:
    """Of the clocks that ended in the span, how many did before they had run out."""
    rights.require(by, Action.see_figures)
    shape, values = asked(span, narrowing)
    found = dict.fromkeys(Metric, Kept(0, 0))
    for metric, ended, late in read(session, _kept(shape), **values):
        before = found[Metric(metric)]
        found[Metric(metric)] = Kept(before.ended + ended, before.in_time + ended - late)
    return found


@lru_cache(256)
def _breaches(shape: Shape) -> Prepared:
    return _counted(shape, TicketClock.breached_at, func.count())


@lru_cache(256)
def _kept(shape: Shape) -> Prepared:
    return _counted(shape, TicketClock.ended_at, func.count(), func.count(TicketClock.breached_at))


def _counted(shape: Shape, at: InstrumentedAttribute[Any], *counts: ColumnElement[int]) -> Prepared:
    """By metric. Where nothing narrows it, all are counted without a look at their tickets, and then those of merged
    ones are taken off again: they are few."""
    within = (at >= START, at < END)
    if shape.names:
        theirs = Unindexed(TicketClock.ticket_id).in_(select(Ticket.id).where(*shape.narrowed()))
        return Prepared(select(TicketClock.metric, *counts).where(*within, theirs).group_by(TicketClock.metric))
    every = []
    for metric in Metric:  # each by itself: a grouping costs as much again
        name = literal_column(f"'{metric.value}'", String)
        every.append(select(name, *counts).where(TicketClock.metric == name, *within))
    of_merged = TicketClock.ticket_id.in_(select(Ticket.id).where(Ticket.merged_into_id.is_not(None)))
    less = select(TicketClock.metric, *(-count for count in counts))
    off = less.where(Unindexed(at) >= START, Unindexed(at) < END, of_merged).group_by(TicketClock.metric)
    return Prepared(union_all(*every, off))
