"""How long the service works on each page of the desk, with ten thousand and with a million messages.

``python -m tests.bench.desk``; ``--sizes 10000 --database sqlite --only list`` for less. One request at a time, warm,
within one process and without a network, by several people who are signed in. The assets must have been built.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from app.db.opening import connect
from app.db.schema import bring_up_to_date
from app.secrets import new_key
from app.settings import Settings
from tests.bench.delivery.stores import add_channel
from tests.bench.desking import asking
from tests.bench.desking.asking import Task
from tests.bench.desking.company import Company
from tests.bench.desking.filling import Desk
from tests.bench.desking.watching import Browser, Figures
from tests.bench.searching import filling
from tests.bench.searching.corpus import Corpus
from tests.bench.searching.filling import Table
from tests.bench.store import durable_postgres

CHANNELS = ("main", "film", "rare")
Fill = Callable[[Iterable[Table]], None]
Seconds = Callable[[], float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="10000,1000000")
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--only", default="", help="the beginnings of the tasks' names, between commas")
    options = parser.parse_args()
    for database in ("sqlite", "postgresql") if options.database == "both" else (options.database,):
        before: dict[str, Figures] = {}
        for size in map(int, options.sizes.split(",")):
            with store(database) as (settings, fill, server_seconds):
                print(f"\n{database}, {size:,} messages", flush=True)
                company, channels = asyncio.run(prepare(settings, fill, size))
                measured = measure(
                    settings, company, channels, options.samples, options.only, before, server_seconds
                )  # fmt: skip
                found = asyncio.run(measured)
                before = before or found


@contextmanager
def store(database: str) -> Iterator[tuple[Settings, Fill, Seconds]]:
    """An empty one, what fills it, and what its server has worked."""
    with tempfile.TemporaryDirectory(prefix="viewer-bench-") as name:
        folder, key = Path(name), new_key()
        if database == "sqlite":
            path = folder / "desk.db"
            settings = Settings(database_url=f"sqlite:///{path}", data_dir=folder, secret_keys=(key,))
            yield settings, lambda tables: filling.into_sqlite(path, tables), lambda: 0.0
            return
        with durable_postgres() as (url, pid):
            settings = Settings(database_url=url, data_dir=folder, secret_keys=(key,))
            yield (
                settings, lambda tables: asyncio.run(filling.into_postgres(url, tables)),
                lambda: worked(pid),
            )  # fmt: skip


async def prepare(settings: Settings, fill: Fill, size: int) -> tuple[Company, list[int]]:
    """The company that the store then holds, and its channels."""
    start = perf_counter()
    await asyncio.to_thread(bring_up_to_date, settings)
    db = connect(settings)
    try:
        channels = [await add_channel(db, settings, name) for name in CHANNELS]
    finally:
        await db.close()
    company = Company(size, datetime.now(UTC))
    await asyncio.to_thread(fill, Desk(company, list(Corpus().messages(size)), channels).tables())
    print(f"  {company.talks:,} conversations, {company.agents} agents; filled in {perf_counter() - start:.0f} s")
    return company, channels


async def measure(
    settings: Settings, company: Company, channels: list[int], samples: int, only: str, before: dict[str, Figures],
    server_seconds: Seconds,
) -> dict[str, Figures]:  # fmt: skip
    browser = await Browser.open(settings, server_seconds)
    try:
        found = {}
        for task in tasks(company, channels):
            if task.name.startswith(tuple(only.split(","))):
                found[task.name] = await browser.measure(task, samples)
                _print(task.name, found[task.name], before.get(task.name))
    finally:
        await browser.close()
    return found


def tasks(company: Company, channels: list[int]) -> Iterator[Task]:
    """What is posted comes last: it changes what the pages show."""
    yield from asking.pages(company)
    yield from asking.lists(company, channels)
    yield from asking.searches()
    yield from asking.deeds(company, datetime.now(UTC))


def _print(name: str, found: Figures, before: Figures | None) -> None:
    growth = "" if before is None else f"  ×{found.work / before.work:.2f}"
    took = f"p50 {found.p50:6.1f}  p95 {found.p95:6.1f}"
    parts = f"{found.rules:5.1f} rules + {found.server:4.1f} server + {found.rest:4.1f} rest"
    print(f"  {name:<28} {took}  work {found.work:5.1f} = {parts}{growth}", flush=True)


def worked(postmaster: int) -> float:
    """Seconds of the processor that PostgreSQL's processes have used which are there now."""
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    return sum(int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in children) / 1e9


if __name__ == "__main__":
    main()
