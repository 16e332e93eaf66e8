"""Arrays for PostgreSQL: a whole column as one parameter.

asyncpg examines every element of an array parameter, which costs more than a short value is worth; a literal is written
by string methods. But the server reads a literal character by character, twice: what can be long travels as it is.
"""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import JSON, Boolean, Integer, LargeBinary, String, Text
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine

from app.db.base import Encoded, UtcDateTime

Write = Callable[[Any], str]
_BETWEEN = "\0"
"""No text of PostgreSQL can hold it."""


def array_literal(values: Sequence[Any], write: Write) -> str:
    """``{…}`` with each value as ``write`` puts it."""
    if write is _quoted and None not in values:
        return _texts(values)
    return "{" + ",".join(["NULL" if value is None else write(value) for value in values]) + "}"


def writer(kind: TypeEngine[Any]) -> Write:
    """How a value of this column type stands in a literal."""
    for known, write in _WRITERS:
        if isinstance(kind, known):
            return write
    raise TypeError(f"no array literal for {kind!r}")


def array_at(number: int, kind: TypeEngine[Any]) -> str:
    """The array of a column of this type, given as the parameter of this number."""
    through_text = "" if isinstance(kind, _LONG) else "TEXT::"
    return f"${number}::{through_text}{element_type(kind)}[]"


def array_maker(kind: TypeEngine[Any]) -> Callable[[Sequence[Any]], Any]:
    """What makes the parameter for ``array_at`` of a column's values."""
    return list if isinstance(kind, _LONG) else partial(array_literal, write=writer(kind))


def _texts(values: Sequence[str]) -> str:
    """All texts escaped at once: a call each costs more than the escaping."""
    if not values:
        return "{}"
    joined = _BETWEEN.join(values)
    if joined.count(_BETWEEN) != len(values) - 1:
        raise ValueError("a text with NUL has no place in the database")
    return '{"' + joined.replace("\\", "\\\\").replace('"', '\\"').replace(_BETWEEN, '","') + '"}'


def element_type(kind: TypeEngine[Any]) -> str:
    """The type to cast to: text, not varchar(n), whose cast would cut a long value silently instead of refusing it."""
    return "TEXT" if isinstance(kind, String) else kind.compile(_DIALECT)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _json(value: Any) -> str:
    return _quoted(value if isinstance(value, Encoded) else json.dumps(value, ensure_ascii=False))


@lru_cache(256)  # the rows of a batch share their times
def _time(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError("a naive time has no place in the database")
    return f'"{value.isoformat()}"'


_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
_WRITERS: tuple[tuple[type[TypeEngine[Any]], Write], ...] = (
    (Boolean, str),
    (Integer, str),
    (String, _quoted),
    (UtcDateTime, _time),
    (JSON, _json),
)
_LONG = (Text, LargeBinary)
