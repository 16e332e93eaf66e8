"""PostgreSQL: a transaction a rule through asyncpg, with the rule itself synchronous (``run_sync``)."""

import asyncio
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import Session
from sqlalchemy.util import greenlet_spawn

from app.db.database import LAST, P, Rule, T, tell_nobody, timed

ATTEMPTS = 3
_REPEATABLE = frozenset({"40001", "40P01"})
"""SQLSTATE of a serialisation failure and of a deadlock: the other one went through, so a repeat will."""


class PostgresDatabase:
    dialect = "postgresql"
    ingest_batches = 3

    def __init__(self, url: str, *, pool: int = 8) -> None:
        """``pool``: connections of this process; three are kept for ingest."""
        self._engine = create_async_engine(
            "postgresql+asyncpg://",
            hide_parameters=True,  # an error in the log must not hold a viewer's words
            pool_size=pool,
            max_overflow=0,
            pool_timeout=10,
            connect_args={
                "dsn": url,  # read by asyncpg itself, which knows sslmode and several hosts
                "prepared_statement_cache_size": 500,
                "server_settings": {
                    "application_name": "viewer-desk",
                    # A plan made while a table is small is kept while it grows, until the next ANALYZE: a sequential
                    # scan chosen on the first day was 200 times slower an hour later. Every statement has its index.
                    "enable_seqscan": "off",
                    # Left to itself it plans the joins of a page anew each time: longer than the page takes to read.
                    "plan_cache_mode": "force_generic_plan",
                    "jit": "off",  # short statements only: compiling them costs more than running them
                    "statement_timeout": "30000",
                    "idle_in_transaction_session_timeout": "30000",
                },
            },
        )
        views = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._views = views.sync_engine
        self._looks = self._engine.execution_options(isolation_level="AUTOCOMMIT").sync_engine
        self.on_publish: Callable[[], None] = tell_nobody
        # Ingest never queues behind ordinary work: its connections are always its own.
        self._ordinary = asyncio.Semaphore(pool - self.ingest_batches)

    async def write(self, rule: Rule[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        async with self._ordinary:
            return await self._repeat(rule, args, kwargs)

    async def write_first(self, rule: Rule[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._repeat(rule, args, kwargs)

    async def read(self, rule: Rule[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        def run() -> T:
            with self._views.connect() as connection, Session(connection, expire_on_commit=False) as session:
                session.connection()  # begins: all of the rule sees one state
                return rule(session, *args, **kwargs)

        async with self._ordinary:
            return await greenlet_spawn(run)

    async def look(self, rule: Rule[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        def run() -> T:
            with self._looks.connect() as connection, Session(connection, expire_on_commit=False) as session:
                return rule(session, *args, **kwargs)

        async with self._ordinary:
            return await greenlet_spawn(run)

    async def close(self) -> None:
        await self._engine.dispose()
        await asyncio.sleep(0)  # what was given up in the middle of a statement closes in the loop's next turn

    async def _repeat(self, rule: Callable[..., T], args: Any, kwargs: Any) -> T:
        def run() -> tuple[T, bool]:
            # The transaction is this rule's alone, so its end is the engine's: no savepoint is needed around it.
            with self._engine.sync_engine.begin() as connection, _session(connection) as session:
                return timed(session, rule, args, kwargs), LAST in session.info

        for attempt in range(1, ATTEMPTS + 1):
            try:
                # As AsyncConnection.run_sync, but once for begin, rule and commit.
                result, is_told = await greenlet_spawn(run)
            except DBAPIError as error:
                if attempt == ATTEMPTS or getattr(error.orig, "sqlstate", None) not in _REPEATABLE:
                    raise
            else:
                if is_told:
                    self.on_publish()
                return result
        raise AssertionError("unreachable")


def _session(connection: Connection) -> Session:
    return Session(connection, expire_on_commit=False, join_transaction_mode="rollback_only")
