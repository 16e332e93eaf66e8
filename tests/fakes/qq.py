"""QQ's API, played on a real socket: within the test's own event loop, or as a child process."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn
from starlette.types import ASGIApp

from app.simulator.qq.acts import Acts
from app.simulator.qq.api import PlayedQQ
from app.simulator.qq.world import Bot, World
from app.simulator.trouble import Kind, Trouble

APP_ID, SECRET = "102000001", "botSecretForTests"


@dataclass(frozen=True, slots=True)
class Played:
    """A platform with one bot, and where it is."""

    qq: PlayedQQ
    url: str

    @property
    def world(self) -> World:
        return self.qq.world

    @property
    def bot(self) -> Bot:
        return self.world.bots[APP_ID]

    @property
    def acts(self) -> Acts:
        return Acts(self.world)

    def plan(self, api: str, kind: Kind, code: int = 0) -> None:
        """The API's next call meets this."""
        self.world.troubles.plan(api, Trouble(kind, code))


@asynccontextmanager
async def running() -> AsyncIterator[Played]:
    """Serve on a free port of this machine."""
    qq = PlayedQQ()
    qq.world.add(Bot(APP_ID, SECRET))
    with _door() as door:
        async with _serving(qq.app, door):
            yield Played(qq, f"http://127.0.0.1:{door.getsockname()[1]}")


@asynccontextmanager
async def _serving(app: ASGIApp, door: socket.socket) -> AsyncIterator[None]:
    """As ``uvicorn.Server.serve`` does it, without its loop: its ticks are what most tests would wait for."""
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[door])
    state = server.server_state
    try:
        yield
    finally:
        for listening in server.servers:
            listening.close()
        for connection in list(state.connections):
            connection.shutdown()
        while state.tasks or state.connections:  # noqa: ASYNC110  (no event tells that the last has seen its caller go)
            await asyncio.sleep(0)


@contextmanager
def process() -> Iterator[str]:
    """The address of a child process; it has no bot yet."""
    with _door() as door:
        started = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "--factory", "app.simulator.qq.standalone:create",
             "--fd", str(door.fileno()), "--log-level", "warning"],
            pass_fds=[door.fileno()],
        )  # fmt: skip
        try:
            yield f"http://127.0.0.1:{door.getsockname()[1]}"
        finally:
            started.terminate()
            started.wait()


def _door() -> socket.socket:
    """Of TCP by name, or the loop lets the system hold back the ends of answers for 40 ms."""
    door = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    door.bind(("127.0.0.1", 0))
    door.listen()
    return door


async def control(http: httpx.AsyncClient, url: str, **change: Any) -> Any:
    """Change something of a platform that is a process of its own, or look at it."""
    answer = await (http.post(f"{url}/control", json=change) if change else http.get(f"{url}/control"))
    assert answer.status_code == 200, answer.text
    return answer.json()
