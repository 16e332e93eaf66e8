"""Array literals of PostgreSQL: a whole column as one text parameter.

asyncpg examines every element of an array parameter in Python (1 µs each, a third of a batch's time); a literal is
written by string methods and read by the server.
"""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, Boolean, Integer, LargeBinary, String
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


def _bytes(value: bytes) -> str:
    return f'"\\\\x{value.hex()}"'


_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
_WRITERS: tuple[tuple[type[TypeEngine[Any]], Write], ...] = (
    (Boolean, str),
    (Integer, str),
    (String, _quoted),
    (UtcDateTime, _time),
    (JSON, _json),
    (LargeBinary, _bytes),
)
