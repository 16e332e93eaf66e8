"""How long figures and lists of tickets take, with ten thousand and with a hundred thousand of them.

``python -m tests.bench.tickets``; ``--sizes 10000 --database sqlite --only by_`` for less. One read at a time, warm,
within one process, through ``Database.read`` as pages do.
"""

import argparse
import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import cycle
from statistics import median, quantiles
from time import perf_counter, process_time
from typing import Any, Final

from app.agents.calendars import BEIJING
from app.agents.rights import Actor, Role
from app.db.database import Database
from app.db.opening import connect
from app.db.schema import bring_up_to_date
from app.desk.tickets import duplicates, lists, reading, today
from app.desk.tickets.duplicates import Matter
from app.desk.tickets.figures import deadlines, flow, people, satisfaction, shares, times
from app.desk.tickets.figures.spans import LONGEST, Narrowing, Span
from app.desk.tickets.filters import Filters, Status
from app.desk.tickets.orders import Sort
from app.settings import Settings
from app.tickets.models import TicketKind
from tests.bench.desk import Fill, Seconds, store
from tests.bench.ticketing.filling import CATEGORIES, TAGS, TITLES, Year

WARM = 10
TARGET: Final = 50.0
"""Milliseconds: p95 of every read."""
Read = Callable[..., Any]
SPANNED: Final[Sequence[Read]] = (
    flow.per_day, flow.totals, flow.reopened, times.responses, times.resolutions, deadlines.breaches, deadlines.kept,
    shares.by_category, shares.by_dimension, shares.by_title, shares.by_source, people.by_person,
    satisfaction.satisfaction,
)  # fmt: skip
NARROWINGS: Final = {
    "kind": Narrowing(kind=TicketKind.fault), "source": Narrowing(source="wechat"), "title": Narrowing(title=TITLES[0]),
    "team": Narrowing(team=1), "owner": Narrowing(owner=1),
    "kind, source": Narrowing(kind=TicketKind.fault, source="wechat"),
    "team, title": Narrowing(team=1, title=TITLES[0]),
}  # fmt: skip
"""The most frequent of each: 45 % of all, 60 %, 6 %, 15 %, 1.5 %."""


@dataclass(frozen=True, slots=True)
class Task:
    name: str
    read: Read


@dataclass(frozen=True, slots=True)
class Took:
    """Milliseconds."""

    work: float
    """Of the processor, in this process and PostgreSQL's, on the average: on a busy machine the only one of use."""
    p50: float
    p95: float
    most: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="10000,100000")
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--only", default="", help="the beginnings of the tasks' names, between commas")
    options = parser.parse_args()
    for database in ("sqlite", "postgresql") if options.database == "both" else (options.database,):
        for size in map(int, options.sizes.split(",")):
            held: AbstractContextManager[tuple[Settings, Fill, Seconds]] = store(database)
            with held as (settings, fill, server_seconds):
                start = perf_counter()
                year = Year(size, datetime.now(UTC))
                bring_up_to_date(settings)
                fill(year.tables())
                print(f"\n{database}, {size:,} tickets; filled in {perf_counter() - start:.0f} s")
                print(f"  {'ms':<40} {'work':>8} {'p50':>8} {'p95':>8} {'max':>8}", flush=True)
                only = tuple(options.only.split(","))
                asyncio.run(report(settings, year, options.samples, only, server_seconds))


async def report(
    settings: Settings, year: Year, samples: int, only: tuple[str, ...] = ("",), server_seconds: Seconds = lambda: 0.0
) -> None:
    db = connect(settings)
    try:
        for task in tasks(year):
            if task.name.startswith(only):
                took = await measure(db, task, samples, server_seconds)
                mark = "" if took.p95 < TARGET else "  above the target"
                told = f"{took.work:8.1f} {took.p50:8.1f} {took.p95:8.1f} {took.most:8.1f}"
                print(f"  {task.name:<40} {told}{mark}", flush=True)
    finally:
        await db.close()


async def measure(db: Database, task: Task, samples: int, server_seconds: Seconds = lambda: 0.0) -> Took:
    """``server_seconds``: the processor time that a database server has used so far."""
    passed = []
    for turn in range(WARM + samples):
        if turn == WARM:
            worked = process_time() + server_seconds()
        start = perf_counter()
        await db.read(task.read)
        passed.append((perf_counter() - start) * 1e3)
    work = (process_time() + server_seconds() - worked) * 1e3 / samples
    measured = passed[WARM:]
    return Took(work, median(measured), quantiles(measured, n=20)[-1], max(measured))


def tasks(year: Year) -> Iterator[Task]:
    yield from listed(year)
    yield from opened(year)
    yield from figures(year)


def listed(year: Year) -> Iterator[Task]:
    """The first page of each list, and how far it has been counted."""
    by, day = leader(), year.now.astimezone(BEIJING).date()
    narrowed = {
        "open": Filters(), "all": Filters(Status.all), "closed": Filters(Status.closed), "mine": Filters(owner="me"),
        "nobody's": Filters(owner="nobody"), "overdue": Filters(overdue=True),
        "a common title": Filters(Status.all, title=TITLES[0]), "a rare title": Filters(Status.all, title=TITLES[-1]),
        "a category": Filters(Status.all, category=CATEGORIES[3]), "a tag": Filters(Status.all, tag=TAGS[0]),
        "a kind and a source": Filters(Status.all, kind=TicketKind.data, source="qq"),
        "days": Filters(Status.all, opened_from=day - timedelta(days=200), opened_until=day - timedelta(days=190)),
        "a team's": Filters(team=1), "words": Filters(Status.all, q="字幕"),
    }  # fmt: skip
    for name, filters in narrowed.items():
        for sort in Sort:
            page = partial(lists.list_page, filters=filters, by=by, sort=sort, now=year.now)
            yield Task(f"list of {name}, {sort.value}", page)
    yield Task("list: tabs", partial(lists.count_tabs, by=by, now=year.now))


def opened(year: Year) -> Iterator[Task]:
    """One ticket, what is like one that is written, and somebody's day."""
    by, some = leader(), cycle(range(1, year.count, 97))
    yield Task("one ticket", lambda session: reading.read(session, next(some), by=by, account=None, now=year.now))
    matter = Matter("第8集没有字幕", TITLES[0], 8, CATEGORIES[3])
    yield Task("what is like it", partial(duplicates.find, matter=matter, by=by))
    yield Task("a day", partial(today.look, by=by, now=year.now))


def figures(year: Year) -> Iterator[Task]:
    """Of a month and of a year; and some of a year that are narrowed."""
    by = leader()
    last = year.now.astimezone(BEIJING).date()
    for days in (30, LONGEST):
        span = Span(last - timedelta(days=days - 1), last)
        for figure in SPANNED:
            yield Task(f"{figure.__name__}, {days} days", partial(figure, span=span, by=by))
    yield Task("ages", partial(flow.ages, by=by, now=year.now))
    for name, narrowing in NARROWINGS.items():
        for figure in SPANNED:
            yield Task(f"{name}: {figure.__name__}", partial(figure, span=span, narrowing=narrowing, by=by))


def leader() -> Actor:
    return Actor(1, "主管", frozenset({Role.supervisor}))


if __name__ == "__main__":
    main()
