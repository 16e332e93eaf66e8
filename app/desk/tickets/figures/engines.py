"""What figures say otherwise to each engine."""

import json
from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Text, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Session
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


class Listed(FunctionElement[str]):
    """All values of a column of numbers as one text, with commas between them, but for NULLs; None of none."""

    inherit_cache = True
    type = Text()


@compiles(Listed, "postgresql")
def _strung(element: Listed, compiler: SQLCompiler, **context: Any) -> str:
    return f"string_agg(CAST({compiler.process(element.clauses, **context)} AS TEXT), ',')"


@compiles(Listed)
def _concatenated(element: Listed, compiler: SQLCompiler, **context: Any) -> str:
    return f"group_concat({compiler.process(element.clauses, **context)})"


class Tally:
    """How many rows there are of each value of a column.

    SQLite groups by sorting, which takes twice as long as to list all values and to count them here.
    """

    def __init__(self, column: InstrumentedAttribute[Any], *conditions: ColumnElement[bool]) -> None:
        self._grouped = Prepared(select(column, func.count()).where(*conditions).group_by(column))
        self._listed = select(func.json_group_array(column, type_=Text)).where(*conditions)

    def __call__(self, session: Session, **values: Any) -> Counter[Any]:
        if connection_of(session).dialect.name == "postgresql":
            return Counter(dict(read(session, self._grouped, **values)))
        return Counter(json.loads(session.execute(self._listed, values).scalar_one()))
