"""Opening a database: the right engine, the right keys, and a sentence where it cannot be opened."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db.database import Database
from app.db.opening import Sealed, check_keys, connect
from app.errors import ConfigurationError
from app.secrets import Keyring, WrongKey
from app.settings import Settings
from tests.db.gates import Gate, until_blocked

OLD, NEW = b"o" * 32, b"n" * 32


async def test_the_url_names_the_engine(db: Database, database_url: str) -> None:
    assert database_url.startswith(db.dialect)


async def test_the_first_start_leaves_its_mark(db: Database) -> None:
    await db.write(check_keys, Keyring([OLD]))
    await db.write(check_keys, Keyring([OLD]))
    assert await db.read(lambda s: s.scalars(select(Sealed.name)).all()) == ["sentinel"]


async def test_another_key_is_refused_in_a_sentence(db: Database) -> None:
    await db.write(check_keys, Keyring([OLD]))
    with pytest.raises(WrongKey, match="sealed with another key: set SECRET_KEYS"):
        await db.write(check_keys, Keyring([NEW]))
    await db.write(check_keys, Keyring([OLD]))


async def test_a_rotated_ring_still_opens(db: Database) -> None:
    await db.write(check_keys, Keyring([OLD]))
    await db.write(check_keys, Keyring([NEW, OLD]))


async def test_a_broken_mark_is_refused(db: Database) -> None:
    await db.write(check_keys, Keyring([OLD]))
    await db.write(lambda session: session.execute(update(Sealed).values(value=b"")) and None)
    with pytest.raises(WrongKey, match="sealed with another key"):
        await db.write(check_keys, Keyring([OLD]))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_of_two_first_starts_with_different_keys_one_is_refused(db: Database, database_url: str) -> None:
    gate = Gate()

    def check_and_stop(session: Session) -> None:
        check_keys(session, Keyring([OLD]))
        gate.stop(session)

    first = asyncio.ensure_future(db.write(check_and_stop))
    await gate.reached()
    second = asyncio.ensure_future(db.write(check_keys, Keyring([NEW])))
    await until_blocked(database_url)
    gate.open()
    await first
    with pytest.raises(WrongKey):
        await second


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("folder", "unable to open database file"),
        ("text.db", "file is not a database"),
        ("text.db/x", "File exists"),
    ],
)
def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path, name: str, sentence: str) -> None:
    (tmp_path / "text.db").write_text("Dear diary, " * 100)
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConfigurationError, match=f"{name} cannot be opened for writing: {sentence}"):
        connect(Settings(database_url=f"sqlite:///{tmp_path}/{name}"))


def test_a_lock_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "test.db.lock").mkdir()
    with pytest.raises(ConfigurationError, match="cannot be opened for writing: Is a directory"):
        connect(Settings(database_url=f"sqlite:///{tmp_path}/test.db"))
