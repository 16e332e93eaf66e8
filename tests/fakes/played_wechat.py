"""The played WeChat platform on a real port: in the test's own event loop, or in a process of its own."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn
from starlette.types import ASGIApp

from app.channels.delivery import Line
from app.channels.wechat import client
from app.channels.wechat.account import Account, Mode
from app.settings import ROOT
from app.simulator.wechat.accounts import PlayedAccount
from app.simulator.wechat.alone import application
from app.simulator.wechat.contacts import Contact
from app.simulator.wechat.platform import PlayedWeChat
from app.tls import trusted
from tests.faults.waiting import eventually
from tests.postgres import free_ports

APP_ID, SECRET, TOKEN = "wx0123456789abcdef", "s3cretOfTheApp", "tokenForTests2026"
VIEWER = "oTest0000000000000000000001"
PATIENCE = 20


@dataclass
class Standing:
    """The platform with one account that one viewer follows, who has just written, and a way to call it."""

    http: httpx.AsyncClient
    url: str
    platform: PlayedWeChat
    account: PlayedAccount
    line: Line = field(init=False)
    """With a credential."""

    @property
    def viewer(self) -> Contact:
        return self.account.contacts[VIEWER]

    async def renew(self) -> None:
        """Fetch the credential anew."""
        bare = Line(self.http, self.url)
        token = await client.fetch_stable_token(bare, app_id=APP_ID, secret=SECRET)
        self.line = bare._replace(token=token.value)


@asynccontextmanager
async def standing() -> AsyncIterator[Standing]:
    """In this loop."""
    platform = PlayedWeChat()
    account = platform.add(PlayedAccount(Account(APP_ID, TOKEN, (), Mode.plain, app_secret=SECRET)))
    account.wrote(VIEWER, platform.clock.now())
    async with serving(application(platform)) as url, httpx.AsyncClient(verify=trusted()) as http:
        stands = Standing(http, url, platform, account)
        await stands.renew()
        yield stands
        await platform.close()


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[str]:
    """An application on a free port; what it still answers at the end is cut."""
    with socket.socket(proto=socket.IPPROTO_TCP) as door:  # else asyncio waits for acknowledgements
        door.bind(("127.0.0.1", 0))
        door.listen()
        config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
        config.load()
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        await server.startup(sockets=[door])  # without its loop, which looks ten times a second whether to stop
        try:
            yield f"http://127.0.0.1:{door.getsockname()[1]}"
        finally:
            await _stop(server)


async def _stop(server: uvicorn.Server) -> None:
    """At once: its own way waits a tenth of a second, in each test."""
    for listener in server.servers:
        listener.close()
    for connection in list(server.server_state.connections):
        connection.shutdown()
    answering = list(server.server_state.tasks)
    for task in answering:
        task.cancel()
    await asyncio.gather(*answering, return_exceptions=True)


@dataclass(frozen=True)
class Elsewhere:
    """The platform in a process of its own, through its door."""

    url: str
    http: httpx.Client

    def log(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.http.get("/control/log").json()
        return found

    def phones(self, app_id: str) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = self.http.get("/control/phones").json()[app_id]
        return found

    def tell(self, verb: str, **told: Any) -> None:
        """A verb of ``app.simulator.wechat.control``: ``troubles``, ``tokens``, ``wrote``, ``clock``…"""
        self.http.post(f"/control/{verb}", json=told).raise_for_status()

    async def answers(self) -> bool:
        try:
            return self.http.get("/control/log").status_code == 200
        except httpx.HTTPError:
            return False


@asynccontextmanager
async def elsewhere(*arguments: str) -> AsyncIterator[Elsewhere]:
    """``arguments``: those of ``python -m app.simulator.wechat.alone`` beside the port."""
    port = free_ports(1)[0]
    command = (sys.executable, "-m", "app.simulator.wechat.alone", "--port", str(port), *arguments)
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT)
    url = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(base_url=url, timeout=PATIENCE) as http:
            platform = Elsewhere(url, http)
            await eventually("the platform answers", platform.answers, within=PATIENCE)
            yield platform
    finally:
        process.kill()
        await process.wait()
