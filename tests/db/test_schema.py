"""Migrations: in step with the models, refused where they must be, safe when two processes start at once."""

import asyncio
import importlib
import itertools
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.orm import Session

from app.db.base import Base
from app.db.database import Database
from app.db.opening import connect
from app.db.schema import bring_up_to_date, current_revision, revisions, sqlite_path
from app.db.sqlite import FileLock
from app.errors import ConfigurationError
from app.settings import ROOT, Settings, environment
from tests.db.gates import until_blocked, until_somebody_waits

MIGRATION_LOCK = 7_326_011_409
"""The advisory lock of migrations/env.py."""
_numbers = itertools.count(1)

_CONVERSATIONS = ("attachments", "callbacks", "campaigns", "history", "ledgers", "outlook", "reports")
_BESIDE = ("db/sql.py", "events.py", *(f"conversations/{name}.py" for name in _CONVERSATIONS))
for path in [*sorted((ROOT / "app").glob("**/models.py")), *(ROOT / "app" / name for name in _BESIDE)]:
    importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))


@pytest.fixture(params=["sqlite", "postgresql"])
async def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with nothing in it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new/empty.db"
    server, name = request.getfixturevalue("postgres_url"), f"empty{next(_numbers)}"
    connection = await asyncpg.connect(server)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return f"{server.rsplit('/', 1)[0]}/{name}"


def alembic(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "alembic", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment(DATABASE_URL=url), capture_output=True, text=True, check=False
    )


def differences(session: Session) -> list[object]:
    context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
    return list(compare_metadata(context, Base.metadata))


def tables(session: Session) -> set[str]:
    return set(inspect(session.connection()).get_table_names())


async def execute(url: str, statement: str) -> None:
    db = connect(Settings(database_url=url))
    await db.write(lambda session: session.execute(text(statement)) and None)
    await db.close()


# -------------------- in step


async def test_the_migrations_make_what_the_models_say(db: Database) -> None:
    assert await db.read(differences) == []


def test_the_files_are_numbered_in_the_order_of_the_revisions() -> None:
    """The service reads the folder, Alembic the files."""
    script = ScriptDirectory(str(ROOT / "migrations"))
    assert [revision.revision for revision in script.walk_revisions()][::-1] == revisions()
    assert script.get_heads() == revisions()[-1:]


async def test_every_step_down_can_be_taken_up_again(db: Database, database_url: str) -> None:
    down = await asyncio.to_thread(alembic, database_url, "downgrade", "base")
    assert down.returncode == 0, down.stderr
    assert await db.read(tables) == {"alembic_version"}
    assert await asyncio.to_thread(current_revision, database_url) is None
    assert await asyncio.to_thread(bring_up_to_date, Settings(database_url=database_url))
    assert await db.read(differences) == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_ticket_numbers_go_on_where_the_counter_stood(db: Database, database_url: str) -> None:
    down = await asyncio.to_thread(alembic, database_url, "downgrade", "0002")
    assert down.returncode == 0, down.stderr
    await execute(database_url, "INSERT INTO counters (name, value) VALUES ('tickets', 7)")
    assert await asyncio.to_thread(bring_up_to_date, Settings(database_url=database_url))
    assert await db.write(lambda session: session.scalar(text("SELECT nextval('ticket_numbers')"))) == 8


# -------------------- bringing up to date


async def test_without_leave_nothing_is_done(empty_url: str) -> None:
    settings = Settings(database_url=empty_url, migrate="never")
    with pytest.raises(ConfigurationError, match=r"has schema none, the code needs .* MIGRATE=never forbids"):
        await asyncio.to_thread(bring_up_to_date, settings)
    assert await asyncio.to_thread(current_revision, empty_url) is None


async def test_a_newer_database_is_refused(database_url: str) -> None:
    await execute(database_url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigurationError, match="schema 9999, which this version of the code does not know"):
        await asyncio.to_thread(bring_up_to_date, Settings(database_url=database_url))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_without_leave_what_is_up_to_date_is_used(database_url: str) -> None:
    assert not bring_up_to_date(Settings(database_url=database_url, migrate="never"))


@pytest.mark.parametrize("empty_url", ["sqlite"], indirect=True)
def test_of_two_first_starts_one_waits_on_sqlite(empty_url: str) -> None:
    path, settings = sqlite_path(empty_url), Settings(database_url=empty_url)
    path.parent.mkdir()
    lock = FileLock(path.with_name(path.name + ".lock"))
    with ThreadPoolExecutor() as pool:
        with lock.held():
            starts = [pool.submit(bring_up_to_date, settings) for _ in range(2)]
            until_somebody_waits(path.with_name(path.name + ".lock"))
            assert not any(start.done() for start in starts)
        done = [start.result() for start in starts]
    lock.close()
    assert any(done)
    assert current_revision(empty_url) == revisions()[-1]
    assert not bring_up_to_date(settings)


@pytest.mark.parametrize("empty_url", ["postgresql"], indirect=True)
async def test_of_two_first_starts_one_waits_on_postgresql(empty_url: str) -> None:
    """Both found the database empty and are about to migrate it."""
    settings = Settings(database_url=empty_url)
    connection = await asyncpg.connect(empty_url)
    await connection.execute(f"SELECT pg_advisory_lock({MIGRATION_LOCK})")
    starts = asyncio.gather(*(asyncio.to_thread(bring_up_to_date, settings) for _ in range(2)))
    try:
        await until_blocked(empty_url, 2)
    finally:
        await connection.close()  # or both would wait for ever
    assert await starts == [True, True]
    assert await asyncio.to_thread(current_revision, empty_url) == revisions()[-1]


async def test_a_migration_that_fails_leaves_nothing(empty_url: str) -> None:
    """The last table is in the way; once it is gone, the next start succeeds."""
    settings = Settings(database_url=empty_url)
    await execute(empty_url, "CREATE TABLE ticket_events (id integer)")
    with pytest.raises(ConfigurationError, match=r"could not be migrated: .*ticket_events.* already exists"):
        await asyncio.to_thread(bring_up_to_date, settings)
    await execute(empty_url, "DROP TABLE ticket_events")
    assert await asyncio.to_thread(bring_up_to_date, settings)


# -------------------- databases that cannot be reached


def test_no_file_yet_is_an_empty_database(tmp_path: Path) -> None:
    assert current_revision(f"sqlite:///{tmp_path}/none.db") is None
    (tmp_path / "empty.db").touch()
    assert current_revision(f"sqlite:///{tmp_path}/empty.db") is None


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("text.db", "is not a SQLite database"), ("folder", "cannot be opened"), ("text.db/x", "could not be migrated")],
)
def test_a_file_of_another_kind_is_named(tmp_path: Path, name: str, sentence: str) -> None:
    (tmp_path / "text.db").write_text("Dear diary, " * 100)
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConfigurationError, match=sentence) as refused:
        bring_up_to_date(Settings(database_url=f"sqlite:///{tmp_path}/{name}"))
    assert str(tmp_path) in str(refused.value)
    assert "Traceback" not in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("/postgres$", "/missing", 'database "missing" does not exist'),
        ("//postgres@", "//nobody:geheim@", 'role "nobody" does not exist'),
        ("127.0.0.1:", "127.0.0.1:1/", "ConnectionRefusedError"),
        ("127.0.0.1", "no.such.host.invalid", "does not answer"),
        ("//postgres@", "//postgres:geheim#1@", "%23 for #"),
        ("127.0.0.1:", "127.0.0.1:port", "is no valid address"),
        ("//postgres@127.0.0.1", "//[", "is no valid address"),
    ],
)
def test_a_server_that_cannot_be_used_is_explained(postgres_url: str, old: str, new: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence) as refused:
        current_revision(re.sub(old, new, postgres_url, count=1))
    assert "DATABASE_URL" in str(refused.value)
    assert "geheim" not in str(refused.value)
