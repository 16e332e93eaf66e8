"""Files in a folder of this machine, or of one that all machines mount."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import BinaryIO

from app.storage.engine import Missing, Unavailable

_READ = 1 << 20
"""Bytes for which a thread is asked at once."""


class Folder:
    def __init__(self, root: Path) -> None:
        self._root = root

    async def keep(self, draft: Path, key: str) -> None:
        with told():
            await asyncio.to_thread(_move, draft, self._root / key)

    @asynccontextmanager
    async def read(self, key: str) -> AsyncIterator[AsyncIterator[bytes]]:
        with told():
            try:
                file = await asyncio.to_thread((self._root / key).open, "rb")
            except FileNotFoundError:
                raise Missing(key) from None
        with file:
            yield _chunks(file)

    async def size(self, key: str) -> int | None:
        with told():
            try:
                return (await asyncio.to_thread((self._root / key).stat)).st_size
            except FileNotFoundError:
                return None

    async def delete(self, key: str) -> None:
        with told():
            await asyncio.to_thread((self._root / key).unlink, missing_ok=True)


@contextmanager
def told() -> Iterator[None]:
    """What the system refuses is Unavailable."""
    try:
        yield
    except OSError as error:
        raise Unavailable(f"{type(error).__name__}: {error.strerror}") from error


async def _chunks(file: BinaryIO) -> AsyncIterator[bytes]:
    while True:
        with told():
            chunk = await asyncio.to_thread(file.read, _READ)
        if not chunk:
            return
        yield chunk


def _move(draft: Path, target: Path) -> None:
    """A name is given to what the disk has already, and the name is on the disk before anybody hears of it."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft.replace(target)
    for folder in (target.parent, target.parent.parent):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
