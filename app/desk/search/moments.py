"""Which messages are of a time: found by halving, as ids grow with time and no index of times is kept."""

from datetime import datetime, timedelta

from sqlalchemy import bindparam, literal_column, select
from sqlalchemy.orm import Session

from app.conversations.models import Message
from app.db.driver import Prepared
from app.desk.search.query import TOP
from app.desk.search.sources import Kind, newest_id

FUZZY = timedelta(hours=1)
"""Clocks differ, and what waits to be stored gets its id later; the exact time is compared as well."""


def ids_between(session: Session, since: datetime | None, until: datetime | None) -> tuple[int, int]:
    """Below the first and over the second of these ids is all that came in that time."""
    below = TOP if until is None else _first_from(session, until + FUZZY)
    return below, 0 if since is None else _first_from(session, since - FUZZY) - 1


def _first_from(session: Session, moment: datetime) -> int:
    """The first id of that time or later, as if times grew with ids; one more than the newest if there is none."""
    low, high = 1, newest_id(session, Kind.messages) + 1
    while low < high:
        middle = (low + high) // 2
        found = _FROM(session, middle=middle)
        if not found or found[0][1] >= moment:
            high = middle
        else:
            low = found[0][0] + 1
    return low


_FROM = Prepared(
    select(Message.id, Message.created_at)
    .where(Message.id >= bindparam("middle"))
    .order_by(Message.id)
    .limit(literal_column("1"))
)
