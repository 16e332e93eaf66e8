"""From settings to an open database: schema up to date, and the right keys in hand."""

from sqlalchemy import LargeBinary, String, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db.base import Base
from app.db.database import Database
from app.db.rows import Insert, table_of
from app.db.schema import sqlite_path
from app.db.sqlite import SqliteDatabase
from app.errors import ConfigurationError
from app.secrets import Keyring, WrongKey
from app.settings import Settings

_SENTINEL = b"viewer desk"


class Sealed(Base):
    """Small sealed values of the installation itself; ``sentinel`` proves that a process has the right keys."""

    __tablename__ = "sealed"
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[bytes] = mapped_column(LargeBinary)


_insert = Insert(table_of(Sealed), ("name", "value"), or_ignore=True)


def connect(settings: Settings, *, write_limit: float | None = None) -> Database:
    """The engine that DATABASE_URL names; its schema must be up to date already. ``write_limit``: SQLite's alone."""
    if settings.database.startswith("postgresql"):
        from app.db.postgres import PostgresDatabase  # with asyncpg 5 MB that SQLite does not need

        return PostgresDatabase(settings.database, pool=settings.database_pool)
    path = sqlite_path(settings.database)
    try:
        return SqliteDatabase(path, write_limit=write_limit)
    except (OSError, DBAPIError) as error:
        raise ConfigurationError(f"The database {path} cannot be opened for writing: {_cause(error)}.") from None


def _cause(error: OSError | DBAPIError) -> str:
    return str(error.orig if isinstance(error, DBAPIError) else error.strerror)


def check_keys(session: Session, keyring: Keyring) -> None:
    """Seal the sentinel on first use; refuse a process whose keys do not open it."""
    _insert(session, [("sentinel", keyring.seal(_SENTINEL, "sealed:sentinel"))])  # of two first starts one wins
    stored = session.scalars(select(Sealed.value).where(Sealed.name == "sentinel")).one()
    try:
        keyring.open(stored, "sealed:sentinel")
    except WrongKey:
        raise WrongKey(
            "This database was sealed with another key: set SECRET_KEYS (or DATA_DIR with its secret.key) to the keys "
            "that it was made with."
        ) from None
