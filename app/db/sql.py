"""The other differences between the engines: value lists, row locks, process-wide exclusion, counters."""

import json
from collections.abc import Collection, Sequence
from typing import Any, TypeVar, cast

from sqlalchemy import (
    BindParameter,
    Boolean,
    Column,
    ColumnElement,
    CursorResult,
    Dialect,
    GenerativeSelect,
    Result,
    String,
    Text,
    TypeDecorator,
    bindparam,
    func,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.visitors import InternalTraversal
from sqlalchemy.types import TypeEngine

from app.db.arrays import array_literal, element_type, writer
from app.db.base import Base, Id
from app.db.driver import Prepared, Rows, connection_of, fetch

S = TypeVar("S", bound=GenerativeSelect)


class Counter(Base):
    """A number that only a conditional UPDATE changes: the configuration's version, marks, ticket numbers on SQLite."""

    __tablename__ = "counters"
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[int] = mapped_column(Id)


_RESERVE = (
    "INSERT INTO counters (name, value) VALUES (?1, ?2) "
    "ON CONFLICT (name) DO UPDATE SET value = counters.value + ?2 RETURNING value"
)
"""Takes ?2 numbers of the counter ?1 and returns the last."""
_RAISE = (
    "INSERT INTO counters (name, value) VALUES (?1, ?2) "
    "ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE counters.value < excluded.value"
)


def reserve(session: Session, name: str, count: int = 1) -> int:
    """Take ``count`` numbers of the counter and return the first; numbers begin at 1 and never come twice."""
    return int(_numbered(session, _RESERVE, name, count)[0][0]) - count + 1


def raise_to(session: Session, name: str, value: int) -> None:
    """Move a counter that is a mark on a way; one that another process has moved further stays."""
    _numbered(session, _RAISE, name, value)


def _numbered(session: Session, statement: str, *values: Any) -> Rows:
    """Run a statement whose parameters are ?1, ?2, …, which PostgreSQL calls $1, $2, …"""
    connection = connection_of(session)
    own = statement.replace("?", "$") if connection.dialect.name == "postgresql" else statement
    return fetch(connection, own, values)


def counter(session: Session, name: str) -> int:
    """The last number taken, or the mark; 0 before the first."""
    rows = _READ(session, name=name)
    return int(rows[0][0]) if rows else 0


_READ = Prepared(select(Counter.value).where(Counter.name == bindparam("name")))


class ListOf(TypeDecorator[Sequence[Any]]):
    """A list as one text parameter: an array literal on PostgreSQL, JSON on SQLite."""

    impl = Text
    cache_ok = True

    def __init__(self, item: TypeEngine[Any]) -> None:
        super().__init__()
        self.item = item

    def process_bind_param(self, value: Sequence[Any] | None, dialect: Dialect) -> str:
        if dialect.name == "postgresql":
            return array_literal(value or (), writer(self.item))
        return json.dumps(value, ensure_ascii=False)


class IsAny(ColumnElement[bool]):
    """``column IN list``, written so that the statement's text does not depend on the list's length."""

    inherit_cache = True
    type = Boolean()
    _is_implicitly_boolean = True  # else SQLite gets "… = 1", which no index serves
    _traverse_internals = [  # noqa: RUF012  (SQLAlchemy's own protocol: what takes part in the cache key)
        ("column", InternalTraversal.dp_clauseelement),
        ("values", InternalTraversal.dp_clauseelement),
    ]

    def __init__(self, column: ColumnElement[Any], values: BindParameter[Any]) -> None:
        self.column, self.values = column, values


@compiles(IsAny, "postgresql")
def _array(element: IsAny, compiler: SQLCompiler, **context: Any) -> str:
    column, values = compiler.process(element.column, **context), compiler.process(element.values, **context)
    return f"{column} = ANY({values}::TEXT::{element_type(element.column.type)}[])"


@compiles(IsAny)
def _json_each(element: IsAny, compiler: SQLCompiler, **context: Any) -> str:
    values = compiler.process(element.values, **context)
    return f"{compiler.process(element.column, **context)} IN (SELECT value FROM json_each({values}))"


def is_any(column: InstrumentedAttribute[Any] | Column[Any], values: Collection[Any] | str) -> IsAny:
    """``column IN values``. A name instead of values makes a parameter, for statements that are built once."""
    kind = ListOf(column.type)
    given = bindparam(values, type_=kind) if isinstance(values, str) else bindparam(None, list(values), type_=kind)
    return IsAny(column.expression, given)


def changed(result: Result[Any]) -> int:
    """How many rows an UPDATE or DELETE met."""
    return cast(CursorResult[Any], result).rowcount


def for_update(statement: S, *, skip_locked: bool = False, refer: bool = False) -> S:
    """Lock the rows until the commit; SQLite ignores it, there the writer is alone anyway.

    ``refer``: others may go on inserting rows that refer to these, as after an UPDATE that leaves the keys alone.
    """
    return statement.with_for_update(skip_locked=skip_locked, key_share=refer)


def alone(session: Session, name: str) -> bool:
    """Whether this transaction is the only one of all processes in the section ``name`` (others are told False)."""
    if session.get_bind().dialect.name != "postgresql":
        return True
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(func.hashtextextended(name, 0)))))
