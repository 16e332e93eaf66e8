"""A browser that asks within the process, and a database that tells how long it was waited for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from statistics import median, quantiles
from time import perf_counter
from typing import Self

import httpx
from fastapi import FastAPI

from app.agents import sessions
from app.conversations.accounts import Directory
from app.db.database import Database, P, Rule, T
from app.main import Service, create_app, open_service
from app.settings import Settings
from tests.bench.desking.asking import READERS, Asked, Task

WARM = 10


class Watched:
    """Passes everything on to the database of a service."""

    def __init__(self, db: Database) -> None:
        self._db, self.seconds = db, 0.0
        self.dialect, self.ingest_batches, self.on_publish = db.dialect, db.ingest_batches, db.on_publish

    async def write(self, rule: Rule[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._timed(self._db.write, rule, *args, **kwargs)

    async def write_first(self, rule: Rule[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._timed(self._db.write_first, rule, *args, **kwargs)

    async def read(self, rule: Rule[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._timed(self._db.read, rule, *args, **kwargs)

    async def _timed(self, way: Callable[..., object], *args: object, **kwargs: object) -> T:
        start = perf_counter()
        try:
            return await way(*args, **kwargs)  # type: ignore[misc, no-any-return]
        finally:
            self.seconds += perf_counter() - start

    async def close(self) -> None:
        await self._db.close()


@dataclass(frozen=True, slots=True)
class Figures:
    """Milliseconds."""

    p50: float
    p95: float
    database: float
    """Waiting for it, of ``p50``; the rest renders, and finds the way to the page."""


class Browser:
    """Several people who are signed in; none of the service's tasks runs beside them."""

    def __init__(self, service: Service, db: Watched, app: FastAPI) -> None:
        self._service, self._db = service, db
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bench")
        self._tokens: Sequence[str] = ()

    @classmethod
    async def open(cls, settings: Settings) -> Self:
        service = await open_service(settings)
        db = Watched(service.db)
        directory = Directory(db, service.keyring, simulated=settings.demo)
        await directory.refresh()
        app = create_app(settings)
        app.state.service, app.state.simulator = replace(service, db=db, directory=directory), None
        browser = cls(service, db, app)
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
        whole, database = [], []
        for turn in range(WARM + samples):
            who = turn % READERS + 1
            asked = task.ask(who, turn)
            self._db.seconds, start = 0.0, perf_counter()
            await self.ask(who, asked, task.name)
            whole.append(perf_counter() - start)
            database.append(self._db.seconds)
            if task.undo is not None:
                await self.ask(who, task.undo(asked), task.name)
        return _figures(whole[WARM:], database[WARM:])

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


def _figures(whole: Sequence[float], database: Sequence[float]) -> Figures:
    return Figures(median(whole) * 1e3, quantiles(whole, n=20)[-1] * 1e3, median(database) * 1e3)
