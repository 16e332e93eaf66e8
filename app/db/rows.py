"""Multi-row statements of plain tuples, the same call on both engines: what makes a batch cheap.

An ORM object costs some 100 µs to write, a row here 2–5. The statement's text hardly depends on the number of rows
(PostgreSQL: one array a column and ``unnest``; SQLite: VALUES in few sizes), so it is prepared once. On SQLite each
statement is one step: a step gives the interpreter's lock away, and it comes back late while the event loop is busy.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any, cast

from sqlalchemy import JSON, Column, Connection, Dialect, Table
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from app.db.arrays import array_at, array_maker
from app.db.base import Base, Encoded, UtcDateTime, optional_microseconds
from app.db.driver import connection_of, fetch, insert

Row = tuple[Any, ...]
Binder = Callable[[Any], Any] | None
"""Turns a value into what the driver takes, or back; None where it is taken as it is."""
_LARGEST = 64


def table_of(model: type[Base]) -> Table:
    """The mapped table, as the statements here want it."""
    return cast(Table, model.__table__)


class Insert:
    """``INSERT`` of many rows. ``or_ignore`` leaves out rows that meet a unique key; ``returning`` gives columns back.

    Rows come back in no order: return a natural key beside the id. Rows that may collide with those of another
    process must be passed sorted by that key, or the two can deadlock.
    """

    def __init__(
        self, table: Table, columns: Sequence[str], *, or_ignore: bool = False, returning: Sequence[str] = ()
    ) -> None:
        self._columns = Columns([table.c[name] for name in columns])
        self._returning = Columns([table.c[name] for name in returning])
        self._head = f"INSERT INTO {table.name} ({', '.join(columns)})"
        self._ignore = " ON CONFLICT DO NOTHING" if or_ignore else ""
        self._tail = self._ignore + (f" RETURNING {', '.join(returning)}" if returning else "")
        self._new = f"SELECT {', '.join(returning)} FROM {table.name} WHERE id > ? AND id <= ? ORDER BY id"
        self._places = [-1 if name == "id" else columns.index(name) for name in returning]

    def __call__(self, session: Session, rows: Sequence[Row]) -> list[Row]:
        connection = connection_of(session)
        if connection.dialect.name == "sqlite" and self._returning.names:
            return self._numbered(connection, rows)
        found = [
            row
            for source, values in self._columns.sources(connection.dialect, rows)
            for row in fetch(connection, f"{self._head} {source}{self._tail}", values)
        ]
        return self._returning.read(found, connection.dialect)

    def text(self, first: int) -> str:
        """The statement for PostgreSQL, its parameters numbered from ``first``."""
        return f"{self._head} {self._columns.unnest(first)}{self._tail}"

    def arrays(self, rows: Sequence[Row]) -> Row:
        """The rows as its parameters."""
        return self._columns.arrays(rows)

    def beside(self, session: Session, rows: Sequence[Row], others: Sequence["Write"]) -> list[Row]:
        """Insert, and do other writes that neither need nor change what this one writes.

        On PostgreSQL that is one statement: each has a round trip, which costs more than the work of a small one.
        """
        connection = connection_of(session)
        others = [(write, more) for write, more in others if more]
        if connection.dialect.name == "sqlite" or not rows:
            for write, more in others:
                write(session, more)
            return self(session, rows)
        parts: list[str] = []
        values: Row = ()
        for write, more in others:
            parts.append(f"w{len(parts)} AS ({write.text(len(values) + 1)})")
            values += write.arrays(more)
        text = self.text(len(values) + 1)
        found = fetch(connection, f"WITH {', '.join(parts)} {text}" if parts else text, values + self.arrays(rows))
        return self._returning.read(found, connection.dialect)

    def _numbered(self, connection: Connection, rows: Sequence[Row]) -> list[Row]:
        """SQLite's only writer numbers rows one after the other: the last id and the count tell which are new."""
        made: list[Row] = []
        at = 0
        for source, values in self._columns.sources(connection.dialect, rows):
            part = rows[at : at + len(values) // len(self._columns.names)]
            at += len(part)
            last, count = insert(connection, f"{self._head} {source}{self._ignore}", values)
            first = last - count + 1
            if count == len(part):  # nothing was left out: what would come back is known
                made += [self._given(row_id, row) for row_id, row in enumerate(part, first)]
            elif count:
                new = fetch(connection, self._new, (first - 1, last))
                made += self._returning.read(new, connection.dialect)
        return made

    def _given(self, row_id: int, row: Row) -> Row:
        return tuple([row_id if place < 0 else row[place] for place in self._places])


class Update:
    """``UPDATE`` of many rows by primary key: each row is (id, value, …) in the order of ``columns``.

    ``only``: a further condition, in SQL; the values of a row are ``given.column``.
    """

    def __init__(self, table: Table, columns: Sequence[str], *, only: str = "") -> None:
        self._columns = Columns([table.c["id"], *(table.c[name] for name in columns)])
        self._head = f"WITH given ({', '.join(self._columns.names)}) AS ("
        changes = ", ".join(f"{name} = given.{name}" for name in columns)
        condition = f" AND {only}" if only else ""
        self._tail = f") UPDATE {table.name} SET {changes} FROM given WHERE {table.name}.id = given.id{condition}"

    def __call__(self, session: Session, rows: Sequence[Row]) -> None:
        connection = connection_of(session)
        for source, values in self._columns.sources(connection.dialect, rows):
            fetch(connection, f"{self._head}{source}{self._tail}", values)

    def text(self, first: int) -> str:
        """The statement for PostgreSQL, its parameters numbered from ``first``."""
        return f"{self._head}{self._columns.unnest(first)}{self._tail}"

    def arrays(self, rows: Sequence[Row]) -> Row:
        """The rows as its parameters."""
        return self._columns.arrays(rows)


Write = tuple[Insert | Update, Sequence[Row]]
"""Rows to be written, and how."""


def together(session: Session, writes: Sequence[Write]) -> None:
    """Several writes that neither need nor change what the others write: on PostgreSQL one statement, as ``beside``."""
    writes = [(write, rows) for write, rows in writes if rows]
    connection = connection_of(session)
    if connection.dialect.name == "sqlite" or len(writes) < 2:
        for write, rows in writes:
            write(session, rows)
        return
    parts: list[str] = []
    values: Row = ()
    for write, rows in writes:
        parts.append(f"w{len(parts)} AS ({write.text(len(values) + 1)})")
        values += write.arrays(rows)
    fetch(connection, f"WITH {', '.join(parts)} SELECT 1", values)


class Columns:
    """Columns of one table, and how their values travel."""

    def __init__(self, columns: Sequence[Column[Any]]) -> None:
        self.names = [column.name for column in columns]
        self._kinds = [column.type for column in columns]
        self._makers = [array_maker(kind) for kind in self._kinds]
        self._unnests: dict[int, str] = {}
        self._marks = f"({', '.join('?' * len(columns))})"
        self._binders: list[Binder] | None = None
        self._readers: dict[str, list[Binder]] = {}

    def sources(self, dialect: Dialect, rows: Sequence[Row]) -> Iterator[tuple[str, Row]]:
        """The rows as (a SELECT or VALUES, its parameters): one on PostgreSQL, some on SQLite, none for no rows."""
        if not rows:
            return
        if dialect.name == "postgresql":
            yield self.unnest(), self.arrays(rows)
            return
        for part in _parts(self._bound(rows, dialect)):
            yield f"VALUES {', '.join([self._marks] * len(part))}", tuple(chain.from_iterable(part))

    def unnest(self, first: int = 1) -> str:
        """Rows as a SELECT for PostgreSQL with one array a column, its parameters numbered from ``first``."""
        text = self._unnests.get(first)
        if text is None:
            arrays = (array_at(number, kind) for number, kind in enumerate(self._kinds, first))
            text = self._unnests[first] = f"SELECT * FROM unnest({', '.join(arrays)})"
        return text

    def arrays(self, rows: Sequence[Row]) -> Row:
        """The rows as the parameters of ``unnest``."""
        if not rows:
            return tuple([make(()) for make in self._makers])
        return tuple([make(values) for make, values in zip(self._makers, zip(*rows, strict=True), strict=True)])

    def read(self, rows: Sequence[Any], dialect: Dialect) -> list[Row]:
        """Rows as the driver gives them, in Python's types."""
        readers = self._readers.get(dialect.name)
        if readers is None:
            kinds = (kind.dialect_impl(dialect) for kind in self._kinds)
            readers = self._readers[dialect.name] = [kind.result_processor(dialect, None) for kind in kinds]
        if not any(readers):
            return [tuple(row) for row in rows]
        return [tuple(v if r is None else r(v) for v, r in zip(row, readers, strict=True)) for row in rows]

    def _bound(self, rows: Sequence[Row], dialect: Dialect) -> list[Row]:
        """The rows as SQLite's driver takes them; worked on by columns, as most need no work."""
        if self._binders is None:
            self._binders = [_binder(kind.dialect_impl(dialect), dialect) for kind in self._kinds]
        columns = zip(zip(*rows, strict=True), self._binders, strict=True)
        bound = [values if bind is None else [bind(value) for value in values] for values, bind in columns]
        return list(zip(*bound, strict=True))


def _binder(kind: TypeEngine[Any], dialect: Dialect) -> Binder:
    if isinstance(kind, UtcDateTime):  # as its bind processor, without the layers around it
        return optional_microseconds
    if isinstance(kind, JSON):
        return _json
    return kind.bind_processor(dialect)


def _json(value: Any) -> str | None:
    if value is None or isinstance(value, Encoded):
        return value
    return json.dumps(value, ensure_ascii=False)


def _parts(rows: list[Row]) -> Iterator[list[Row]]:
    """Some sizes only, so that the driver keeps every statement prepared: up to 16 exactly, above that eights."""
    at = 0
    while at < len(rows):
        left = len(rows) - at
        size = left if left <= 16 else min(left - left % 8, _LARGEST)
        yield rows[at : at + size]
        at += size
