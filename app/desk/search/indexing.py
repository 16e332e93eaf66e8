"""The index is written behind: new rows within a second, then older ones, the newest first, whenever there is time.

Two marks a kind say how far it is: ``new`` goes up with what comes, ``old`` down through what was there before. Each
page moves its mark by a conditional UPDATE in the transaction that writes it, so any number of processes may index, and
one that is killed leaves nothing half done. What a page did not see between its ids is kept as gaps until nobody can
commit it any more.
"""

import asyncio
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from time import perf_counter

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.db.database import Database
from app.db.horizons import next_writer, oldest_writer
from app.db.rows import Insert, table_of
from app.db.sql import Counter, changed, counter, for_update, is_any
from app.desk.models import SearchGap, SearchGram
from app.desk.search import sources
from app.desk.search.grams import grams
from app.desk.search.sources import Kind

log = logging.getLogger(__name__)

EVERY = 0.5
"""Seconds between two looks for what is new."""
ROWS, LETTERS = 200, 4_000
"""The most of a page: what is written in one transaction, which must not hold up what viewers wait for."""
LONG, LEAST = 0.04, 20
"""Seconds: after a page that took longer the next is half as long, as on a slow disk; else it grows again. Fewer rows
than these would cost each more than it helps others.
"""
GAPS = 20
CALM, MOST = 25.0, 9.0
"""New messages a second up to which the index takes half of the time, and how many times what a page took is left to
others when more come: in a rush of viewers the processor is theirs, and what they say is found some minutes later.
"""

_insert_marks = Insert(table_of(Counter), ("name", "value"), or_ignore=True)
_insert_grams = Insert(table_of(SearchGram), ("kind", "gram", "subject_id"), or_ignore=True)
_insert_gaps = Insert(table_of(SearchGap), ("kind", "first", "last", "horizon"), or_ignore=True)
Gram = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows in their order: what they are found by, and where the mark stands before and after."""

    kind: Kind
    mark: str
    before: int
    after: int
    grams: Sequence[Gram]
    missing: Sequence[tuple[int, int]]
    """From, to: the ids of the page that were not there."""


@dataclass(slots=True)
class Pace:
    """How much is written at a time, and how much time is left to others."""

    rows: int = LEAST
    newest: int | None = None
    """The id of the newest message at the last look, ``at`` seconds."""
    at: float = 0.0
    others: float = 1.0
    """Times what a page took."""

    def see(self, newest: int, now: float) -> None:
        if self.newest is not None and now > self.at:
            self.others = min(MOST, max(1.0, (newest - self.newest) / (now - self.at) / CALM))
        self.newest, self.at = newest, now

    def after(self, seconds: float) -> None:
        self.rows = max(LEAST, self.rows // 2) if seconds > LONG else min(ROWS, self.rows + 10)


async def keep(db: Database) -> None:
    """Serve until cancelled."""
    pace = Pace()
    while True:
        pause = EVERY
        try:
            pause = await index(db, pace) or EVERY
        except Exception:
            log.exception("the search's index was not kept")
        await asyncio.sleep(pause)


async def index(db: Database, pace: Pace) -> float:
    """Write a page of what is new; if there is nothing, one of what is old. Returns the seconds that are then left to
    others: as many as it took, so that the index gets half of the time at most, or more. 0: all is done.
    """
    work = await db.read(look, pace.rows)
    start = perf_counter()
    pace.see(work.newest, start)
    if not work.is_marked:
        await db.write(mark)
    for kind in work.gaps:
        await db.write(fill_gaps, kind)
    for page in work.pages:
        began = perf_counter()
        await db.write(write, page)
        pace.after(perf_counter() - began)
    return (perf_counter() - start) * pace.others if work.pages or not work.is_marked else 0


# -------------------- how far it is


def _new(kind: Kind) -> str:
    return f"search.{kind.name}.new"


def _old(kind: Kind) -> str:
    return f"search.{kind.name}.old"


@dataclass(frozen=True, slots=True)
class Work:
    is_marked: bool
    """False: it has never been begun."""
    newest: int
    """The id of the newest message."""
    gaps: Sequence[Kind]
    pages: Sequence[Page]


def look(session: Session, rows: int) -> Work:
    """What is to be done, in pages of so many rows at most."""
    newest = sources.newest_id(session, Kind.messages)
    marks = {_new(kind) for kind in Kind} | {_old(kind) for kind in Kind}
    if len(session.scalars(select(Counter.name).where(is_any(Counter.name, sorted(marks)))).all()) < len(marks):
        return Work(False, newest, (), ())
    gaps = session.scalars(select(SearchGap.kind).distinct())
    pages = [page for kind in Kind if (page := find_new(session, kind, rows))]
    pages = pages or [page for kind in Kind if (page := find_old(session, kind, rows))]
    return Work(True, newest, [Kind(kind) for kind in gaps], pages)


def mark(session: Session) -> None:
    """Begin between what is there and what will come."""
    for kind in Kind:
        newest = sources.newest_id(session, kind)
        _insert_marks(session, [(_new(kind), newest), (_old(kind), newest + 1)])


def find_new(session: Session, kind: Kind, limit: int) -> Page | None:
    at = counter(session, _new(kind))
    rows = list(_cut(sources.ascending(session, kind, at + 1, None, limit)))
    if not rows:
        return None
    last = rows[-1].id
    return Page(kind, _new(kind), at, last, _grams(kind, rows), _missing(rows, at + 1, last))


def find_old(session: Session, kind: Kind, limit: int) -> Page | None:
    below = counter(session, _old(kind))
    found = sources.descending(session, kind, below, limit)
    rows = list(_cut(found))
    if not rows:
        return None
    is_last = len(found) < limit and len(rows) == len(found)
    first = 1 if is_last else rows[-1].id  # also what is not committed yet of the oldest
    return Page(kind, _old(kind), below, first, _grams(kind, rows), _missing(rows[::-1], first, below - 1))


def write(session: Session, page: Page) -> bool:
    """False where another process was faster."""
    moved = (Counter.name == page.mark, Counter.value == page.before)
    if changed(session.execute(update(Counter).where(*moved).values(value=page.after))) != 1:
        return False
    _insert_grams(session, page.grams)
    if (horizon := next_writer(session)) is not None:
        _insert_gaps(session, [(page.kind, first, last, horizon) for first, last in page.missing])
    return True


def _cut(rows: Sequence[sources.Row]) -> Iterator[sources.Row]:
    """Those at the beginning that make a page; one at least."""
    letters = 0
    for row in rows:
        letters += len(row.text)
        if letters > LETTERS and letters > len(row.text):
            return
        yield row


def _grams(kind: Kind, rows: Iterable[sources.Row]) -> list[Gram]:
    """In the order of the key: as two processes may write the same, and as pages of the index are met once."""
    return sorted({(kind.value, gram, row.subject_id) for row in rows for gram in grams(row.text)})


# -------------------- what was not there yet


def _missing(rows: Sequence[sources.Row], first: int, last: int) -> list[tuple[int, int]]:
    ids = [first - 1, *(row.id for row in rows), last + 1]
    return [(one + 1, other - 1) for one, other in pairwise(ids) if other - one > 1]


def fill_gaps(session: Session, kind: Kind) -> None:
    """Index what has come into the gaps; forget those into which nothing can come any more."""
    oldest = oldest_writer(session)  # before what it wrote is looked for
    held = select(SearchGap).where(SearchGap.kind == kind).order_by(SearchGap.first).limit(GAPS)
    for gap in session.scalars(for_update(held, skip_locked=True)).all():
        rows = sources.ascending(session, kind, gap.first, gap.last, ROWS)
        _insert_grams(session, _grams(kind, rows))
        if len(rows) == ROWS:
            gap.first = rows[-1].id + 1
        elif oldest is None or gap.horizon <= oldest:
            session.delete(gap)


# -------------------- what is changed by people


def index_viewer(session: Session, viewer_id: int) -> None:
    """Called by whoever changes a viewer's name, remark or identities, in the same transaction."""
    session.flush()
    texts = sources.viewer_texts(session, [viewer_id])
    _insert_grams(session, sorted((Kind.viewers.value, gram, viewer_id) for gram in grams(texts[viewer_id])))


def index_ticket(session: Session, ticket_id: int, *, number: int, subject: str) -> None:
    """Called by whoever changes a ticket's subject, in the same transaction."""
    found = grams(sources.ticket_text(number, subject))
    _insert_grams(session, sorted((Kind.tickets.value, gram, ticket_id) for gram in found))


def forget(session: Session, kind: Kind, subject_id: int, text: str) -> None:
    """Called before a text is erased, as long as it is known. A text that was only changed need not be forgotten: what
    is found is compared with what stands there now.
    """
    own = (SearchGram.kind == kind.value, SearchGram.subject_id == subject_id)
    session.execute(delete(SearchGram).where(*own, is_any(SearchGram.gram, sorted(grams(text)))))
