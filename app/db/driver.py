"""Statements of the hot path, run on the driver itself: SQLAlchemy builds the text once, then stands aside.

Its part of an execution costs more than the statement of a batch does (measured: 60 of 100 µs). Transactions, sessions
and everything else stay with SQLAlchemy.

On SQLite each step of a statement gives the interpreter's lock away, and while the event loop is busy it comes back
late: the result rows of a batch cost more in waiting than in work. So a SELECT's come as one row of JSON there.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, cast

from sqlalchemy import Connection, Executable, SelectBase
from sqlalchemy.orm import Session
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlalchemy.util import await_only

Rows = Sequence[Sequence[Any]]
Process = Callable[[Any], Any] | None


def connection_of(session: Session) -> Connection:
    """The connection of a session that ``Database`` made, its transaction begun; asking the session costs 8 µs."""
    return cast(Connection, session.bind)


def fetch(connection: Connection, text: str, values: Sequence[Any]) -> Sequence[Sequence[Any]]:
    """Run a statement in the connection's transaction; values and rows are the driver's own, errors SQLAlchemy's."""
    try:
        if connection.dialect.name == "sqlite":
            driver: Any = connection.connection.driver_connection
            return cast(Rows, driver.execute(text, values).fetchall())
        return _postgres(connection.connection.dbapi_connection, text, values)
    except BaseException as error:
        _fail(connection, text, error)


def _postgres(adapted: Any, text: str, values: Sequence[Any]) -> Sequence[Sequence[Any]]:
    if adapted._transaction is None:  # the adapter begins with its own first statement, which this may be
        await_only(adapted._start_transaction())
    try:
        return cast(Rows, await_only(adapted.driver_connection.fetch(text, *values)))
    except Exception as error:
        adapted._handle_exception(error)  # raises the driver's errors as the adapter's own
        raise


def _fail(connection: Connection, text: str, error: BaseException) -> NoReturn:
    """As SQLAlchemy fails: a connection that was lost, or was left amid a statement, must not serve anybody else. The
    values, which may be a viewer's words, stay out of the driver's errors.

    A statement that is cancelled while it begins leaves a transaction of which only the driver knows: the next rule on
    this connection would commit inside it, and lose what it wrote.
    """
    if isinstance(error, connection.dialect.loaded_dbapi.Error) or not isinstance(error, Exception):
        connection._handle_dbapi_exception(error, text, None, None, None)
    raise error


def insert(connection: Connection, text: str, values: Sequence[Any]) -> tuple[int, int]:
    """Run an INSERT on SQLite: the last id given out, and how many rows are new."""
    driver: Any = connection.connection.driver_connection
    try:
        cursor = driver.execute(text, values)
    except BaseException as error:
        _fail(connection, text, error)
    return cursor.lastrowid, cursor.rowcount


def packed(query: str, columns: int) -> str:
    """The query's rows as one JSON text, for SQLite. Its columns must be numbers and texts."""
    names = ", ".join(f"c{n}" for n in range(columns))
    return f"WITH found ({names}) AS ({query}) SELECT json_group_array(json_array({names})) FROM found"


def unpacked(rows: Rows) -> Rows:
    return cast(Rows, json.loads(rows[0][0]))


class Prepared:
    """A SELECT or UPDATE that is compiled once an engine. Called with its named parameters; returns tuples."""

    def __init__(self, statement: Executable) -> None:
        self._statement = statement
        self._ready: dict[str, _Compiled] = {}

    def __call__(self, session: Session, **given: Any) -> list[tuple[Any, ...]]:
        connection = connection_of(session)
        ready = self._compiled(connection)
        return ready.read(fetch(connection, ready.text, ready.values(given)))

    def text(self, session: Session) -> str:
        """The statement as the session's engine gets it."""
        return self._compiled(connection_of(session)).text

    def _compiled(self, connection: Connection) -> "_Compiled":
        ready = self._ready.get(connection.dialect.name)
        if ready is None:
            ready = self._ready[connection.dialect.name] = _Compiled(self._statement, connection)
        return ready


class _Compiled:
    def __init__(self, statement: Any, connection: Connection) -> None:
        compiled = statement.compile(dialect=connection.dialect)
        columns: ReadOnlyColumnCollection[str, Any] = statement.exported_columns
        self._packed = bool(columns) and connection.dialect.name == "sqlite" and isinstance(statement, SelectBase)
        self.text = packed(str(compiled), len(columns)) if self._packed else str(compiled)
        self._names: list[str] = compiled.positiontup
        self._constants: dict[str, Any] = compiled.params
        self._binders: dict[str, Process] = compiled._bind_processors
        kinds = [column.type.dialect_impl(connection.dialect) for column in columns]
        self._readers: list[Process] = [kind.result_processor(connection.dialect, None) for kind in kinds]

    def values(self, given: dict[str, Any]) -> list[Any]:
        return [self._bound(name, given.get(name, self._constants[name])) for name in self._names]

    def _bound(self, name: str, value: Any) -> Any:
        bind = self._binders.get(name)
        return bind(value) if bind else value

    def read(self, rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
        readers = self._readers
        if self._packed:
            rows = unpacked(rows)
        return [tuple([v if r is None else r(v) for v, r in zip(row, readers, strict=True)]) for row in rows]
