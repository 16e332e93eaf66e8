"""Through the index from its newest end: what may hold all that is wanted, a stretch of ids at a time.

For each stretch the sparsest list just there leads, and the others are asked for each of its ids; before it, all lists
leap to the first id that each of them still reaches. So the work follows the rarest word, wherever it is rare.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, bindparam, func, literal_column, select
from sqlalchemy.orm import Session, aliased

from app.db.driver import Prepared
from app.desk.models import SearchGram
from app.desk.search.sources import Kind

FIRST, LONGEST = 64, 1024
"""Ids of a stretch: few at first, as most pages are full then."""
ASKED, LISTS = 16, 8
"""Lists that are looked into first, of which the sparsest are walked: what is in those nearly always has the text."""
RARE = 20_000
"""Ids that are sorted at once, for single characters, whose list is in no order. What is in more is met soon anyway."""


@dataclass(frozen=True, slots=True)
class Stretch:
    ids: Sequence[int]
    """Descending."""
    down_to: int
    """All from here up has been looked at."""
    walked: int
    """How many ids were looked at for these: the work that was done."""


@dataclass(frozen=True, slots=True)
class _Reach:
    gram: int
    newest: int
    deep: int
    """The id so many places further down; 0: there are fewer."""


def walk(session: Session, kind: Kind, grams: Sequence[int], *, below: int, floor: int) -> Iterator[Stretch]:
    """All ids under ``below`` and over ``floor`` that have every one of ``grams``."""
    size, grams = FIRST, grams[:: -(-len(grams) // ASKED)]
    while (reached := _reach(session, kind, grams, below, size)) is not None:
        reached.sort(key=lambda reach: reach.deep)
        grams = [reach.gram for reach in reached[:LISTS]]
        top = min(reach.newest for reach in reached)
        down_to = max(reached[0].deep, floor + 1)
        if top >= down_to:
            yield Stretch(_common(session, kind, grams, top, down_to), down_to, size)
        below, size = min(top + 1, down_to), min(size * 2, LONGEST)
        if below <= floor + 1:
            return


def _reach(session: Session, kind: Kind, grams: Sequence[int], below: int, size: int) -> list[_Reach] | None:
    """How far each list goes; None if one of them has nothing left."""
    given = {f"g{number}": gram for number, gram in enumerate(grams)}
    (row,) = _ends(len(grams))(session, kind=kind.value, below=below, size=size, **given)
    pairs = list(zip(grams, row[::2], row[1::2], strict=True))
    if any(newest is None for _, newest, _ in pairs):
        return None
    return [_Reach(gram, newest, deep or 0) for gram, newest, deep in pairs]


@lru_cache(ASKED)
def _ends(count: int) -> Prepared:
    columns: list[Any] = []
    for number in range(count):
        own = (_of(SearchGram, number), SearchGram.subject_id < bindparam("below"))
        deep = select(SearchGram.subject_id).where(*own).order_by(SearchGram.subject_id.desc()).limit(1)
        columns += [
            select(func.max(SearchGram.subject_id)).where(*own).scalar_subquery().label(f"newest{number}"),
            deep.offset(bindparam("size", type_=Integer)).scalar_subquery().label(f"deep{number}"),
        ]
    return Prepared(select(*columns))


def _of(grams: Any, number: int) -> ColumnElement[bool]:
    return and_(grams.kind == bindparam("kind"), grams.gram == bindparam(f"g{number}"))


def _common(session: Session, kind: Kind, grams: Sequence[int], top: int, down_to: int) -> list[int]:
    """The ids between of the first list that are in all others."""
    given = {f"g{number}": gram for number, gram in enumerate(grams)}
    return [row[0] for row in _in_all(len(grams))(session, kind=kind.value, top=top, down_to=down_to, **given)]


@lru_cache(LISTS)
def _in_all(count: int) -> Prepared:
    """The others are scalar queries, so that no planner makes a join of whole lists of them."""
    between = SearchGram.subject_id.between(bindparam("down_to"), bindparam("top"))
    found = select(SearchGram.subject_id).where(_of(SearchGram, 0), between)
    for number in range(1, count):
        other = aliased(SearchGram)
        held = select(other.subject_id).where(_of(other, number), other.subject_id == SearchGram.subject_id)
        found = found.where(held.correlate(SearchGram).scalar_subquery().is_not(None))
    return Prepared(found.order_by(SearchGram.subject_id.desc()))


def walk_rarest(
    session: Session, kind: Kind, ranges: Sequence[tuple[int, int]], *, below: int, floor: int
) -> Iterator[Stretch] | None:
    """For single characters: the ids with the rarest of them; None if each is in more than ``RARE`` places."""
    found = [ids for first, last in ranges if (ids := _within(session, kind, first, last)) is not None]
    if not found:
        return None
    left = sorted((subject for subject in min(found, key=len) if floor < subject < below), reverse=True)
    return (Stretch(part, part[-1], len(part)) for at in range(0, len(left), FIRST) if (part := left[at : at + FIRST]))


def _within(session: Session, kind: Kind, first: int, last: int) -> set[int] | None:
    given = {"kind": kind.value, "first": first, "last": last}
    if _MORE(session, **given):
        return None
    return {row[0] for row in _WITHIN(session, **given)}


_BEGIN = select(SearchGram.subject_id).where(
    SearchGram.kind == bindparam("kind"), SearchGram.gram.between(bindparam("first"), bindparam("last"))
)
_MORE = Prepared(_BEGIN.limit(literal_column("1")).offset(literal_column(str(RARE))))
_WITHIN = Prepared(_BEGIN.limit(literal_column(str(RARE))))


def walk_all(read: Callable[[int, int], Sequence[int]], *, below: int, floor: int) -> Iterator[Stretch]:
    """Everything, the newest first. ``read(below, limit)`` gives ids, descending."""
    size = FIRST
    while ids := read(below, size):
        left = [each for each in ids if each > floor]
        yield Stretch(left, max(ids[-1], floor + 1), len(ids))
        below, size = ids[-1], min(size * 2, LONGEST)
        if below <= floor + 1:
            return
