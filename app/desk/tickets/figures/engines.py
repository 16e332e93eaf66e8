"""What figures say otherwise to each engine."""

from datetime import datetime
from typing import Any

from sqlalchemy import Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from app.db.base import UtcDateTime
from app.db.driver import Prepared, connection_of, fetch

_PLANNED_ANEW = (
    "SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('enable_seqscan', 'on', true), "
    "set_config('random_page_cost', '1.1', true)"
)


def read(session: Session, statement: Prepared, **values: Any) -> list[tuple[Any, ...]]:
    """Planned by PostgreSQL for these values: a plan for any, as connections keep it, takes each span for a short one.

    It holds for the rest of the transaction, which reads figures.
    """
    connection = connection_of(session)
    if connection.dialect.name == "postgresql":
        fetch(connection, _PLANNED_ANEW, ())
    return statement(session, **values)


class DayAfter(FunctionElement[datetime]):
    """A day later: Beijing knows no daylight saving."""

    inherit_cache = True
    type = UtcDateTime()


@compiles(DayAfter, "postgresql")
def _interval(element: DayAfter, compiler: SQLCompiler, **context: Any) -> str:
    return f"({compiler.process(element.clauses, **context)} + INTERVAL '24 hours')"


@compiles(DayAfter)
def _microseconds(element: DayAfter, compiler: SQLCompiler, **context: Any) -> str:
    return f"({compiler.process(element.clauses, **context)} + 86400000000)"


class DayNumber(FunctionElement[int]):
    """How many whole days the first time lies after the second, of two that are no earlier."""

    inherit_cache = True
    type = Integer()


@compiles(DayNumber, "postgresql")
def _seconds(element: DayNumber, compiler: SQLCompiler, **context: Any) -> str:
    at, since = (compiler.process(each, **context) for each in element.clauses)
    return f"CAST(floor(extract(epoch FROM {at} - {since}) / 86400) AS INTEGER)"


@compiles(DayNumber)
def _quotient(element: DayNumber, compiler: SQLCompiler, **context: Any) -> str:
    at, since = (compiler.process(each, **context) for each in element.clauses)
    return f"(({at} - {since}) / 86400000000)"


class Unindexed(FunctionElement[Any]):
    """A column by which SQLite is not to look rows up: it prefers an index of a range to one that spares it a sort.

    PostgreSQL weighs them itself.
    """

    inherit_cache = True

    def __init__(self, column: Any) -> None:
        super().__init__(column)
        self.type = column.type


@compiles(Unindexed, "postgresql")
def _plain(element: Unindexed, compiler: SQLCompiler, **context: Any) -> str:
    return compiler.process(element.clauses, **context)


@compiles(Unindexed)
def _unary_plus(element: Unindexed, compiler: SQLCompiler, **context: Any) -> str:
    return f"+{compiler.process(element.clauses, **context)}"


class InOrder(FunctionElement[int]):
    """By what the rows come that ``Median`` and ``Ninth`` are taken of. PostgreSQL's sort them by themselves."""

    inherit_cache = True
    type = Integer()


@compiles(InOrder, "postgresql")
def _any_order(element: InOrder, compiler: SQLCompiler, **context: Any) -> str:
    return "NULL::INTEGER"


@compiles(InOrder)
def _sorted(element: InOrder, compiler: SQLCompiler, **context: Any) -> str:
    return compiler.process(element.clauses, **context)


class _Quantile(FunctionElement[int]):
    """The least value that so many tenths do not exceed; None of none. Of rows ``InOrder``, none of them NULL."""

    inherit_cache = True
    type = Integer()
    tenths = 0


class Median(_Quantile):
    inherit_cache = True
    tenths = 5


class Ninth(_Quantile):
    """Nine tenths do not exceed it."""

    inherit_cache = True
    tenths = 9


@compiles(_Quantile, "postgresql")
def _percentile(element: _Quantile, compiler: SQLCompiler, **context: Any) -> str:
    column = compiler.process(element.clauses, **context)
    return f"percentile_disc(0.{element.tenths}) WITHIN GROUP (ORDER BY {column})"


@compiles(_Quantile)
def _at_its_place(element: _Quantile, compiler: SQLCompiler, **context: Any) -> str:
    """SQLite has no such function; numbering rows by a window takes five times as long as gathering them."""
    column = compiler.process(element.clauses, **context)
    place = f"max((count({column}) * {element.tenths} + 9) / 10 - 1, 0)"
    return f"json_extract(json_group_array({column}), '$[' || {place} || ']')"
