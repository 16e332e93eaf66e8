"""How fast a campaign's recipients are written down, beside the fastest way that each engine has.

``python -m tests.bench.fan_out --recipients 1000000``. The yardstick writes the same two numbers a row: on SQLite by
``executemany``, on PostgreSQL by ``COPY``, each in one transaction, from values that are there already.
"""

import argparse
import asyncio
import resource
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import asyncpg
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.channels import outbound
from app.conversations import campaigns
from app.db.database import Database
from app.db.opening import connect
from app.db.schema import bring_up_to_date
from app.settings import Settings
from tests.bench.store import durable_postgres
from tests.factories import conversations as make
from tests.factories.conversations import NOW

_NUMBERS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) SELECT i FROM n",
    "postgresql": "SELECT i FROM generate_series(1, {count}) AS g(i)",
}
_SCRATCH = "CREATE TABLE scratch (campaign_id BIGINT, identity_id BIGINT, message_id BIGINT, PRIMARY KEY (campaign_id, identity_id))"  # noqa: E501  (a table as recipients is one)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipients", type=int, default=1_000_000)
    count = parser.parse_args().recipients
    with tempfile.TemporaryDirectory(prefix="viewer-bench-") as name:
        path = Path(name) / "fan_out.db"
        settings = Settings(database_url=f"sqlite:///{path}", data_dir=Path(name))
        _report("SQLite", settings, count, lambda: _executemany(path, count))
        with durable_postgres() as (url, _):
            settings = Settings(database_url=url, data_dir=Path(name))
            _report("PostgreSQL", settings, count, lambda: asyncio.run(_copy(url, count)))


def _report(name: str, settings: Settings, count: int, fastest: Callable[[], float]) -> None:
    bring_up_to_date(settings)
    before = _memory()
    seconds = asyncio.run(_ours(settings, count))
    more = _memory() - before
    raw = fastest()
    print(
        f"{name}: {count / seconds:,.0f} recipients/s in pages of {campaigns.PREPARED:,}, {seconds:.2f} s in all; "
        f"the fastest way {count / raw:,.0f}/s; ratio {raw / seconds:.2f}; memory +{more:.1f} MB",
        flush=True,
    )


async def _ours(settings: Settings, count: int) -> float:
    db = connect(settings)
    try:
        channel = await make.channel(db)
        await db.write(_people, channel, count)
        campaign = await db.write(campaigns.begin, channel, "bench", outbound.Text("公告"), now=NOW)
        start = perf_counter()
        while await db.write(campaigns.prepare, campaign):
            pass
        took = perf_counter() - start
        written = await _written(db, campaign)
    finally:
        await db.close()
    if written != count:
        raise SystemExit(f"{written} recipients instead of {count}")
    return took


async def _written(db: Database, campaign: int) -> int:
    return (await db.read(campaigns.figures, campaign)).recipients


def _people(session: Session, channel: int, count: int) -> None:
    numbers = _NUMBERS[session.get_bind().dialect.name].format(count=count)
    moment = "0" if session.get_bind().dialect.name == "sqlite" else "now()"
    session.execute(text(f"INSERT INTO viewers (created_at) SELECT {moment} FROM ({numbers}) AS numbers"))
    session.execute(
        text(
            f"INSERT INTO identities (channel_id, external_id, viewer_id, created_at) "
            f"SELECT {channel}, 'o' || i, i, {moment} FROM ({numbers}) AS numbers"
        )
    )


def _executemany(path: Path, count: int) -> float:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(_SCRATCH)
    rows = [(1, number, None) for number in range(count)]
    start = perf_counter()
    with connection:
        connection.executemany("INSERT INTO scratch VALUES (?, ?, ?)", rows)
    took = perf_counter() - start
    connection.close()
    return took


async def _copy(url: str, count: int) -> float:
    connection = await asyncpg.connect(url)
    await connection.execute(_SCRATCH)
    rows = [(1, number, None) for number in range(count)]
    start = perf_counter()
    await connection.copy_records_to_table("scratch", records=rows)
    took = perf_counter() - start
    await connection.close()
    return took


def _memory() -> float:
    """Megabytes, the most that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
