"""The doors of figures about tickets: see ``doors``, of which they are a part."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

from sqlalchemy.orm import Session

from app.agents.rights import Action, Actor
from app.desk.tickets.figures import choices, deadlines, flow, people, satisfaction, shares, times
from app.desk.tickets.figures.spans import Span
from tests.factories.conversations import NOW

_SPAN = Span(date(2026, 11, 1), date(2026, 11, 1) + timedelta(days=6))
_SPANNED = (
    flow.per_day, flow.totals, flow.reopened, times.responses, times.resolutions, deadlines.breaches, deadlines.kept,
    shares.by_category, shares.by_dimension, shares.by_title, shares.by_source, people.by_person,
    satisfaction.satisfaction,
)  # fmt: skip


def _open(figure: Callable[..., object], session: Session, by: Actor) -> object:
    return figure(session, _SPAN, by=by)


FIGURES: list[tuple[Action, str, Callable[[Session, Actor], object]]] = [
    *((Action.see_figures, figure.__name__, partial(_open, figure)) for figure in _SPANNED),
    (Action.see_figures, "list_choices", lambda s, by: choices.list_choices(s, by=by)),
    (Action.see_figures, "ages", lambda s, by: flow.ages(s, by=by, now=NOW)),
]
