"""How long a search takes, how large its index is, and how fast it is written, with 10 thousand to a million messages.

``python -m tests.bench.search``; ``--sizes 10000,100000 --databases sqlite`` for less. The last messages are indexed by
the service itself, into an index that is full already; all others are loaded in bulk, which packs the index more
tightly than it is after a life of single pages: the smallest size shows that, as all of it is written by the service.
"""

import argparse
import asyncio
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

from sqlalchemy.orm import Session

from app.db.database import Database
from app.db.opening import connect
from app.db.schema import bring_up_to_date
from app.desk.search import indexing
from app.desk.search.messages import EVERYWHERE, Where, find_messages
from app.desk.search.sources import Kind
from app.settings import Settings
from tests.bench.searching import filling
from tests.bench.searching.corpus import ABSENT, APART, COMMON, OLD, RARE, Corpus
from tests.bench.searching.filling import Filling, Table
from tests.bench.store import durable_postgres
from tests.factories import conversations as make
from tests.factories.conversations import NOW
from tests.factories.searching import READER

ROUNDS = 30
BY_SERVICE = 10_000
"""Messages that the service indexes by itself."""


@dataclass(frozen=True, slots=True)
class Task:
    name: str
    words: Sequence[str]
    where: Where = EVERYWHERE


TASKS = (
    Task("rare word", RARE),
    Task("common word", (COMMON, "退款", "怎么")),
    Task("common + rare", [f"{COMMON} {word}" for word in RARE]),
    Task("three words", (f"{COMMON} 退款 怎么", "手机 登录 不上", "自动 续费 取消")),
    Task("no such word", (ABSENT,)),
    Task("one character", ("退", "卡", "韩")),
    Task("rare character", ("鲲", "璇", "貔")),
    Task("digits", ("ERR5103", "1234", "88")),
    Task("only in old ones", (OLD, f"{OLD} {COMMON}")),
    Task("two, never both", (" ".join(APART),)),
    Task("a whole sentence", ("我六十多了，女儿在外地，昨天不知碰了哪里，账号退出来了",)),
    Task("in a conversation", (COMMON,), Where(conversation_id=500)),
    Task("said by agents", (COMMON,), Where(author="agent")),  # type: ignore[arg-type]
    Task("until long ago", (COMMON,), Where(until=NOW)),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="10000,100000,1000000")
    parser.add_argument("--databases", default="sqlite,postgresql")
    options = parser.parse_args()
    for database in options.databases.split(","):
        before: dict[str, float] = {}
        for size in map(int, options.sizes.split(",")):
            with _store(database) as (settings, fill, sizes):
                before = asyncio.run(_measure(database, settings, size, fill, sizes, before))


Fill = Callable[[Iterable[Table]], None]
Sizes = Callable[[], dict[str, int]]


@contextmanager
def _store(database: str) -> Iterator[tuple[Settings, Fill, Sizes]]:
    with tempfile.TemporaryDirectory(prefix="viewer-bench-") as name:
        folder = Path(name)
        if database == "sqlite":
            path = folder / "search.db"
            settings = Settings(database_url=f"sqlite:///{path}", data_dir=folder)
            yield settings, lambda tables: filling.into_sqlite(path, tables), lambda: filling.sqlite_sizes(path)
            return
        with durable_postgres() as (url, _):
            settings = Settings(database_url=url, data_dir=folder)
            yield (
                settings,
                lambda tables: asyncio.run(filling.into_postgres(url, tables)),
                lambda: asyncio.run(filling.postgres_sizes(url)),
            )


async def _measure(
    database: str, settings: Settings, size: int, fill: Fill, sizes: Sizes, before: dict[str, float]
) -> dict[str, float]:
    start = perf_counter()
    await asyncio.to_thread(bring_up_to_date, settings)
    db = connect(settings)
    try:
        rows = Filling(list(Corpus().messages(size)), await make.channel(db))
        indexed = size - BY_SERVICE
        await asyncio.to_thread(fill, rows.tables(indexed))
        print(f"\n{database}, {size:,} messages in {rows.conversations:,} conversations "
              f"(loaded in {perf_counter() - start:.0f} s; load of the machine {os.getloadavg()[0]:.1f})")  # fmt: skip
        await _index(db, indexed)
        await _report_size(sizes, size)
        medians = {task.name: await _search(db, task, before.get(task.name)) for task in TASKS}
    finally:
        await db.close()
    return {name: before.get(name, value) for name, value in medians.items()}


async def _index(db: Database, indexed: int) -> None:
    def begin(session: Session) -> None:
        indexing.mark(session)
        session.connection().exec_driver_sql(
            f"UPDATE counters SET value = {indexed} WHERE name = 'search.messages.new'"
        )
        session.connection().exec_driver_sql("UPDATE counters SET value = 1 WHERE name = 'search.messages.old'")

    await db.write(begin)
    start, times, pace = perf_counter(), [], indexing.Pace()
    while page := await db.read(indexing.find_new, Kind.messages, pace.rows):
        began = perf_counter()
        await db.write(indexing.write, page)
        times.append(perf_counter() - began)
        pace.after(times[-1])
    took = perf_counter() - start
    print(
        f"  indexing: {took / BY_SERVICE * 1e6:.0f} µs a message, {BY_SERVICE / took:,.0f}/s; a page's transaction "
        f"{median(times) * 1e3:.0f} ms, the longest {max(times) * 1e3:.0f} ms"
    )


async def _report_size(sizes: Sizes, size: int) -> None:
    used = await asyncio.to_thread(sizes)
    grams, messages = used["search_grams"], used["messages"]
    print(
        f"  index: {grams / 1e6:,.0f} MB, {grams / size:,.0f} bytes a message; "
        f"messages with their indexes: {messages / 1e6:,.0f} MB"
    )


async def _search(db: Database, task: Task, before: float | None) -> float:
    times, found, is_whole = [], 0, True
    for number in range(ROUNDS):
        start = perf_counter()
        page = await db.read(find_messages, task.words[number % len(task.words)], by=READER, where=task.where, limit=20)
        times.append(perf_counter() - start)
        found += len(page.hits)
        is_whole &= page.exhausted or len(page.hits) == 20
    best, middle, late = min(times) * 1e3, median(times) * 1e3, quantiles(times, n=20)[-1] * 1e3
    growth = "" if before is None else f"  ×{middle / before:.2f}"
    broken = "" if is_whole else "  (broken off)"
    times_taken = f"best {best:6.1f} ms  p50 {middle:6.1f} ms  p95 {late:6.1f} ms"
    print(f"  {task.name:<18} {times_taken}  hits {found / ROUNDS:5.1f}{growth}{broken}", flush=True)
    return middle


if __name__ == "__main__":
    main()
