"""What few tickets have is looked up by its own index, and only then put in order."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, bindparam, literal_column, select
from sqlalchemy.orm import Session

from app.db.driver import Prepared
from app.desk.tickets.filters import HOLDS, IS_OPEN, conditions
from app.tickets.models import Ticket, TicketTag, TicketWatcher

RARE: Final = 2_000
"""Tickets that are put in order at once."""


def find(session: Session, given: Mapping[str, Any], *, also_open: bool) -> list[int] | None:
    """Ids among which is all that meets the conditions; None: there are too many, or no index helps.

    ``also_open``: that they are open is a help as well.
    """
    has = {*given} | ({"is_open"} if {"status", "unclosed"} & given.keys() else set())
    for names, statement in _HOLDERS:
        if has.issuperset(names) and (also_open or names != _OPEN):
            rows = statement(session, **given)
            if len(rows) <= RARE:
                return [row[0] for row in rows]
    return None


def of_rank(session: Session, rank: int) -> list[int] | None:
    """The open ones of a priority; None: too many."""
    rows = _OF_RANK(session, rank=rank)
    return [row[0] for row in rows] if len(rows) <= RARE else None


def _few(rows: Select[Any]) -> Prepared:
    return Prepared(rows.limit(literal_column(str(RARE + 1))))


def _tickets(*held: ColumnElement[bool]) -> Prepared:
    return _few(select(Ticket.id).where(*held))


def _holder(*names: str, also: Sequence[ColumnElement[bool]] = ()) -> tuple[frozenset[str], Prepared]:
    return frozenset(names), _tickets(*conditions(names), *also)


_OPEN: Final = frozenset({"is_open"})
_OF_RANK: Final = _tickets(HOLDS["rank"], IS_OPEN)
_HOLDERS: Final = (
    _holder("parent"),
    (frozenset({"tag"}), _few(select(TicketTag.ticket_id).where(TicketTag.tag == bindparam("tag")))),
    (
        frozenset({"watching"}),
        _few(select(TicketWatcher.ticket_id).where(TicketWatcher.agent_id == bindparam("watching"))),
    ),
    _holder("title"),
    (frozenset({"owner", "is_open"}), _tickets(HOLDS["owner"], Ticket.closed_at.is_(None))),
    _holder("owner"),
    (frozenset({"unowned", "is_open"}), _tickets(HOLDS["unowned"], IS_OPEN)),
    _holder("team"),
    _holder("overdue"),
    _holder("due_from", "due_until"),
    (frozenset({"rank", "is_open"}), _OF_RANK),
    _holder("opened_from", "opened_until"),
    _holder("opened_from"),
    _holder("closed_from", "closed_until"),
    _holder("closed_from"),
    (_OPEN, _tickets(IS_OPEN)),
)
"""The rarest first, as a rule."""
