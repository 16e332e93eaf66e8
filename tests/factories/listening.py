"""The service on a real port, within the test's own event loop: there in no time, as no process is."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import uvicorn

from app.commands import demo
from app.commands.serve import work_and_ring
from app.conversations.accounts import Directory
from app.db.opening import connect
from app.main import Application, Service, create_app
from app.secrets import load_keyring
from app.settings import Settings
from tests.demo_knowledge import brain_of
from tests.faults.waiting import eventually


class Server(uvicorn.Server):
    """One that leaves Ctrl+C to pytest."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def is_started(self) -> bool:
        return self.started


@asynccontextmanager
async def listening(settings: Settings, *, port: int = 0) -> AsyncIterator[Application]:
    """A demo with its channels; ``app.state.service.settings`` knows the port. ``port``: one that was free before."""
    with socket.socket(proto=socket.IPPROTO_TCP) as door:  # else asyncio waits for acknowledgements
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind((settings.host, port))
        door.listen()
        mine = settings.model_copy(update={"port": door.getsockname()[1]})
        app = create_app(mine, brain=brain_of(mine))
        server = Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="on"))
        serving = asyncio.create_task(server.serve(sockets=[door]))
        await eventually("the server is started", server.is_started)
        service = app.state.service
        await demo.add_channels(service.db, load_keyring(mine))
        service.directory.forget()
        try:
            async with working(app.state.service):
                yield app
        finally:
            app.end_streams()
            server.should_exit = True
            await serving


@asynccontextmanager
async def working(service: Service) -> AsyncIterator[None]:
    """On SQLite ``serve`` does this work; on PostgreSQL another process, here a task with connections of its own."""
    if service.db.dialect == "sqlite":
        yield
        return
    db = connect(service.settings)
    directory = Directory(db, service.keyring, simulated=service.settings.demo)
    await directory.refresh()
    task = asyncio.create_task(work_and_ring(db, directory, service.keyring, service.settings))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await db.close()
