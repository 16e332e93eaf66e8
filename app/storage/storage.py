"""Files of viewers and agents: put once under the hash of what is in them, sealed, read as a stream.

What is put goes through a draft in a folder of this machine, sealed already, so that plain bytes touch no disk; only a
whole draft becomes a file, on either engine. Files are never changed. Two messages with the same file share it: who
deletes must know that nobody else needs it.
"""

import asyncio
import os
import re
import secrets
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

from app.secrets import Keyring
from app.storage.engine import Engine, Missing, Unavailable
from app.storage.folder import told
from app.storage.sealing import HEADER, Damaged, Opener, Sealer, plain_size, sealed_size
from app.storage.sniffing import SHOWN, content_type_of

_AT_ONCE = 1 << 20
"""Bytes that are gathered before a thread seals and writes them."""
_KEY = re.compile(r"([0-9a-f]{2})/\1[0-9a-f]{62}")


class TooLarge(Exception):
    """The file is larger than its limit; nothing of it was kept."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"larger than {limit} bytes")
        self.limit = limit


class NotAccepted(Exception):
    """The file is of a type that was not asked for; nothing of it was kept."""

    def __init__(self, content_type: str) -> None:
        super().__init__(f"of the type {content_type}")
        self.content_type = content_type


class Stored(NamedTuple):
    key: str
    size: int
    sha256: str
    content_type: str
    """By its first bytes: see ``sniffing``."""


@dataclass(frozen=True, slots=True)
class Opened:
    size: int
    content_type: str
    chunks: AsyncIterator[bytes]
    """Read once, within the call that gave it. Damaged may come in the middle, never behind the end."""

    @property
    def may_be_shown(self) -> bool:
        """Whether a page may show it in place; else it is handed out as a download alone."""
        return self.content_type in SHOWN


class Storage:
    def __init__(self, engine: Engine, drafts: Path, keyring: Keyring) -> None:
        self._engine, self._drafts, self._keyring = engine, drafts, keyring

    async def put(self, chunks: AsyncIterator[bytes], *, limit: int, accepts: Collection[str] | None = None) -> Stored:
        """Keep a file of at most ``limit`` bytes, of the types ``accepts`` (None: any).

        TooLarge, NotAccepted, Unavailable, or whatever the chunks raise: then nothing is kept.
        """
        with told():
            draft = await asyncio.to_thread(_Draft, self._drafts)
        try:
            await _fill(draft, chunks, limit, accepts)
            with told():
                stored = await asyncio.to_thread(draft.finish, self._keyring)
            if not await self._is_whole(stored):
                await self._engine.keep(draft.path, stored.key)
            return stored
        finally:
            draft.drop()

    @asynccontextmanager
    async def open(self, key: str) -> AsyncIterator[Opened]:
        """A stored file; Missing, Damaged, Unavailable."""
        async with self._engine.read(_checked(key)) as sealed:
            opener, rest = await self._begin(key, sealed)
            opened = _opened(opener, rest, sealed)
            first = await anext(opened, b"")
            yield Opened(opener.size, content_type_of(first), _again(first, opened))

    async def exists(self, key: str) -> bool:
        return await self._engine.size(_checked(key)) is not None

    async def size(self, key: str) -> int:
        """Bytes of the file itself; Missing."""
        sealed = await self._engine.size(_checked(key))
        if sealed is None:
            raise Missing(key)
        return plain_size(sealed)

    async def delete(self, key: str) -> None:
        """Gone afterwards, also where it was gone before."""
        await self._engine.delete(_checked(key))

    async def sweep(self, before: datetime) -> int:
        """Remove drafts that were last written to before then, which a crash left; returns how many."""
        return await asyncio.to_thread(_sweep, self._drafts, before.timestamp())

    async def _begin(self, key: str, sealed: AsyncIterator[bytes]) -> tuple[Opener, bytes]:
        """The opened header, and what came with it."""
        head = b""
        while len(head) < HEADER and (chunk := await anext(sealed, b"")):
            head += chunk
        return Opener(head[:HEADER], self._keyring, key), head[HEADER:]

    async def _is_whole(self, stored: Stored) -> bool:
        """Whether the same file is there already and opens; what a disk lost is put anew.

        Unavailable counts as not: some services refuse to tell that nothing is there, and putting says why.
        """
        with suppress(Damaged, Missing, Unavailable):
            if await self._engine.size(stored.key) == sealed_size(stored.size):
                async with self._engine.read(stored.key) as sealed:
                    opener, _ = await self._begin(stored.key, sealed)
                    return opener.size == stored.size
        return False


class _Draft:
    """A file on its way: sealed on the disk, without a name that means anything."""

    def __init__(self, folder: Path) -> None:
        for own in (folder.parent, folder):
            own.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = folder / secrets.token_hex(16)
        handle = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        self._file: BinaryIO = os.fdopen(handle, "wb")
        self._file.write(bytes(HEADER))
        self._sealer = Sealer()
        self.content_type = ""

    def add(self, plain: bytes) -> None:
        self._file.write(self._sealer.add(plain))

    def finish(self, keyring: Keyring) -> Stored:
        """Write what is only known at the end, and let the disk have all of it."""
        sealer, digest = self._sealer, self._sealer.sha256
        key = f"{digest[:2]}/{digest}"
        self._file.write(sealer.end())
        self._file.seek(0)
        self._file.write(sealer.header(keyring, key))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return Stored(key, sealer.size, digest, self.content_type)

    def drop(self) -> None:
        """Whatever became of it, the draft is gone."""
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self.path.unlink(missing_ok=True)


async def _fill(draft: _Draft, chunks: AsyncIterator[bytes], limit: int, accepts: Collection[str] | None) -> None:
    held, size = bytearray(), 0

    async def write() -> None:
        draft.content_type = draft.content_type or _accepted(bytes(held), accepts)
        with told():
            await asyncio.to_thread(draft.add, bytes(held))
        held.clear()

    async for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise TooLarge(limit)
        held += chunk
        if len(held) >= _AT_ONCE:
            await write()
    await write()


def _accepted(start: bytes, accepts: Collection[str] | None) -> str:
    content_type = content_type_of(start)
    if accepts is not None and content_type not in accepts:
        raise NotAccepted(content_type)
    return content_type


def _checked(key: str) -> str:
    """No key leads out of the storage."""
    if not _KEY.fullmatch(key):
        raise Missing("no key of this storage")
    return key


async def _opened(opener: Opener, rest: bytes, sealed: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The plain bytes; never an empty chunk."""
    while True:
        if plain := await asyncio.to_thread(opener.add, rest):
            yield plain
        rest = await anext(sealed, b"")
        if not rest:
            break
    opener.end()


async def _again(first: bytes, others: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for chunk in others:
        yield chunk


def _sweep(drafts: Path, before: float) -> int:
    count = 0
    with suppress(FileNotFoundError):  # no draft was ever made, or another process has just ended one
        for path in drafts.iterdir():
            if path.stat().st_mtime < before:
                path.unlink()
                count += 1
    return count
