"""The declarative base: constraint names that migrations can refer to, and the column types of every table."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, MetaData, TypeDecorator, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeEngine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def optional_microseconds(value: datetime | None) -> int | None:
    """Microseconds since 1970 of an aware time; TypeError for a naive one."""
    return None if value is None else (value - _EPOCH) // _MICROSECOND


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def where(condition: str) -> dict[str, Any]:
    """What makes an index partial on both engines."""
    clause = text(condition)
    return {"sqlite_where": clause, "postgresql_where": clause}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant. ``timestamptz`` on PostgreSQL; microseconds since 1970 on SQLite, which has no time type."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        kind: TypeEngine[Any] = BigInteger() if dialect.name == "sqlite" else DateTime(timezone=True)
        return dialect.type_descriptor(kind)

    def __repr__(self) -> str:
        return "UtcDateTime()"

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is not None and value.tzinfo is None:
            raise ValueError("a naive time has no place in the database")
        return optional_microseconds(value) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return _EPOCH + timedelta(microseconds=value) if dialect.name == "sqlite" else value.astimezone(UTC)


Id = BigInteger().with_variant(Integer(), "sqlite")
"""Primary and foreign keys: SQLite numbers rows by itself only for INTEGER PRIMARY KEY."""


class Encoded(str):
    """JSON that is written already, for a column of ``Json`` in the statements of ``rows``."""


Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
