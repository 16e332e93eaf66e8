"""``INSERT … ON CONFLICT DO UPDATE`` of many rows, the same call on both engines."""

from collections.abc import Sequence

from sqlalchemy import Table
from sqlalchemy.orm import Session

from app.db.driver import connection_of, fetch
from app.db.rows import Columns, Row


class Upsert:
    """Rows are (key…, value…). Those that may collide with another process's must be passed sorted by the key.

    ``only``: a condition for the update, in SQL; the row's new values are ``excluded.column``.
    """

    def __init__(self, table: Table, key: Sequence[str], values: Sequence[str], *, only: str = "") -> None:
        names = (*key, *values)
        self._columns = Columns([table.c[name] for name in names])
        self._head = f"INSERT INTO {table.name} ({', '.join(names)})"
        changes = ", ".join(f"{name} = excluded.{name}" for name in values)
        self._tail = f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}"
        self._tail += f"{' WHERE ' + only if only else ''} RETURNING 1"

    def __call__(self, session: Session, rows: Sequence[Row]) -> int:
        """How many rows were written; those that ``only`` held back are missing."""
        connection = connection_of(session)
        return sum(
            len(fetch(connection, f"{self._head} {source}{self._tail}", values))
            for source, values in self._columns.sources(connection.dialect, rows)
        )
