"""Lists in the order of an index: a page is a range of it, walked from where the last page ended.

What narrows a list may be rare in it. Where a title or a tag is rare altogether, its conversations are looked up and
put in order; else a page looks at so many at most, and ends early where they do not fill it.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, literal_column, select, tuple_
from sqlalchemy.orm import Session

from app.conversations.models import Conversation
from app.db.base import UtcDateTime
from app.db.driver import Prepared
from app.db.sql import is_any
from app.desk import cursors
from app.desk.filters import Filters, View, conditions
from app.desk.models import Tag

NEAR, LOOKED = 200, 3_000
"""Conversations that are looked at for one page where something narrows it: at first, and at most."""
RARE = 1_000
"""Conversations of a title or a tag that are put in order at once."""
Page = tuple[list[int], str | None]
"""Ids, and the cursor where more follow."""
Rows = Select[*tuple[Any, ...]]
OPEN = Conversation.closed_at.is_(None)
_WAITS = (Conversation.waits_since.is_not(None), OPEN)
_BOT = (Conversation.owner == literal_column("'bot'"), OPEN)
_KEYS: dict[View, tuple[Sequence[Any], Sequence[ColumnElement[bool]], bool]] = {
    View.waiting: ((Conversation.waits_since, Conversation.id), _WAITS, False),
    View.resolved: ((Conversation.closed_at, Conversation.id), (Conversation.closed_by.is_not(None),), True),
    View.bot: ((Conversation.id,), _BOT, True),
    View.all: ((Conversation.id,), (), True),
}
"""The key, the last column of which is unique; what is in the list; whether it descends."""


def page(session: Session, filters: Filters, after: str | None, limit: int) -> Page:
    columns, given = _KEYS[filters.view][0], filters.values
    shape = (filters.view, tuple(given), after is not None)
    given |= mark(after, columns)
    if (rare := _rare(session, filters)) is not None:
        return cut(_among(*shape)(session, ids=rare, limit=limit + 1, **given), limit)
    for most in (NEAR, LOOKED) if filters.values else (None,):
        rows = _next(*shape, most)(session, limit=limit + 1, **given)
        if len(rows) > limit or most is None:
            return cut(rows, limit)
    end = _end(filters.view, after is not None)(session, **mark(after, columns))
    return [row[0] for row in rows], _written(end[0]) if len(end) > 1 else None


def mark(after: str | None, columns: Sequence[Any]) -> dict[str, Any]:
    """The parameters of ``beyond``."""
    if after is None:
        return {}
    given = cursors.read(after, len(columns))
    values = [cursors.moment(n) if isinstance(c.type, UtcDateTime) else n for n, c in zip(given, columns, strict=True)]
    return {f"k{place}": value for place, value in enumerate(values)}


def beyond(rows: Rows, columns: Sequence[Any], *, is_deep: bool, descending: bool) -> Rows:
    """In the order of the columns, behind the mark."""
    if is_deep:
        reached = tuple_(*(bindparam(f"k{place}", type_=column.type) for place, column in enumerate(columns)))
        rows = rows.where(tuple_(*columns) < reached if descending else tuple_(*columns) > reached)
    return rows.order_by(*(column.desc() if descending else column for column in columns))


def first(rows: Rows) -> Rows:
    """As many as the parameter ``limit`` says."""
    return rows.limit(bindparam("limit", type_=Integer))


def cut(rows: Sequence[Sequence[Any]], limit: int) -> Page:
    """Of ``limit + 1`` rows, the id first, then its key."""
    kept = rows[:limit]
    return [row[0] for row in kept], _written(kept[-1]) if len(rows) > limit else None


def _written(row: Sequence[Any]) -> str:
    return cursors.write([cursors.number(value) if isinstance(value, datetime) else int(value) for value in row[1:]])


@lru_cache(256)
def _next(view: View, names: Sequence[str], is_deep: bool, most: int | None) -> Prepared:
    """``most``: of those that follow; None: all may be looked at."""
    columns, here, descending = _KEYS[view]
    if most is None:
        rows = select(Conversation.id, *columns).where(*here, *conditions(names))
        return Prepared(first(beyond(rows, columns, is_deep=is_deep, descending=descending)))
    fits = and_(*conditions(names)).label("fits")
    near = beyond(select(Conversation.id, *columns, fits).where(*here), columns, is_deep=is_deep, descending=descending)
    seen = near.limit(literal_column(str(most))).subquery()
    keys = [seen.c[column.key] for column in columns]
    return Prepared(
        first(beyond(select(seen.c.id, *keys).where(seen.c.fits), keys, is_deep=False, descending=descending))
    )


@lru_cache(128)
def _among(view: View, names: Sequence[str], is_deep: bool) -> Prepared:
    """Of the ids that are given."""
    columns, here, descending = _KEYS[view]
    rows = select(Conversation.id, *columns).where(*here, is_any(Conversation.id, "ids"), *conditions(names))
    return Prepared(first(beyond(rows, columns, is_deep=is_deep, descending=descending)))


@lru_cache(32)
def _end(view: View, is_deep: bool) -> Prepared:
    """The last that was looked at, and whether one follows."""
    columns, here, descending = _KEYS[view]
    rows = beyond(select(Conversation.id, *columns).where(*here), columns, is_deep=is_deep, descending=descending)
    return Prepared(rows.offset(literal_column(str(LOOKED - 1))).limit(literal_column("2")))


def _rare(session: Session, filters: Filters) -> list[int] | None:
    """All that have the title, or the tag; None: too many have, or it is not asked for."""
    for name, held in (("title", filters.title), ("tag", filters.tag)):
        if held is not None:
            found = _HOLDERS[name](session, held=held)
            if len(found) <= RARE:
                return [row[0] for row in found]
    return None


_HOLDERS = {
    "title": Prepared(
        select(Conversation.id).where(Conversation.title == bindparam("held")).order_by(Conversation.id.desc())
        .limit(literal_column(str(RARE + 1)))
    ),
    "tag": Prepared(
        select(Tag.conversation_id).where(Tag.tag == bindparam("held")).order_by(Tag.conversation_id.desc())
        .limit(literal_column(str(RARE + 1)))
    ),
}  # fmt: skip
