"""Which conversations a list shows, and in which order: a page of their ids, and where the next page begins.

Each order is a range of an index (``walks``), or some side by side. What one person has is few: it is sorted here.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, bindparam, exists, func, literal_column, select, union_all
from sqlalchemy.orm import Session, aliased

from app.agents.rights import Actor
from app.conversations.models import Conversation, Message
from app.db.base import Id, UtcDateTime
from app.db.driver import Prepared
from app.db.sql import is_any
from app.desk import cursors, walks
from app.desk.filters import Filters, View, conditions
from app.desk.models import Mention
from app.desk.walks import OPEN, Page, Rows, beyond, cut, first, mark

__all__ = ["COUNTED", "Filters", "View", "count", "page"]
COUNTED = 100
"""Conversations of a list are counted up to here."""
OWN = 1000
"""Open conversations of one person that are looked at."""

_QUEUED = (Conversation.owner == literal_column("'queue'"), OPEN)
_CLASSES = [(priority, vip) for priority in (2, 1, 0) for vip in (True, False)]
"""Of the queue, in their order."""
_MINE = (Conversation.agent_id == bindparam("agent"), OPEN)
_IS_SNOOZED = (Conversation.snoozed_until > bindparam("now", type_=UtcDateTime)) & (
    Conversation.snoozed_at >= Conversation.viewer_wrote_at
)
"""Until its time, or until the viewer writes."""
_AWAKE = ~func.coalesce(_IS_SNOOZED, False)


def page(session: Session, filters: Filters, by: Actor, after: str | None, limit: int, now: datetime) -> Page:
    """Fewer than ``limit`` may come although more follow, where something narrows the list."""
    way = _PAGES.get(filters.view)
    return way(session, filters, by, after, limit, now) if way else walks.page(session, filters, after, limit)


def count(session: Session, by: Actor, now: datetime) -> dict[View, int]:
    """How many each list holds, and how many mentions were not seen; up to ``COUNTED`` each. One statement."""
    (counts,) = _COUNTS(session, agent=by.id, teams=sorted(by.teams), now=now)
    return dict(zip(_COUNTED, counts, strict=True))


def _one(model: type[Any], *conditions: ColumnElement[bool]) -> Rows:
    return select(literal_column("1")).select_from(model).where(*conditions).limit(literal_column(str(COUNTED)))


_COUNTED: dict[View, Rows] = {
    View.mine: _one(Conversation, *_MINE, _AWAKE),
    View.team: _one(Conversation, is_any(Conversation.team_id, "teams"), OPEN),
    View.queue: _one(Conversation, *_QUEUED),
    View.waiting: _one(Conversation, Conversation.waits_since.is_not(None), OPEN),
    View.snoozed: _one(Conversation, *_MINE, _IS_SNOOZED),
    View.resolved: _one(Conversation, Conversation.closed_by.is_not(None)),
    View.mentions: _one(Mention, Mention.agent_id == bindparam("agent"), Mention.seen_at.is_(None)),
    View.bot: _one(Conversation, Conversation.owner == literal_column("'bot'"), OPEN),
    View.all: _one(Conversation),
}
_COUNTS = Prepared(
    select(
        *(
            select(func.count()).select_from(rows.subquery()).scalar_subquery().label(view.value)
            for view, rows in _COUNTED.items()
        )
    )
)


# -------------------- where one was mentioned


def _mentions(session: Session, filters: Filters, by: Actor, after: str | None, limit: int, now: datetime) -> Page:
    """Each conversation once, where it was mentioned last."""
    given = filters.values
    statement = _mentioned(tuple(given), after is not None)
    return cut(statement(session, agent=by.id, limit=limit + 1, **given, **mark(after, (Mention.entry_id,))), limit)


@lru_cache(32)
def _mentioned(names: Sequence[str], is_deep: bool) -> Prepared:
    newer = aliased(Mention)
    again = exists().where(
        newer.conversation_id == Mention.conversation_id, newer.agent_id == Mention.agent_id,
        newer.entry_id > Mention.entry_id,
    )  # fmt: skip
    rows = select(Conversation.id, Mention.entry_id).join(Mention, Mention.conversation_id == Conversation.id)
    own = rows.where(Mention.agent_id == bindparam("agent"), ~again, *conditions(names))
    return Prepared(first(beyond(own, (Mention.entry_id,), is_deep=is_deep, descending=True)))


# -------------------- several ranges side by side


def _queue(session: Session, filters: Filters, by: Actor, after: str | None, limit: int, now: datetime) -> Page:
    """The urgent first, then whose viewers go first, then by how long they have waited."""
    given, reached = filters.values, None
    if after is not None:
        priority, vip, *key = cursors.read(after, 4)
        reached = priority, bool(vip)
        given |= {"k0": cursors.moment(key[0]), "k1": key[1]}
    if reached is not None and reached not in _CLASSES:
        raise cursors.WrongCursor
    statement = _queued(tuple(filters.values), reached)
    return cut(statement(session, limit=limit + 1, **given), limit)


@lru_cache(128)
def _queued(names: Sequence[str], reached: tuple[int, bool] | None) -> Prepared:
    key = (Conversation.queued_at, Conversation.id)
    parts: list[Rows] = []
    for each in _CLASSES if reached is None else [each for each in _CLASSES if each <= reached]:
        own = (Conversation.priority == literal_column(str(each[0])), Conversation.vip == each[1])
        columns = (Conversation.priority, Conversation.vip, Conversation.queued_at, Conversation.id.label("n"))
        rows = select(Conversation.id, *columns).where(*_QUEUED, *own, *conditions(names))
        parts.append(beyond(rows, key, is_deep=each == reached, descending=False))
    return _merged(parts, ("priority desc", "vip desc", "queued_at", "n"))


def _teams(session: Session, filters: Filters, by: Actor, after: str | None, limit: int, now: datetime) -> Page:
    given, teams = filters.values | mark(after, (Conversation.id,)), sorted(by.teams)
    if not teams:
        return [], None
    statement = _meant(tuple(filters.values), after is not None, len(teams))
    named = {f"team{number}": team for number, team in enumerate(teams)}
    return cut(statement(session, limit=limit + 1, **given, **named), limit)


@lru_cache(64)
def _meant(names: Sequence[str], is_deep: bool, teams: int) -> Prepared:
    parts: list[Rows] = []
    for number in range(teams):
        own = Conversation.team_id == bindparam(f"team{number}", type_=Id)
        rows = select(Conversation.id, Conversation.id.label("n")).where(own, OPEN, *conditions(names))
        parts.append(beyond(rows, (Conversation.id,), is_deep=is_deep, descending=True))
    return _merged(parts, ("n desc",))


def _merged(parts: Sequence[Rows], order: Sequence[str]) -> Prepared:
    """The first of each range, in the order of all."""
    taken = [first(part).subquery() for part in parts]
    rows = union_all(*(select(*each.c) for each in taken)).subquery()
    ordered = select(*rows.c)
    for column in order:
        name, _, direction = column.partition(" ")
        ordered = ordered.order_by(rows.c[name].desc() if direction else rows.c[name])
    return Prepared(first(ordered))


# -------------------- one person's own

_last = aliased(Message)
_SPOKEN_AT = func.coalesce(_last.created_at, Conversation.opened_at, type_=UtcDateTime())


def _mine(session: Session, filters: Filters, by: Actor, after: str | None, limit: int, now: datetime) -> Page:
    """Who waits comes first, the longest first; then where something happened last."""
    given = filters.values
    keys = [
        (0, cursors.number(waits), talk) if waits is not None else (1, -cursors.number(spoken), -talk)
        for talk, waits, spoken in _own(tuple(given))(session, agent=by.id, now=now, **given)
    ]
    return _slice(keys, after, limit)


@lru_cache(16)
def _own(names: Sequence[str]) -> Prepared:
    rows = (
        select(Conversation.id, Conversation.waits_since, _SPOKEN_AT.label("spoken_at"))
        .outerjoin(_last, (_last.conversation_id == Conversation.id) & (_last.seq == Conversation.last_seq))
        .where(*_MINE, _AWAKE, *conditions(names))
    )
    return Prepared(rows.limit(literal_column(str(OWN))))


def _snoozed(session: Session, filters: Filters, by: Actor, after: str | None, limit: int, now: datetime) -> Page:
    given = filters.values
    rows = _own_snoozed(tuple(given))(session, agent=by.id, now=now, **given)
    return _slice([(0, cursors.number(until), talk) for talk, until in rows], after, limit)


@lru_cache(16)
def _own_snoozed(names: Sequence[str]) -> Prepared:
    rows = select(Conversation.id, Conversation.snoozed_until).where(*_MINE, _IS_SNOOZED, *conditions(names))
    return Prepared(rows.limit(literal_column(str(OWN))))


def _slice(keys: list[tuple[int, int, int]], after: str | None, limit: int) -> Page:
    reached = cursors.read(after, 3) if after is not None else ()
    left = sorted(key for key in keys if key > reached)
    more = len(left) > limit
    return [abs(key[2]) for key in left[:limit]], cursors.write(left[limit - 1]) if more else None


_PAGES: dict[View, Callable[[Session, Filters, Actor, str | None, int, datetime], Page]] = {
    View.mine: _mine, View.team: _teams, View.queue: _queue, View.snoozed: _snoozed, View.mentions: _mentions,
}  # fmt: skip
"""All others are ``walks``."""
