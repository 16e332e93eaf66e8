"""Where sealed files lie. A key is ``ab/ab…``, 64 hexadecimal digits behind the first two of them."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol


class Missing(Exception):
    """Nothing is stored under this key."""


class Unavailable(Exception):
    """The storage cannot be used for now: a full disk, a service that does not answer or refuses."""


class Engine(Protocol):
    """Each verb raises Unavailable."""

    async def keep(self, draft: Path, key: str) -> None:
        """Make the draft the file of this key, whole or not at all; it may be moved away."""

    def read(self, key: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """The stored bytes in order; Missing."""

    async def size(self, key: str) -> int | None:
        """Stored bytes; None where there is nothing."""

    async def delete(self, key: str) -> None:
        """Gone afterwards, also where it was gone before."""
