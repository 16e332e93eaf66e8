"""PostgreSQL databases for tests: copies of a template, each made while the test before it runs."""

import asyncio
import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import asyncpg

_numbers = itertools.count(1)


class Databases:
    """Used databases are dropped at once: a run's hundreds would fill the memory that they are kept in."""

    def __init__(self, server: str, template: str, helper: ThreadPoolExecutor) -> None:
        self._server, self._template, self._helper = server, template, helper
        self._next = helper.submit(self._copy)

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """The address of one that nobody has used."""
        name, self._next = self._next.result(), self._helper.submit(self._copy)
        yield address(self._server, name)
        self._helper.submit(self._run, f"DROP DATABASE {name} WITH (FORCE)")  # a killed process may not have hung up

    def _copy(self) -> str:
        name = f"{self._template}_{next(_numbers)}"
        # Files are copied in half the time in which pages go through the log.
        self._run(f"CREATE DATABASE {name} TEMPLATE {self._template} STRATEGY FILE_COPY")
        return name

    def _run(self, statement: str) -> None:
        asyncio.run(execute(self._server, statement))


@contextmanager
def copies(server: str, template: str) -> Iterator[Databases]:
    with ThreadPoolExecutor(1, thread_name_prefix="databases") as helper:
        yield Databases(server, template, helper)


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def address(server: str, name: str) -> str:
    return f"{server.rsplit('/', 1)[0]}/{name}"
