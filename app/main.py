"""``create_app``: the table of contents of the service."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from app import health, pages
from app.advisers.opening import open_chooser
from app.conversations.accounts import Directory
from app.db.database import Database
from app.db.opening import check_keys, connect
from app.dialogue.advising import Advising
from app.dialogue.backlog import Backlog
from app.dialogue.endpoints import PREFIX, Webhooks
from app.dialogue.ingest import Ingest
from app.dialogue.loading import load_rules
from app.errors import AppError
from app.secrets import Keyring, load_keyring
from app.settings import Settings
from app.simulator.endpoints import pages as simulator_pages
from app.simulator.simulator import Simulator, open_simulator
from app.simulator.stalling import StallingIngest
from app.worker import work


@dataclass(frozen=True, slots=True)
class Service:
    """The parts of a running process, held by the application's state."""

    settings: Settings
    db: Database
    keyring: Keyring
    directory: Directory
    ingest: Ingest
    backlog: Backlog
    simulator: Simulator | None
    """Demo mode only."""
    advising: Advising | None
    """Only where a language model is configured."""


async def open_service(settings: Settings) -> Service:
    """Everything that answers a message, not yet running. The schema must be up to date."""
    keyring, db = load_keyring(settings), connect(settings)
    await db.write(check_keys, keyring)
    rules = load_rules(settings)
    directory = Directory(db, keyring, simulated=settings.demo)
    await directory.refresh()
    backlog = Backlog(db, directory, keyring, rules)
    if not settings.demo:
        ingest = Ingest(db, rules, backlog.grew)
        return Service(settings, db, keyring, directory, ingest, backlog, None, _open_advising(settings))
    stalling = StallingIngest(db, rules, backlog.grew)
    simulator = open_simulator(settings, db, directory, stalling)
    return Service(settings, db, keyring, directory, stalling, backlog, simulator, _open_advising(settings))


def _open_advising(settings: Settings) -> Advising | None:
    chooser = open_chooser(settings)
    return Advising(chooser) if chooser is not None else None


@asynccontextmanager
async def running(service: Service) -> AsyncIterator[None]:
    """Run the tasks of a ``serve`` process; at the end finish what was taken in, then close."""
    tasks = [asyncio.create_task(service.ingest.run()), asyncio.create_task(service.backlog.run())]
    if service.db.dialect == "sqlite":
        tasks.append(asyncio.create_task(work(service.db, service.directory, service.settings)))
    try:
        yield
    finally:
        if service.simulator is not None:
            await service.simulator.close()
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if service.advising is not None:
            await service.advising.close()
        await service.ingest.drain()
        await service.db.close()


class Application(FastAPI):
    """The application, with a door of its own for webhooks: its middleware would cost more than a turn's codec."""

    door: Webhooks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            await self.door(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    def end_streams(self) -> None:
        """End the responses that would never end by themselves."""
        simulator: Simulator | None = getattr(self.state, "simulator", None)  # none yet while it starts
        if simulator is not None:
            simulator.changes.close()


def create_app(settings: Settings, *, on_ready: Callable[[], None] = lambda: None) -> Application:
    @asynccontextmanager
    async def lifespan(app: Application) -> AsyncIterator[None]:
        service = await open_service(settings)
        async with running(service):
            app.state.service, app.state.simulator = service, service.simulator
            observer = service.simulator.inner.observe if service.simulator is not None else None
            app.door = Webhooks(service.directory, service.ingest, service.keyring, observer, service.advising)
            on_ready()
            yield

    app = Application(title="Viewer Desk", lifespan=lifespan, openapi_url=None)
    app.include_router(health.router)
    app.mount("/static", pages.Assets())
    if settings.demo:
        for router in simulator_pages.ROUTERS:
            app.include_router(router)
    app.add_exception_handler(AppError, _explain)
    return app


async def _explain(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, AppError)
    return JSONResponse({"error": error.message}, error.status_code)
