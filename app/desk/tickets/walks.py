"""A page of a list of tickets: their ids in its order, and where the next page begins.

Where few tickets can meet what is asked for, these are looked up and put in order; else the order's stretches are
walked, each from where the last page ended. So many are looked at for a page at most: it ends early where they do not
fill it, and the next one goes on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Case, ColumnElement, and_, bindparam, case, literal_column, or_, select, tuple_
from sqlalchemy.orm import Session

from app.agents.rights import Actor
from app.db.driver import Prepared
from app.db.sql import is_any
from app.desk.tickets import orders, rare, searching
from app.desk.tickets.filters import IS_OPEN, Filters, conditions
from app.desk.tickets.orders import SORTS, Sort, Stretch
from app.desk.tickets.searching import Words
from app.desk.walks import Page, beyond, first
from app.tickets.models import Ticket

NEAR, LOOKED = 400, 8_000
"""Tickets that are looked at for one page where something narrows it: at first, and at most."""
READ = 1_500
"""Subjects that are read for one page where words are common, at most."""
Found = list[tuple[Any, ...]]
_EVERY: Final = (Ticket.next_due_at, Ticket.closed_at, Ticket.opened_at, Ticket.updated_at)


@dataclass(slots=True)
class _Walk:
    """What is asked for, and where it begins."""

    session: Session
    sort: Sort
    given: dict[str, Any]
    place: int
    mark: dict[str, Any]
    limit: int
    """One more than the page holds."""
    words: Words | None
    """What must be in the subject, where it is too common to be looked up."""
    ranks: dict[int, list[int] | None] = field(default_factory=dict)
    """The open ones of a priority with these words, where the priority has few."""

    def of_rank(self, rank: int | None) -> list[int] | None:
        if rank is None:
            return None
        if rank not in self.ranks:
            ids = rare.of_rank(self.session, rank)
            if ids is not None and self.words is not None:
                ids = searching.find(self.session, self.words, among=ids)
            self.ranks[rank] = ids
        return self.ranks[rank]


def page(
    session: Session, filters: Filters, *, by: Actor, sort: Sort, after: str | None, limit: int, now: datetime
) -> Page:
    """Fewer than ``limit`` may come although more follow, where something narrows the list. WrongCursor."""
    given = filters.values(by=by, now=now)
    place, mark = orders.read(sort, after) if after is not None else (0, {})
    also_open = len(given) > 1 or len(SORTS[sort]) == 1
    ids = rare.find(session, given, also_open=also_open) if given else None
    words = searching.read(filters.q)
    if words is not None:
        found = searching.find(session, words, among=ids)
        ids, words = (found, None) if found is not None else (None, words)
    walk = _Walk(session, sort, given, place, mark, limit + 1, words)
    return _sorted(walk, ids) if ids is not None else _walked(walk)


# -------------------- few, put in order


def _sorted(walk: _Walk, ids: Sequence[int]) -> Page:
    statement = _among(walk.sort, tuple(walk.given), walk.place if walk.mark else None)
    rows = statement(walk.session, ids=ids, limit=walk.limit, **walk.given, **walk.mark)
    kept = rows[: walk.limit - 1]
    if len(rows) < walk.limit:
        return [row[0] for row in kept], None
    row_id, place, *times = kept[-1]
    key = [dict(zip(_EVERY, times, strict=True)).get(c, row_id) for c in SORTS[walk.sort][place].columns]
    return [row[0] for row in kept], orders.write(place, key)


@lru_cache(512)
def _among(sort: Sort, names: Sequence[str], reached: int | None) -> Prepared:
    """Of the ids that are given, in the order of all stretches, behind what was reached."""
    stretches = SORTS[sort]
    place = _place(stretches)
    rows = select(Ticket.id, place.label("place"), *_EVERY).where(is_any(Ticket.id, "ids"), *conditions(names))
    if reached is not None:
        within = _behind(stretches[reached])
        number: ColumnElement[int] = literal_column(str(reached))
        rows = rows.where(or_(place > number, and_(place == number, within)) if len(stretches) > 1 else within)
    if len(stretches) == 1:
        return Prepared(first(beyond(rows, stretches[0].columns, is_deep=False, descending=stretches[0].is_descending)))
    due, closed = case((IS_OPEN, Ticket.next_due_at)), case((IS_OPEN, None), else_=Ticket.closed_at)
    ordered = rows.order_by(place, due, closed.desc(), case((IS_OPEN, Ticket.id)), Ticket.id.desc())
    return Prepared(first(ordered))


def _place(stretches: Sequence[Stretch]) -> Case[int] | ColumnElement[int]:
    if len(stretches) == 1:
        return literal_column("0")
    return case(*((and_(*each.here), literal_column(str(number))) for number, each in enumerate(stretches)))


def _behind(stretch: Stretch) -> ColumnElement[bool]:
    reached = tuple_(*(bindparam(f"k{number}", type_=column.type) for number, column in enumerate(stretch.columns)))
    own = tuple_(*stretch.columns)
    return own < reached if stretch.is_descending else own > reached


# -------------------- many, walked


def _walked(walk: _Walk) -> Page:
    ids: list[int] = []
    last: str | None = None
    for place in range(walk.place, len(SORTS[walk.sort])):
        stretch = SORTS[walk.sort][place]
        if not orders.reaches(stretch, walk.given):
            continue
        mark = walk.mark if place == walk.place else {}
        rows, end = _stretch(walk, place, mark, walk.limit - len(ids))
        if len(ids) + len(rows) == walk.limit:
            kept = rows[: walk.limit - 1 - len(ids)]
            # Where the page ends with a stretch, its last row is of an earlier one.
            after = orders.write(place, kept[-1][1:]) if kept else last
            return ids + [row[0] for row in kept], after
        ids += [row[0] for row in rows]
        last = orders.write(place, rows[-1][1:]) if rows else last
        if end is not None:
            return ids, orders.write(place, end)
    return ids, None


def _stretch(walk: _Walk, place: int, mark: dict[str, Any], limit: int) -> tuple[Found, Sequence[Any] | None]:
    """Up to so many rows; and the key of the last that was looked at, where more are left than were looked at."""
    stretch, session = SORTS[walk.sort][place], walk.session
    narrowing = tuple(name for name in walk.given if name not in stretch.implied | stretch.within)
    inside = tuple(name for name in walk.given if name in stretch.within)
    shape = (walk.sort, place, inside, bool(mark))
    given = walk.given | mark
    if (ids := walk.of_rank(stretch.rank)) is not None:
        return _in_stretch(*shape, narrowing)(session, ids=ids, limit=limit, **given), None
    if walk.words is not None:
        return _read(walk, walk.words, limit, [_texts(*shape, narrowing, most) for most in (NEAR, READ)], given)
    for most in (NEAR, LOOKED) if narrowing or stretch.rank is not None else (None,):
        rows = _next(*shape, narrowing, most)(session, limit=limit, **given)
        if len(rows) >= limit or most is None:
            return rows, None
    end = _end(*shape)(session, **given)
    return rows, end[0] if len(end) > 1 else None


def _read(
    walk: _Walk, words: Words, limit: int, statements: Sequence[Prepared], given: dict[str, Any]
) -> tuple[Found, Sequence[Any] | None]:
    """Those in whose subjects the words are; the first statement looks at fewer."""
    for statement, most in zip(statements, (NEAR, READ), strict=True):
        rows = statement(walk.session, **given)
        hits = [row[:-3] for row in rows if row[-1] and words.meets(row[-3], row[-2])]
        if len(hits) >= limit or len(rows) < most:
            return hits[:limit], None
    return hits, rows[-1][1:-3]


def _range(sort: Sort, place: int, inside: Sequence[str], columns: Sequence[Any]) -> Any:
    stretch = SORTS[sort][place]
    here = stretch.here if stretch.rank is None else [c for c in stretch.here if c is not stretch.here[1]]
    rows = select(*columns).where(*here, *conditions(inside))
    return rows.order_by(stretch.led_by) if stretch.led_by is not None else rows


def _fits(sort: Sort, place: int, names: Sequence[str]) -> ColumnElement[bool]:
    stretch = SORTS[sort][place]
    return and_(*conditions(names), *((stretch.here[1],) if stretch.rank is not None else ()))


@lru_cache(1024)
def _next(
    sort: Sort, place: int, inside: Sequence[str], is_deep: bool, names: Sequence[str], most: int | None
) -> Prepared:
    """``most``: of those that follow; None: all may be looked at."""
    stretch = SORTS[sort][place]
    columns, down = stretch.columns, stretch.is_descending
    if most is None:
        rows = _range(sort, place, inside, (Ticket.id.label("row_id"), *columns))
        return Prepared(first(beyond(rows, columns, is_deep=is_deep, descending=down)))
    fits = _fits(sort, place, names).label("fits")
    rows = _range(sort, place, inside, (Ticket.id.label("row_id"), *columns, fits))
    seen = beyond(rows, columns, is_deep=is_deep, descending=down).limit(literal_column(str(most))).subquery()
    keys = [seen.c[column.key] for column in columns]
    met = select(seen.c.row_id, *keys).where(seen.c.fits)
    return Prepared(first(beyond(met, keys, is_deep=False, descending=down)))


@lru_cache(512)
def _texts(sort: Sort, place: int, inside: Sequence[str], is_deep: bool, names: Sequence[str], most: int) -> Prepared:
    """Those that follow, each with its words and whether it meets the rest."""
    stretch = SORTS[sort][place]
    columns = stretch.columns
    fits = _fits(sort, place, names).label("fits") if names or stretch.rank is not None else literal_column("true")
    rows = _range(sort, place, inside, (Ticket.id.label("row_id"), *columns, Ticket.number, Ticket.subject, fits))
    following = beyond(rows, columns, is_deep=is_deep, descending=stretch.is_descending)
    return Prepared(following.limit(literal_column(str(most))))


@lru_cache(512)
def _in_stretch(sort: Sort, place: int, inside: Sequence[str], is_deep: bool, names: Sequence[str]) -> Prepared:
    """Of the ids that are given."""
    stretch = SORTS[sort][place]
    rows = select(Ticket.id.label("row_id"), *stretch.columns).where(
        is_any(Ticket.id, "ids"), *stretch.here, *conditions((*inside, *names))
    )
    return Prepared(first(beyond(rows, stretch.columns, is_deep=is_deep, descending=stretch.is_descending)))


@lru_cache(256)
def _end(sort: Sort, place: int, inside: Sequence[str], is_deep: bool) -> Prepared:
    """The last that was looked at, and whether one follows."""
    stretch = SORTS[sort][place]
    rows = _range(sort, place, inside, stretch.columns)
    following = beyond(rows, stretch.columns, is_deep=is_deep, descending=stretch.is_descending)
    return Prepared(following.offset(literal_column(str(LOOKED - 1))).limit(literal_column("2")))
