"""What viewers thought of it."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ColumnElement, func, literal_column, select
from sqlalchemy.orm import Session

from app.agents import rights
from app.agents.rights import Action, Actor
from app.db.driver import Prepared
from app.desk.tickets.figures.engines import read
from app.desk.tickets.figures.spans import ALL, END, START, Narrowing, Shape, Span, asked
from app.tickets.models import Satisfaction, Ticket

SATISFACTION: Final = (
    "这段时间问过观众满意不满意的工单：平均分只算答了的，用第一次给的分；"
    "回答率是答了的占问过的多少。并入其他工单的不算。"
)
SCORES: Final = (1, 2, 3, 4, 5)


@dataclass(frozen=True, slots=True)
class Opinion:
    asked: int
    answered: int
    mean: float | None
    """None of none."""
    counts: tuple[int, ...]
    """Of each of SCORES."""


def satisfaction(session: Session, span: Span, narrowing: Narrowing = ALL, *, by: Actor) -> Opinion:
    rights.require(by, Action.see_figures)
    shape, values = asked(span, narrowing)
    given, answered, total, *counts = read(session, _satisfaction(shape), **values)[0]
    return Opinion(given, answered, total / answered if answered else None, tuple(counts))


@lru_cache(256)
def _satisfaction(shape: Shape) -> Prepared:
    score = Satisfaction.score
    columns: tuple[ColumnElement[Any], ...] = (
        func.count(), func.count(score), func.sum(score),
        *(func.count().filter(score == literal_column(str(each))) for each in SCORES),
    )  # fmt: skip
    found = (
        select(*columns).select_from(Satisfaction).where(Satisfaction.asked_at >= START, Satisfaction.asked_at < END)
    )
    if shape.names:
        return Prepared(found.join(Ticket, Ticket.id == Satisfaction.ticket_id).where(*shape.narrowed()))
    merged = select(Ticket.id).where(Ticket.merged_into_id.is_not(None))
    return Prepared(found.where(Satisfaction.ticket_id.not_in(merged)))
