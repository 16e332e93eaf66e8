"""The bench of tickets in small: the service takes its store, and each of its reads finds something there."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.db.database import Database
from app.db.driver import Prepared, connection_of, fetch
from app.desk.tickets.figures import flow, people, times
from app.desk.tickets.figures.deadlines import Kept
from app.desk.tickets.figures.flow import Day
from app.desk.tickets.figures.spans import ALL, Narrowing, Span, asked
from app.settings import Settings
from app.tickets.models import TicketKind
from tests.bench import filing, tickets
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


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("narrowing", [ALL, Narrowing(TicketKind.fault), Narrowing(owner=1, team=1)])
async def test_indexes_alone_tell_a_year_and_nothing_of_it_is_sorted(db: Database, narrowing: Narrowing) -> None:
    today = datetime.now(UTC).date()
    shape, values = asked(Span(today - timedelta(days=365), today), narrowing)
    for statement in (
        times._responses(shape), times._resolutions(shape), flow._reopened(shape), people._owned(shape),
    ):  # fmt: skip
        plan = await db.read(planned, statement, values)
        assert [step for step in plan if "tickets USING COVERING INDEX" in step], plan
        assert not [step for step in plan if "TEMP B-TREE" in step], plan
    days = [step for step in await db.read(planned, flow._per_day(shape), values) if step.startswith("SEARCH")]
    assert len(days) == 3
    assert all("USING COVERING INDEX" in step for step in days), days


def planned(session: Session, statement: Prepared, values: dict[str, Any]) -> list[str]:
    connection = connection_of(session)
    compiled = statement._compiled(connection)
    rows = fetch(connection, f"EXPLAIN QUERY PLAN {compiled.text}", compiled.values(values))
    return [row[3] for row in rows]


async def test_what_it_reports_are_milliseconds(
    settings: Settings, year: Year, capsys: pytest.CaptureFixture[str]
) -> None:
    await tickets.report(settings, year, 2, ("by_source", "list: tabs"))
    lines = capsys.readouterr().out.splitlines()
    assert [line.strip().split("  ")[0] for line in lines] == [
        "list: tabs", "by_source, 30 days", "by_source, 366 days",
    ]  # fmt: skip
    assert all(float(line.removesuffix("above the target").split()[-1]) > 0 for line in lines)


async def test_the_way_in_answers_opens_and_adds(database_url: str, tmp_path: Path) -> None:
    settings = await asyncio.to_thread(filing.brought_up, tmp_path, database_url)
    costs = await filing.costs(settings, viewers=5, rounds=1, server=lambda: 0.0)
    assert [cost.what for cost in costs] == ["answered from the FAQ", "opens a ticket", "adds to a ticket"]
    assert all(cost.client > 0 for cost in costs)
    assert len(list(filing.table(costs))) == 1 + len(costs)
