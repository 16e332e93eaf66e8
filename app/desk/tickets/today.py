"""What somebody has to do today, of the tickets that he has."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from app.agents.rights import Actor
from app.db.driver import Prepared
from app.db.sql import is_any
from app.desk.tickets import lists
from app.desk.tickets.filters import Filters, day_end
from app.desk.tickets.lists import Row
from app.tickets.history import VIEWER
from app.tickets.models import TicketEvent, TicketStatus

MOST: Final = 300
"""Of his open tickets, those that end first."""
_SAYS: Final = ("added", "answered", "refused", "replied", "asked", "reopened")
"""Lines by which its viewer speaks, or is spoken to."""


@dataclass(frozen=True, slots=True)
class Day:
    """Each ticket once."""

    answered: tuple[Row, ...]
    """Its viewer spoke last."""
    overdue: tuple[Row, ...]
    due: tuple[Row, ...]
    """Until the day ends."""
    later: tuple[Row, ...]
    waiting: int
    """Those that wait for their viewers."""
    further: bool
    """He has more than were looked at."""


def look(session: Session, *, by: Actor, now: datetime) -> Day:
    """Each part in the order in which clocks end."""
    page = lists.list_page(session, Filters(owner="me"), by=by, limit=MOST, now=now)
    waits = _unanswered(session, [row.id for row in page.rows])
    here = [row for row in page.rows if row.status != TicketStatus.waiting or row.id in waits]
    answered = tuple(row for row in here if row.id in waits)
    rest = [row for row in here if row.id not in waits]
    overdue = tuple(row for row in rest if row.is_overdue)
    ends = day_end(now)
    due = tuple(row for row in rest if not row.is_overdue and row.next_due_at is not None and row.next_due_at < ends)
    known = {row.id for row in (*overdue, *due)}
    later = tuple(row for row in rest if row.id not in known)
    return Day(answered, overdue, due, later, len(page.rows) - len(here), page.further is not None)


def _unanswered(session: Session, ids: Sequence[int]) -> set[int]:
    """Of these tickets, those whose viewers spoke last."""
    return {ticket for ticket, author in _LAST_SAID(session, ids=ids, says=_SAYS) if author == VIEWER}


_said = aliased(TicketEvent)
_newest = (
    select(func.max(TicketEvent.id).label("id"))
    .where(is_any(TicketEvent.ticket_id, "ids"), is_any(TicketEvent.kind, "says"))
    .group_by(TicketEvent.ticket_id)
    .subquery()
)
_LAST_SAID: Final = Prepared(select(_said.ticket_id, _said.author).join(_newest, _newest.c.id == _said.id))
