"""Tickets by a number, or by words of their subjects: which they are, where they are few enough to be looked up."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Integer, bindparam, literal_column, select
from sqlalchemy.orm import Session

from app.db.driver import Prepared
from app.db.sql import is_any
from app.desk.models import SearchGram
from app.desk.search import query as queries
from app.desk.search.grams import ranges, wanted
from app.desk.search.query import TOP, Query, collect, stretches
from app.desk.search.sources import Kind, ticket_text
from app.tickets.models import Ticket

COMMON: Final = 500
"""Words that more tickets than these have are not looked up: each list meets them soon enough."""
_NAME: Final = re.compile(r"t-0*([1-9][0-9]{0,8})")


@dataclass(frozen=True, slots=True)
class Words:
    query: Query
    number: int | None
    """The ticket of this number is meant, as T-1024 says."""

    def meets(self, number: int, subject: str) -> bool:
        return self.query.meets(ticket_text(number, subject))


def read(text: str) -> Words | None:
    """None where nothing is looked for. QueryTooLong."""
    query = queries.parse(text)
    if not query.terms:
        return None
    named = _NAME.fullmatch(query.terms[0]) if len(query.terms) == 1 else None
    return Words(query, int(named[1]) if named else None)


def find(session: Session, words: Words, *, among: Sequence[int] | None) -> list[int] | None:
    """All of them; None where they are too many to be looked up. ``among``: nothing else is looked for."""
    if words.number is not None and (named := _NAMED(session, number=words.number)):
        return [row[0] for row in named]
    if among is not None:
        return [row[0] for row in _TEXTS(session, ids=among) if words.meets(row[1], row[2])]
    if _is_crowded(session, words):
        return None
    way = stretches(session, Kind.tickets, words.query, lambda *at: _newest(session, *at), below=TOP, floor=0)
    hits, further = collect(way, lambda ids: _texts(session, ids), words.query, limit=COMMON, most=COMMON)
    return [ticket_id for ticket_id, _ in hits] if further is None else None


def _is_crowded(session: Session, words: Words) -> bool:
    """Single characters, each of which too many have: the index would sort them all."""
    if wanted(words.query.terms):
        return False
    letters = ranges(words.query.terms)
    return all(_CROWDED(session, kind=Kind.tickets.value, first=first, last=last) for first, last in letters)


def _newest(session: Session, below: int, limit: int) -> list[int]:
    return [row[0] for row in _NEWEST(session, below=below, limit=limit)]


def _texts(session: Session, ids: Sequence[int]) -> dict[int, str]:
    return {ticket_id: ticket_text(number, subject) for ticket_id, number, subject in _TEXTS(session, ids=ids)}


_CROWDED: Final = Prepared(
    select(literal_column("1"))
    .select_from(SearchGram)
    .where(SearchGram.kind == bindparam("kind"), SearchGram.gram.between(bindparam("first"), bindparam("last")))
    .limit(literal_column("1"))
    .offset(literal_column(str(COMMON)))
)
_NAMED: Final = Prepared(select(Ticket.id).where(Ticket.number == bindparam("number")).limit(literal_column("1")))
_TEXTS: Final = Prepared(select(Ticket.id, Ticket.number, Ticket.subject).where(is_any(Ticket.id, "ids")))
_NEWEST: Final = Prepared(
    select(Ticket.id)
    .where(Ticket.id < bindparam("below"))
    .order_by(Ticket.id.desc())
    .limit(bindparam("limit", type_=Integer))
)
