"""A browser that asks within the process, and a database that tells how much it worked.

Beside the time that passes, which belongs to whatever else the machine does, processor time is measured: that of this
process, and of PostgreSQL's.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from statistics import median, quantiles
from time import perf_counter, process_time
from typing import Self

import httpx
from fastapi import FastAPI

from app.agents import sessions
from app.conversations.accounts import Directory
from app.db.database import Database, P, Rule, T
from app.dialogue.understand import Brain
from app.main import Service, create_app, open_service
from app.settings import Settings
from tests.bench.desking.asking import READERS, Asked, Task

WARM = 10


class Watched:
    """Passes everything on to the database of a service."""

    def __init__(self, db: Database) -> None:
        self._db, self.seconds = db, 0.0
        """Processor time of this process in its rules since somebody set it to 0."""
        self.dialect, self.ingest_batches, self.on_publish = db.dialect, db.ingest_batches, db.on_publish

    async def write(self, rule: Rule[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        with self._timed():
            return await self._db.write(rule, *args, **kwargs)

    async def write_first(self, rule: Rule[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        with self._timed():
            return await self._db.write_first(rule, *args, **kwargs)

    async def look(self, rule: Rule[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        with self._timed():
            return await self._db.look(rule, *args, **kwargs)

    async def read(self, rule: Rule[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        with self._timed():
            return await self._db.read(rule, *args, **kwargs)

    @contextmanager
    def _timed(self) -> Iterator[None]:
        start = process_time()
        try:
            yield
        finally:
            self.seconds += process_time() - start

    async def close(self) -> None:
        await self._db.close()


@dataclass(frozen=True, slots=True)
class Figures:
    """Milliseconds: what passed, and processor time at the middle."""

    p50: float
    p95: float
    rules: float
    """This process in the rules; on SQLite that is the database too."""
    server: float
    """PostgreSQL's, on the average."""
    rest: float
    """Rendering, and finding the way to the page."""

    @property
    def work(self) -> float:
        return self.rules + self.server + self.rest


class Browser:
    """Several people who are signed in; none of the service's tasks runs beside them."""

    def __init__(self, service: Service, db: Watched, app: FastAPI, server_seconds: Callable[[], float]) -> None:
        self._service, self._db, self._server_seconds = service, db, server_seconds
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bench")
        self._tokens: Sequence[str] = ()

    @classmethod
    async def open(
        cls, settings: Settings, server_seconds: Callable[[], float] = lambda: 0.0, brain: Brain | None = None
    ) -> Self:
        """``server_seconds``: the processor time that a database server has used so far. ``brain``: loaded already."""
        service = await open_service(settings, brain=brain)
        db = Watched(service.db)
        directory = Directory(db, service.keyring, simulated=settings.demo)
        await directory.refresh()
        app = create_app(settings)
        app.state.service, app.state.simulator = replace(service, db=db, directory=directory), None
        browser = cls(service, db, app, server_seconds)
        browser._tokens = [await browser._sign_in(agent) for agent in range(1, READERS + 1)]
        return browser

    async def _sign_in(self, agent: int) -> str:
        now = datetime.now(UTC)
        return await self._service.db.write(
            sessions.open_, agent, verified=True, ip="127.0.0.1", browser="Chromium", now=now
        )  # fmt: skip

    async def close(self) -> None:
        await self._client.aclose()
        await self._service.db.close()

    async def measure(self, task: Task, samples: int) -> Figures:
        passed, rules, rest = [], [], []
        for turn in range(WARM + samples):
            if turn == WARM:
                server = self._server_seconds()
            who = turn % READERS + 1
            asked = task.ask(who, turn)
            self._db.seconds, start, began = 0.0, perf_counter(), process_time()
            await self.ask(who, asked, task.name)
            passed.append(perf_counter() - start)
            rules.append(self._db.seconds)
            rest.append(process_time() - began - self._db.seconds)
            if task.undo is not None:
                await self.ask(who, task.undo(asked), task.name)
        middle, late = median(passed[WARM:]), quantiles(passed[WARM:], n=20)[-1]
        served = (self._server_seconds() - server) / samples
        each = (middle, late, median(rules[WARM:]), served, median(rest[WARM:]))
        return Figures(*(seconds * 1e3 for seconds in each))

    async def ask(self, who: int, asked: Asked, name: str = "") -> str:
        """The answer's text; SystemExit with what it says where it is none of success."""
        token = self._tokens[who - 1]
        headers: Mapping[str, str] = {
            "cookie": f"desk={token}", "x-csrf": sessions.csrf(token), "hx-request": "true",
            "accept": "application/json",
        }  # fmt: skip
        if asked.form is None:
            answer = await self._client.get(asked.path, headers=headers)
        else:
            answer = await self._client.post(asked.path, headers=headers, data=asked.form)
        if not answer.is_success:
            raise SystemExit(f"{name}: {asked.path} is answered with {answer.status_code}: {answer.text[:300]}")
        return answer.text
