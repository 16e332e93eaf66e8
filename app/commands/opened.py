"""What a command needs of the database: up to date, right keys, closed at the end."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from app.db.database import Database
from app.db.opening import check_keys, connect
from app.db.schema import bring_up_to_date
from app.secrets import Keyring, load_keyring
from app.settings import Settings

T = TypeVar("T")


def with_database(settings: Settings, work: Callable[[Database, Keyring], Awaitable[T]]) -> T:
    """Run ``work`` on the opened database, beside a running server if there is one."""
    bring_up_to_date(settings)
    keyring = load_keyring(settings)

    async def run() -> T:
        db = connect(settings)
        try:
            await db.write(check_keys, keyring)
            return await work(db, keyring)
        finally:
            await db.close()

    return asyncio.run(run())
