"""A store with very many messages and their grams, by the fastest way of each engine."""

import sqlite3
from array import array
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import asyncpg
import numpy as np

from app.db.base import optional_microseconds
from app.desk.search.grams import grams
from app.desk.search.sources import Kind
from tests.factories.conversations import NOW

CHUNK = 200_000
GRAMS = "search_grams", ("kind", "gram", "subject_id")
_COLUMNS = {
    "viewers": ("id", "created_at"),
    "identities": ("id", "channel_id", "external_id", "viewer_id", "created_at"),
    "conversations": ("id", "identity_id", "channel_id", "owner", "last_seq", "failures", "opened_at",
                      "viewer_wrote_at", "acknowledged"),
    "messages": ("id", "conversation_id", "seq", "direction", "author", "kind", "text", "state", "created_at"),
}  # fmt: skip
Row = tuple[Any, ...]
Table = tuple[str, Sequence[str], Iterable[Row]]
"""Name, columns and rows; those that others refer to come first."""


class Filling:
    """Rows of all tables; the messages of ten conversations are mixed, as they come."""

    def __init__(self, texts: Sequence[str], channel_id: int) -> None:
        self._texts, self._channel_id = texts, channel_id
        self.conversations = max(1_000, len(texts) // 10)

    def tables(self, indexed: int) -> Iterator[Table]:
        """With the grams of the oldest ``indexed`` messages."""
        people = range(1, self.conversations + 1)
        yield "viewers", _COLUMNS["viewers"], ((n, NOW) for n in people)
        yield "identities", _COLUMNS["identities"], ((n, self._channel_id, f"o{n:x}", n, NOW) for n in people)
        talks = ((n, n, self._channel_id, "bot", 0, 0, NOW, NOW, False) for n in people)
        yield "conversations", _COLUMNS["conversations"], talks
        yield "messages", _COLUMNS["messages"], self._messages()
        yield *GRAMS, rows_of_grams(Kind.messages, enumerate(islice(self._texts, indexed), 1))

    def _messages(self) -> Iterator[Row]:
        for number, text in enumerate(self._texts):
            talk, seq = number % self.conversations + 1, number // self.conversations + 1
            said = ("in", "viewer", "text", text, "received") if seq % 2 else ("out", "bot", "text", text, "sent")
            yield number + 1, talk, seq, *said, NOW - timedelta(seconds=len(self._texts) - number)


def rows_of_grams(kind: Kind, texts: Iterable[tuple[int, str]]) -> Iterator[Row]:
    """What the index holds of (id, text), in the order of its key."""
    found, owners = array("q"), array("q")
    for row_id, text in texts:
        held = grams(text)
        found.extend(held)
        owners.extend([row_id] * len(held))
    all_grams, all_owners = np.array(found, np.int64), np.array(owners, np.int64)
    order = np.lexsort((all_owners, all_grams))
    sorted_grams, sorted_owners = all_grams[order], all_owners[order]
    for at in range(0, len(found), CHUNK):
        part = slice(at, at + CHUNK)
        for gram, owner in zip(sorted_grams[part].tolist(), sorted_owners[part].tolist(), strict=True):
            yield kind.value, gram, owner


def into_sqlite(path: Path, tables: Iterable[Table]) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA cache_size = -200000")
    for table, columns, rows in tables:
        marks = ", ".join("?" * len(columns))
        own = ([optional_microseconds(v) if isinstance(v, datetime) else v for v in row] for row in rows)
        plain = rows if table == GRAMS[0] else own
        with connection:
            connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", plain)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
    connection.close()


async def into_postgres(url: str, tables: Iterable[Table]) -> None:
    connection = await asyncpg.connect(url)
    numbered: list[str] = []
    try:
        await connection.execute("ALTER TABLE search_grams DROP CONSTRAINT pk_search_grams")
        for table, columns, rows in tables:
            await connection.copy_records_to_table(table, columns=list(columns), records=rows, timeout=None)
            numbered += [table] if columns[0] == "id" else []
        await connection.execute(
            "ALTER TABLE search_grams ADD CONSTRAINT pk_search_grams PRIMARY KEY (kind, gram, subject_id)", timeout=None
        )
        for table in numbered:
            newest = f"(SELECT max(id) FROM {table})"
            await connection.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {newest})")
        await connection.execute("VACUUM ANALYZE", timeout=None)
    finally:
        await connection.close()


def sqlite_sizes(path: Path) -> dict[str, int]:
    """Bytes of the messages with their indexes, and of the grams."""
    connection = sqlite3.connect(path)
    used = connection.execute(
        "SELECT tbl_name, sum(pgsize) FROM dbstat JOIN sqlite_schema USING (name) GROUP BY tbl_name"
    ).fetchall()
    connection.close()
    return dict(used)


async def postgres_sizes(url: str) -> dict[str, int]:
    connection = await asyncpg.connect(url)
    try:
        names = ("messages", "search_grams")
        return {name: await connection.fetchval(f"SELECT pg_total_relation_size('{name}')") for name in names}
    finally:
        await connection.close()
