"""The service on a real port, within the test's own event loop: there in no time, as no process is."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn

from app.commands import demo
from app.main import Application, create_app
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
            yield app
        finally:
            app.end_streams()
            server.should_exit = True
            await serving
