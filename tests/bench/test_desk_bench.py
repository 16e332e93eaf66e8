"""The desk's bench in small: its store is one that the service takes, and what grows with it is not the work."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.agents import people
from app.agents.rights import Actor
from app.conversations import windows
from app.conversations.accounts import Directory
from app.db.database import Database
from app.db.driver import Prepared
from app.desk import context, lists, orders, threads, walks
from app.desk.filters import Filters, View
from app.secrets import load_keyring
from app.settings import Settings
from tests.bench import desk
from tests.bench.delivery.stores import add_channel
from tests.bench.desking import company as made
from tests.bench.desking.company import Company
from tests.bench.desking.filling import Desk
from tests.bench.desking.watching import Browser
from tests.bench.searching import filling
from tests.bench.searching.corpus import Corpus
from tests.demo_knowledge import brain_of
from tests.dialogue.test_plans import plan
from tests.factories.counting import counting

MESSAGES, LONG = 2_000, 240
NARROWED = ("channel_id", "priority", "title", "tag")
NO_FRAME = ("desk", "desk, opened")
"""Whole pages, which need built assets."""


@pytest.fixture
async def channels(db: Database, settings: Settings) -> list[int]:
    return [await add_channel(db, settings, name) for name in desk.CHANNELS]


@pytest.fixture
async def company(database_url: str, channels: list[int]) -> Company:
    """In the store."""
    found = Company(MESSAGES, datetime.now(UTC), LONG)
    tables = Desk(found, list(Corpus().messages(MESSAGES)), channels).tables()
    if database_url.startswith("sqlite"):
        await asyncio.to_thread(filling.into_sqlite, Path(database_url.removeprefix("sqlite:///")), tables)
    else:
        await filling.into_postgres(database_url, tables)
    return found


@pytest.fixture
async def browser(settings: Settings, company: Company) -> AsyncIterator[Browser]:
    opened = await Browser.open(settings, brain=brain_of(settings))
    yield opened
    await opened.close()


async def actor(db: Database, agent: int) -> Actor:
    found = await db.read(people.actor, agent)
    assert found is not None
    return found


async def test_each_page_of_the_bench_answers(browser: Browser, company: Company, channels: list[int]) -> None:
    tasks = [task for task in desk.tasks(company, channels) if task.name not in NO_FRAME]
    texts = {task.name: await browser.ask(1, task.ask(1, 0), task.name) for task in tasks}
    assert f'id="row-{company.long_one}"' in texts["list mine"]
    assert made.RARE_TITLE in texts["list resolved, rare title"]
    assert made.RARE_TAG in texts["list resolved, rare tag"]
    assert 'id="row-' not in texts["list mine, rare title"]
    assert texts["60 messages: log"].count('data-seq="') == 60
    assert len(texts["20,000 characters: log"]) > 20_000


async def test_the_work_of_a_page_is_told(browser: Browser, company: Company, channels: list[int]) -> None:
    task = next(task for task in desk.tasks(company, channels) if task.name == "post take")
    found = await browser.measure(task, 4)
    assert found.p50 > 0
    assert found.work > found.rest > 0


async def test_a_page_takes_as_many_statements_however_much_there_is(
    db: Database, settings: Settings, company: Company, channels: list[int]
) -> None:
    by, now = await actor(db, 1), company.now
    directory = Directory(db, load_keyring(settings), simulated=False)
    account = await directory.by_id(channels[0])

    async def statements(rule: Callable[..., Any], *args: Any, **given: Any) -> int:
        return await db.read(counting(rule), *args, by=by, now=now, **given)

    for view in View:
        few, many = [await statements(lists.list_page, Filters(view), limit=limit) for limit in (3, 60)]
        assert few == many <= 5, view
        narrowed = Filters(view, channels[0], title=made.TITLES[0])
        assert await statements(lists.list_page, narrowed, limit=3) <= 8, view
    own = company.of(1)[0]
    assert await statements(threads.read, company.long_one, limit=200) <= await statements(threads.read, own) <= 9
    beside = [await statements(context.read, talk, account=account) for talk in (own, company.long_one)]
    assert max(beside) <= 9


async def test_a_narrowed_list_is_whole_when_its_pages_are_put_together(
    db: Database, company: Company, channels: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where pages end early, as so many conversations at most are looked at, and where what is wanted is rare."""
    by = await actor(db, 1)
    every = Filters(View.resolved, priority=1)
    wanted = await pages(db, every, by, company)
    assert len(wanted) > 5
    for name, bound in (("NEAR", 2), ("LOOKED", 7)):
        monkeypatch.setattr(walks, name, bound)
    clear()
    try:
        assert await pages(db, every, by, company) == wanted
        rare = Filters(View.resolved, title=made.TITLES[0])
        looked_up = await pages(db, rare, by, company)
        monkeypatch.setattr(walks, "RARE", 0)
        assert await pages(db, rare, by, company) == looked_up != []
    finally:
        clear()


def clear() -> None:
    for built in (walks._next, walks._end):
        built.cache_clear()


async def pages(db: Database, filters: Filters, by: Actor, company: Company) -> list[int]:
    found: list[int] = []
    after: str | None = None
    while True:
        page = await db.read(lists.list_page, filters, by=by, after=after, limit=4, now=company.now)
        found += [row.id for row in page.rows]
        if page.after is None:
            return found
        after = page.after


SCANS = re.compile(r"Index (Only )?Scan using \w+ on (conversations|messages)")
STATEMENTS: dict[str, Prepared] = {
    "head": threads._HEAD, "rows": lists._ROWS, "own": lists._OWN, "marks": lists._TAGS_AND_MENTIONS,
    "mine": orders._own(NARROWED), "snoozed": orders._own_snoozed(NARROWED), "earlier": context._EARLIER,
    "windows": windows._ANCHORS, "of a title": walks._HOLDERS["title"],
    **{f"{view}, given": walks._among(view, NARROWED, True) for view in walks._KEYS},
}  # fmt: skip


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_nothing_is_read_from_end_to_end(db: Database, company: Company) -> None:
    for name, statement in STATEMENTS.items():
        found = await db.write(plan, statement)
        assert "Seq Scan" not in found, f"{name}: {found}"
        scans = [node for node in found.split("->") if SCANS.search(node)]
        assert all("Index Cond" in scan for scan in scans), f"{name}: {found}"
        assert "Index Cond" in found, name
