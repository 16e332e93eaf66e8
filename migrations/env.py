"""Alembic's entry: where the database is, and the lock that lets one process of many migrate."""

import asyncio
import os
import sqlite3
from collections.abc import Iterable
from typing import Literal, cast

from alembic import context
from alembic.operations import MigrationScript
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

import app.agents.models
import app.conversations.attachments
import app.conversations.callbacks
import app.conversations.campaigns
import app.conversations.history
import app.conversations.ledgers
import app.conversations.models
import app.conversations.outlook
import app.conversations.reports
import app.db.opening
import app.db.sql
import app.desk.models
import app.events
import app.jobs.models
import app.tickets.deadline_models
import app.tickets.models
import app.viewers.models  # noqa: F401  (the imports fill the metadata)
from app.db.base import Base, Id, Json, UtcDateTime
from app.db.schema import revisions, sqlite_path
from app.db.sqlite import FileLock

_LOCK = 7_326_011_409


def _url() -> str:
    given = context.get_x_argument(as_dictionary=True).get("url") or os.environ.get("DATABASE_URL")
    return given or "sqlite:///data/viewerdesk.db"


def _migrate(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_type=True,
        render_as_batch=connection.dialect.name == "sqlite",
        process_revision_directives=_name_by_number,
        render_item=_render_own_type,
    )
    context.run_migrations()
    connection.commit()


def _name_by_number(
    migration: MigrationContext, revision: str | Iterable[str | None] | Iterable[str], directives: list[MigrationScript]
) -> None:
    """New revisions are numbered, so that the order is plain to see in the folder."""
    for script in directives:
        script.rev_id = f"{len(revisions()) + 1:04d}"


def _render_own_type(kind: str, item: object, context_: object) -> str | Literal[False]:
    """Columns of our own types are written by their names, as the models write them."""
    if kind != "type":
        return False
    if isinstance(item, UtcDateTime):
        return "UtcDateTime()"
    return "Id" if item is Id else "Json" if item is Json else False


def _sqlite(url: str) -> None:
    path = sqlite_path(url)
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        FileLock(path.with_name(path.name + ".lock")).held(),
        create_engine(f"sqlite:///{path}").connect() as connection,
    ):
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        # Left to itself the driver begins no transaction before CREATE TABLE, and a kill would leave half a schema.
        cast(sqlite3.Connection, connection.connection.driver_connection).isolation_level = None
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        _migrate(connection)


async def _postgres(url: str) -> None:
    engine = create_async_engine("postgresql+asyncpg://", connect_args={"dsn": url}, poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(_migrate)
    await engine.dispose()


if _url().startswith("sqlite"):
    _sqlite(_url())
else:
    asyncio.run(_postgres(_url()))
