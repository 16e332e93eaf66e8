"""Which messages are of a time: found by halving, as ids grow with time and no index of times is kept."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.conversations.models import Message
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
        at = select(Message.id, Message.created_at).where(Message.id >= middle).order_by(Message.id).limit(1)
        found = session.execute(at).one_or_none()
        if found is None or found.created_at >= moment:
            high = middle
        else:
            low = found.id + 1
    return low
