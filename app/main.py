"""``create_app``: the table of contents of the service."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fastapi import APIRouter, FastAPI
from starlette.types import Receive, Scope, Send

from app import health, pages
from app.agents import presence, sessions
from app.agents.sessions import Warrant
from app.console.failures import explain_failures
from app.console.routes import ROUTERS
from app.conversations.accounts import Directory
from app.db.database import Database
from app.db.opening import check_keys, connect
from app.dialogue.backlog import Backlog
from app.dialogue.endpoints import PREFIX, Webhooks
from app.dialogue.ingest import Ingest
from app.dialogue.keeper import Keeper
from app.dialogue.loading import keep_hours, load_meaning_weights, load_rules
from app.dialogue.rules import Rules
from app.dialogue.understand import Brain
from app.errors import ConfigurationError
from app.faq import files
from app.live.feed import Feed
from app.secrets import Keyring, load_keyring
from app.settings import Settings
from app.storage.opening import open_storage
from app.storage.storage import Storage
from app.worker import work

if TYPE_CHECKING:  # what only a setting switches on is imported where it is on: a process without it saves its memory
    from app.advisers.embedding import Embedder
    from app.dialogue.advising import Advising
    from app.dialogue.enriching import Enriching
    from app.live.bell import Bell
    from app.simulator.simulator import Simulator

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Service:
    """The parts of a running process, held by the application's state."""

    settings: Settings
    db: Database
    keyring: Keyring
    directory: Directory
    storage: Storage
    ingest: Ingest
    backlog: Backlog
    keeper: Keeper
    feed: Feed
    bell: "Bell | None"
    """PostgreSQL only."""
    simulator: "Simulator | None"
    """Demo mode only."""
    advising: "Advising | None"
    """Only where a language model is configured, or ``enriching`` is there."""
    enriching: "Enriching | None"
    """Only where an embedding model is configured and there are weights for it."""


async def open_service(
    settings: Settings, *, brain: Brain | None = None, on_swap: Callable[[], None] = lambda: None
) -> Service:
    """Everything that answers a message, not yet running. The schema must be up to date.

    ``brain``: what these settings load, where it was loaded already. ``on_swap`` is called whenever other knowledge was
    put in force.
    """
    keyring, db = load_keyring(settings), connect(settings)
    await db.write(check_keys, keyring)
    seen, rules = files.see(settings.knowledge_dir), load_rules(settings, brain)
    await db.write(keep_hours, settings, now=datetime.now(UTC))
    directory = Directory(db, keyring, simulated=settings.demo)
    await directory.refresh()
    backlog = Backlog(db, directory, keyring, rules)
    ingest, simulator = _open_ingest(settings, db, directory, rules, backlog, keyring)

    def adopt(new: Rules) -> None:
        ingest.rules = backlog.rules = new
        on_swap()
        if enriching is not None:
            enriching.look_now()

    keeper = Keeper(settings, seen, rules, adopt)
    feed, bell = _open_live(settings, db)
    embedder, enriching = _open_meanings(settings, keeper)
    advising = _open_advising(settings, embedder)
    storage = open_storage(settings, keyring)
    return Service(
        settings, db, keyring, directory, storage, ingest, backlog, keeper, feed, bell, simulator, advising, enriching
    )


def _open_ingest(
    settings: Settings, db: Database, directory: Directory, rules: Rules, backlog: Backlog, keyring: Keyring
) -> "tuple[Ingest, Simulator | None]":
    if not settings.demo:
        return Ingest(db, rules, backlog.grew), None
    from app.simulator.simulator import open_simulator
    from app.simulator.stalling import StallingIngest

    ingest = StallingIngest(db, rules, backlog.grew)
    return ingest, open_simulator(settings, db, directory, ingest, keyring)


def _open_live(settings: Settings, db: Database) -> "tuple[Feed, Bell | None]":
    async def touch(agent_ids: Collection[int]) -> None:
        await db.write(presence.touch, agent_ids, datetime.now(UTC))

    async def holds(warrants: Collection[Warrant]) -> Collection[Warrant]:
        return await db.read(sessions.still_hold, warrants, now=datetime.now(UTC))

    feed = Feed(db, touch=touch, holds=holds)
    if db.dialect == "sqlite":
        db.on_publish = feed.wake
        return feed, None
    from app.live.bell import Bell

    bell = Bell(settings.database, feed.wake)
    db.on_publish = bell.ring
    return feed, bell


def _open_meanings(settings: Settings, keeper: Keeper) -> "tuple[Embedder, Enriching] | tuple[None, None]":
    """Without weights for the model nothing is made, and the log says what to do."""
    if not settings.embedding_url:
        return None, None
    try:
        weights = load_meaning_weights(settings.knowledge_dir, settings.embedding_model)
    except ConfigurationError as error:
        log.warning("embeddings are off", extra={"reason": str(error)})
        return None, None
    from app.advisers.opening import open_embedder, open_vectors
    from app.dialogue.enriching import Enriching

    embedder = open_embedder(settings)
    assert embedder is not None
    return embedder, Enriching(embedder, open_vectors(settings), weights, keeper)


def _open_advising(settings: Settings, embedder: "Embedder | None") -> "Advising | None":
    if not settings.llm_url and embedder is None:
        return None
    from app.advisers.opening import open_chooser
    from app.dialogue.advising import Advising
    from app.dialogue.comparing import Comparing

    chooser = open_chooser(settings)
    comparing = Comparing(embedder) if embedder is not None else None
    return Advising(chooser, comparing)


@asynccontextmanager
async def running(service: Service) -> AsyncIterator[None]:
    """Run the tasks of a ``serve`` process; at the end finish what was taken in, then close."""
    parts = (service.ingest, service.backlog, service.keeper, service.feed, service.bell, service.enriching)
    tasks = [asyncio.create_task(part.run()) for part in parts if part is not None]
    if service.db.dialect == "sqlite":
        tasks.append(asyncio.create_task(work(service.db, service.directory, service.keyring, service.settings)))
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
        service: Service | None = getattr(self.state, "service", None)  # none yet while it starts
        if service is not None:
            service.feed.close()
        simulator: Simulator | None = getattr(self.state, "simulator", None)
        if simulator is not None:
            simulator.changes.close()


def create_app(
    settings: Settings,
    *,
    brain: Brain | None = None,
    on_ready: Callable[[], None] = lambda: None,
    on_swap: Callable[[], None] = lambda: None,
) -> Application:
    """``brain`` and ``on_swap``: see ``open_service``. ``on_ready`` is called once messages are answered."""

    @asynccontextmanager
    async def lifespan(app: Application) -> AsyncIterator[None]:
        service = await open_service(settings, brain=brain, on_swap=on_swap)
        async with running(service):
            app.state.service, app.state.simulator = service, service.simulator
            observer = service.simulator.inner.observe if service.simulator is not None else None
            app.door = Webhooks(service.directory, service.ingest, service.keyring, observer, service.advising)
            on_ready()
            yield

    app = Application(title="Viewer Desk", lifespan=lifespan, openapi_url=None)
    app.mount("/static", pages.Assets())
    for router in (health.router, *ROUTERS):
        _take_over(app, router)
    if settings.demo:
        _add_simulator(app)
    explain_failures(app)
    return app


def _add_simulator(app: Application) -> None:
    """Only where the platforms are played: nothing else needs its memory."""
    from app.simulator.endpoints import qq
    from app.simulator.endpoints.pages import ROUTERS

    for router in ROUTERS:
        _take_over(app, router)
    app.router.routes.append(qq.mount)


def _take_over(app: Application, router: APIRouter) -> None:
    """Its routes as they are: FastAPI's way to include it would build all of them again at the first request."""
    app.router.routes.extend(router.routes)
