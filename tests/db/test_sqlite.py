"""The writer thread: groups, their failure, who goes first, and other processes."""

import asyncio
import shutil
import sys
import threading
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.db.sql import counter, reserve
from app.db.sqlite import FileLock, SqliteDatabase, TransactionLost
from app.settings import ROOT
from tests.db.gates import PATIENCE, Gate, until_somebody_waits

WRITE_UNTIL_TOLD = """
import asyncio, sys
from pathlib import Path
from app.db.sql import reserve
from app.db.sqlite import SqliteDatabase

async def main():
    db = SqliteDatabase(Path(sys.argv[1]))
    reader = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await db.write(reserve, "other process")
    print("ready", flush=True)
    while not reader.done():
        await db.write(reserve, "other process")
    await db.close()

asyncio.run(main())
"""


@pytest.fixture
def path(sqlite_template: Path, tmp_path: Path) -> Path:
    path = tmp_path / "test.db"
    path.write_bytes(sqlite_template.read_bytes())
    return path


@pytest.fixture
def path_on_disk(path: Path) -> Iterator[Path]:
    """Where a commit takes its time. In memory another process commits dozens until this one has only woken up."""
    (ROOT / ".cache").mkdir(exist_ok=True)
    with TemporaryDirectory(dir=ROOT / ".cache") as folder:
        yield Path(shutil.copy(path, folder))


@pytest.fixture
async def db(path: Path) -> AsyncIterator[SqliteDatabase]:
    db = SqliteDatabase(path)
    yield db
    await db.close()


def hold(session: Session, gate: Gate) -> None:
    gate.stop(session)


def break_commit(session: Session) -> None:
    """Leave a broken reference that only the COMMIT finds."""
    session.execute(text("PRAGMA defer_foreign_keys = ON"))
    columns = "lane_id, kind, subject_id, state, not_before, attempts, created_at"
    session.execute(text(f"INSERT INTO jobs ({columns}) VALUES (404, 'message', 1, 'queued', 0, 0, 0)"))


async def in_one_group(db: SqliteDatabase, *rules: Callable[[Session], object]) -> list[object]:
    """Run the rules in one transaction: they queue up while the first of the group is held."""
    gate = Gate()
    held = asyncio.ensure_future(db.write(hold, gate))
    await gate.reached()
    waiting = [asyncio.ensure_future(db.write(rule)) for rule in rules]
    await asyncio.sleep(0)
    gate.open()
    await held
    return await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_group_that_cannot_be_committed_is_repeated_one_by_one(db: SqliteDatabase) -> None:
    runs: list[str] = []

    def good(session: Session, name: str) -> int:
        runs.append(name)
        return reserve(session, name)

    outcomes = await in_one_group(db, lambda s: good(s, "a"), break_commit, lambda s: good(s, "b"))
    assert outcomes[0] == outcomes[2] == 1
    assert isinstance(outcomes[1], IntegrityError)
    assert runs == ["a", "b", "a", "b"]
    assert [await db.read(counter, name) for name in ("a", "b")] == [1, 1]


async def test_a_refused_commit_is_told_and_forgotten(db: SqliteDatabase) -> None:
    with pytest.raises(IntegrityError):
        await db.write(break_commit)
    assert await db.write(reserve, "a") == 1


async def test_a_rule_that_ends_the_transaction_harms_nobody_else(db: SqliteDatabase) -> None:
    def end(session: Session) -> None:
        session.connection().exec_driver_sql("ROLLBACK")

    before, ended, after = await in_one_group(db, lambda s: reserve(s, "a"), end, lambda s: reserve(s, "b"))
    assert before == after == 1
    assert isinstance(ended, TransactionLost)
    assert [await db.read(counter, name) for name in ("a", "b")] == [1, 1]


async def test_a_first_rule_that_fails_harms_nobody_else(db: SqliteDatabase) -> None:
    gate = Gate()

    def fail_late(session: Session) -> None:
        reserve(session, "a")
        gate.stop(session)
        raise LookupError

    failing = asyncio.ensure_future(db.write(fail_late))
    await gate.reached()
    following = asyncio.ensure_future(db.write(reserve, "b"))
    await asyncio.sleep(0)
    gate.open()
    with pytest.raises(LookupError):
        await failing
    assert await following == 1
    assert [await db.read(counter, name) for name in ("a", "b")] == [0, 1]


async def test_a_full_disk_harms_only_what_does_not_fit(db: SqliteDatabase) -> None:
    def fill(session: Session) -> None:
        pages = session.execute(text("PRAGMA page_count")).scalar_one()
        session.execute(text(f"PRAGMA max_page_count = {pages}"))
        session.execute(text("INSERT INTO sealed VALUES ('large', zeroblob(1000000))"))

    before, full, after = await in_one_group(db, lambda s: reserve(s, "a"), fill, lambda s: reserve(s, "b"))
    assert before == after == 1
    assert "full" in str(full)
    assert [await db.read(counter, name) for name in ("a", "b")] == [1, 1]


async def test_the_thread_survives_whatever_a_rule_raises(db: SqliteDatabase) -> None:
    class Odd(BaseException):
        pass

    def leave(session: Session) -> None:
        raise Odd

    with pytest.raises(Odd):
        await db.write(leave)
    assert await db.write(reserve, "a") == 1


async def test_ingest_goes_ahead_of_what_waits(db: SqliteDatabase) -> None:
    gate, order = Gate(), list[str]()

    def note(session: Session, name: str) -> None:
        order.append(name)

    held = asyncio.ensure_future(db.write(hold, gate))
    await gate.reached()
    waiting = [asyncio.ensure_future(db.write(note, f"write {n}")) for n in range(3)]
    waiting += [asyncio.ensure_future(db.write_first(note, f"first {n}")) for n in range(2)]
    await asyncio.sleep(0)
    gate.open()
    await asyncio.gather(held, *waiting)
    assert order == ["first 0", "first 1", "write 0", "write 1", "write 2"]


async def test_a_write_cancelled_while_it_waits_is_not_done(db: SqliteDatabase) -> None:
    gate = Gate()
    held = asyncio.ensure_future(db.write(hold, gate))
    await gate.reached()
    writing = asyncio.ensure_future(db.write(reserve, "a"))
    await asyncio.sleep(0)
    writing.cancel()
    await asyncio.sleep(0)
    gate.open()
    await held
    assert await db.write(reserve, "a") == 1


async def test_close_finishes_what_is_queued(path: Path) -> None:
    db, gate = SqliteDatabase(path), Gate()
    held = asyncio.ensure_future(db.write(hold, gate))
    await gate.reached()
    waiting = [asyncio.ensure_future(db.write(reserve, "a")) for _ in range(3)]
    closing = asyncio.ensure_future(db.close())
    await asyncio.sleep(0)
    gate.open()
    await asyncio.gather(held, closing)
    assert await asyncio.gather(*waiting) == [1, 2, 3]
    with pytest.raises(RuntimeError, match="closed"):
        await db.write(reserve, "a")


def test_serves_the_next_loop_when_one_ended_without_waiting(path: Path) -> None:
    db, gate = SqliteDatabase(path), Gate()

    async def leave_early() -> None:
        db.write(hold, gate).send(None)
        await gate.reached()

    async def write_and_close() -> int:
        gate.open()
        try:
            return await db.write(reserve, "a")
        finally:
            await db.close()

    asyncio.run(leave_early())
    assert asyncio.run(write_and_close()) == 1


async def test_stores_durably_beside_readers(db: SqliteDatabase) -> None:
    def pragmas(session: Session) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return [session.execute(text(f"PRAGMA {name}")).scalar_one() for name in names]

    assert await db.write(pragmas) == ["wal", 2, 1]


def test_the_lock_goes_to_who_waits_for_it(tmp_path: Path) -> None:
    order: list[str] = []
    ours, theirs = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")

    def other() -> None:
        with theirs.held():
            order.append("theirs")

    thread = threading.Thread(target=other)
    with ours.held():
        thread.start()
        until_somebody_waits(tmp_path / "lock")
        order.append("ours")
    with ours.held():
        order.append("ours again")
    thread.join(PATIENCE)
    ours.close()
    theirs.close()
    assert order == ["ours", "theirs", "ours again"]


async def test_a_second_process_gets_its_turn(path_on_disk: Path) -> None:
    """The other process writes without a pause; while one write of ours waits it may commit only a few of its own."""
    db = SqliteDatabase(path_on_disk)
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITE_UNTIL_TOLD, path_on_disk, cwd=ROOT, stdin=PIPE, stdout=PIPE
    )
    assert other.stdout is not None
    assert await other.stdout.readline() == b"ready\n"
    overtaken = []
    for _ in range(20):
        before = await db.read(counter, "other process")
        overtaken.append(await db.write(counter, "other process") - before)
    await other.communicate(b"")
    await db.close()
    assert other.returncode == 0
    assert max(overtaken) < 20, overtaken
