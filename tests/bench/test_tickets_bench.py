"""The bench of tickets in small: the service takes its store, and each of its reads finds something there."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.db.database import Database
from app.desk.tickets.figures.deadlines import Kept
from app.desk.tickets.figures.flow import Day
from app.settings import Settings
from tests.bench import tickets
from tests.bench.searching import filling
from tests.bench.ticketing.filling import Year

COUNT = 1_000


@pytest.fixture
async def year(database_url: str) -> Year:
    """In the store."""
    found = Year(COUNT, datetime.now(UTC))
    if database_url.startswith("sqlite"):
        path = Path(database_url.removeprefix("sqlite:///"))
        await asyncio.to_thread(filling.into_sqlite, path, found.tables())
    else:
        await filling.into_postgres(database_url, found.tables())
    return found


async def test_each_read_finds_something(db: Database, year: Year) -> None:
    tasks = {task.name: task.read for task in tickets.tasks(year)}
    found = {name: await db.read(read) for name, read in tasks.items()}
    days: tuple[Day, ...] = found["per_day, 366 days"]
    merged = sum(case.merged_into is not None for case in year.cases)
    assert sum(day.opened for day in days) == COUNT - merged < COUNT
    assert 0.03 * COUNT < days[-1].backlog == found["ages"].total < 0.12 * COUNT
    assert found["by_title, 366 days"].rest_names > 50
    kept: dict[str, Kept] = found["kept, 366 days"]
    assert sum(0 < each.in_time < each.ended for each in kept.values()) == 2
    for name, page in found.items():
        if name.startswith("list of"):
            assert page.rows, name


async def test_what_it_reports_are_milliseconds(
    settings: Settings, year: Year, capsys: pytest.CaptureFixture[str]
) -> None:
    await tickets.add_indexes(settings)
    await tickets.report(settings, year, 2, ("by_source", "list: tabs"))
    lines = capsys.readouterr().out.splitlines()
    assert [line.strip().split("  ")[0] for line in lines] == [
        "list: tabs", "by_source, 30 days", "by_source, 366 days",
    ]  # fmt: skip
    assert all(float(line.removesuffix("above the target").split()[-1]) > 0 for line in lines)
