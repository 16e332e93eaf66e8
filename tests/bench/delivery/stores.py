"""A database of its own for each measurement, with the channel that everything leaves by."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from app.conversations import accounts
from app.db.database import Database
from app.db.opening import check_keys, connect
from app.db.schema import bring_up_to_date
from app.secrets import load_keyring, new_key
from app.settings import Settings
from tests.bench.store import durable_postgres
from tests.databases import address, execute

T = TypeVar("T")
CHANNEL = "bench"
_ACCOUNT = {"app_id": "wx1234567890abcdef", "mode": "plain"}
_SECRETS = {"token": "token123", "app_secret": "appsecret"}


@contextmanager
def servers(database: str, folder: Path) -> Iterator[Callable[[str], Settings]]:
    """What makes an empty, migrated database of a name; PostgreSQL's server runs meanwhile, with fsync on."""
    key = new_key()

    def made(url: str) -> Settings:
        settings = Settings(database_url=url, data_dir=folder, secret_keys=(key,))
        bring_up_to_date(settings)
        return settings

    if database == "sqlite":
        yield lambda name: made(f"sqlite:///{folder / name}.db")
        return
    with durable_postgres() as (url, _):

        def create(name: str) -> Settings:
            asyncio.run(execute(url, f"CREATE DATABASE {name}"))
            return made(address(url, name))

        yield create


def run(settings: Settings, work: Callable[[Database], Awaitable[T]]) -> T:
    async def opened() -> T:
        db = connect(settings)
        try:
            return await work(db)
        finally:
            await db.close()

    return asyncio.run(opened())


async def add_channel(db: Database, settings: Settings, name: str = CHANNEL) -> int:
    keyring = load_keyring(settings)
    await db.write(check_keys, keyring)
    return await db.write(
        accounts.save, platform="wechat", name=name, settings=_ACCOUNT, secrets=_SECRETS, keyring=keyring,
        now=datetime.now(UTC),
    )  # fmt: skip
