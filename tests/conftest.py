"""Real databases for every test that stores: SQLite and PostgreSQL, a fresh one each; and the people at the desk."""

import asyncio
import gc
import os
import shutil
from collections.abc import AsyncIterator, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest

from app.agents.rights import Actor, Role
from app.db.database import Database
from app.db.opening import connect
from app.db.schema import bring_up_to_date
from app.secrets import new_key
from app.settings import ROOT, Settings
from tests import databases, memory, postgres
from tests.databases import Databases
from tests.factories.people import make_agent
from tests.postgres_binaries import ServerUnavailable

WRITE_LIMIT = 0.25
"""Seconds: a longer write fails the test."""
LONGEST = ("browser", "faults", "commands")
"""Folders of few tests and much work."""
Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A running server with a migrated database ``template`` that the tests' databases are copied from."""
    try:
        server = postgres.start()
    except ServerUnavailable as error:
        pytest.skip(f"no PostgreSQL: {error}")
    with server, ThreadPoolExecutor(1) as helper:
        helper.submit(_make_template, server.url).result()  # in a thread: a test that asks for it has a loop of its own
        yield server.url


def _make_template(url: str) -> None:
    asyncio.run(databases.execute(url, "CREATE DATABASE template"))
    bring_up_to_date(Settings(database_url=databases.address(url, "template")))


@pytest.fixture(scope="session")
def postgres_databases(postgres_url: str) -> Iterator[Databases]:
    with databases.copies(postgres_url, "template") as copies:
        yield copies


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    bring_up_to_date(Settings(database_url=f"sqlite:///{path}"))
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh migrated database of each engine in turn."""
    if request.param == "sqlite":
        path = tmp_path / "test.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
    else:
        with request.getfixturevalue("postgres_databases").fresh() as url:
            yield url


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh database for what stores next to nothing: one engine is enough."""
    shutil.copy(sqlite_template, tmp_path / "test.db")
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(
        mode="demo", database_url=database_url, data_dir=tmp_path, secret_keys=(new_key(),), migrate="never"
    )


@pytest.fixture
def write_limit() -> float | None:
    """Tests whose rules wait on purpose have one of their own, that returns None."""
    return WRITE_LIMIT


@pytest.fixture
async def db(settings: Settings, write_limit: float | None) -> AsyncIterator[Database]:
    database = connect(settings, write_limit=write_limit)
    yield database
    await database.close()


@pytest.fixture
async def lin(db: Database) -> Actor:
    return await make_agent(db, "lin", name="林小满")


@pytest.fixture
async def chen(db: Database) -> Actor:
    return await make_agent(db, "chen", name="陈一诺")


@pytest.fixture
async def zhou(db: Database) -> Actor:
    """Leads the others."""
    return await make_agent(db, "zhou", name="周正", roles=[Role.supervisor])


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="faults in their full size: thousands of messages, many kills")


def pytest_configure() -> None:
    """All services of a run, in whichever process, share one index: it is built once."""
    os.environ.setdefault("CACHE_DIR", str(ROOT / ".cache" / "index"))
    memory.keep_files_in_memory()


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: a test waits for a database or a browser much of its time."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In several processes what takes longest comes first, so that at the end none is left alone with it."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: item.path.parent.name not in LONGEST)


def pytest_collection_finish() -> None:
    _settle()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """After each file. It also brings the warning of a connection left open near to where it was left."""
    if nextitem is None or nextitem.path != item.path:
        _settle()


def _settle() -> None:
    """A collection of all that was ever made takes longer than ``WRITE_LIMIT`` allows the rule that it meets."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _refuse_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _refuse_skip((yield))


def _refuse_skip(report: Report) -> Report:
    """In CI a skipped test is a failed one: what is not run is not green."""
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"nothing may be skipped here: {report.longrepr}"
    return report
