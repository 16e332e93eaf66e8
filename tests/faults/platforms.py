"""WeChat and QQ, played in a process of their own, and what of them a test sees and changes from outside.

Their doors can be shut: calls under way end, and whoever calls then is refused before a byte was written.
"""

import asyncio
import json
import logging
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.channels.qq.addresses import Scene
from app.channels.wechat import account as wechat_account
from app.simulator.qq.api import PlayedQQ
from app.simulator.qq.world import Bot
from app.simulator.trouble import Kind, Trouble, Troubles
from app.simulator.wechat.accounts import PlayedAccount
from app.simulator.wechat.alone import application
from app.simulator.wechat.platform import PlayedWeChat
from tests.bench.account import APP_ID, TOKEN
from tests.faults.forking import spawn

WECHAT_SECRET, QQ_APP_ID, QQ_SECRET = "s3cret", "102000001", "botSecretForTests"
PATIENCE = 60
KEPT = 3600
"""Seconds for which an idle connection is kept: a call on one that is just being closed would leave no trace here."""
WECHAT_SEND, QQ_SEND = "custom/send", "c2c"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One call that was to bring a message, as the platform kept it."""

    text: str
    accepted: bool
    answered: bool
    """By the platform itself, with a word that says whether it was taken."""
    code: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Seen:
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Account:
    """All that one platform saw."""

    calls: list[Call]
    phones: dict[str, list[Seen]]
    """By recipient, as our rows name him."""
    tokens: int
    """Calls that gave a credential."""


@dataclass(frozen=True)
class Platforms:
    wechat_url: str
    qq_url: str
    http: httpx.AsyncClient

    async def tell(self, **told: Any) -> None:
        """Any of the verbs of ``_Stage``."""
        (await self.http.post("/", json=told)).raise_for_status()

    async def accepted(self) -> int:
        """Messages that reached a phone so far."""
        return int((await self.http.get("/count")).json())

    async def find(self, text: str) -> Call | None:
        """The call that brought it to a phone."""
        account = (await self.look())["wechat"]
        return next((call for call in account.calls if call.text == text and call.accepted), None)

    async def look(self) -> dict[str, Account]:
        """By platform."""
        return {name: _read(given) for name, given in (await self.http.get("/")).json().items()}


def _read(given: Json) -> Account:
    phones = {who: [Seen(text, _time(at)) for text, at in seen] for who, seen in given["phones"].items()}
    calls = [Call(text, took, told, code, _time(at)) for text, took, told, code, at in given["calls"]]
    return Account(calls, phones, given["tokens"])


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@asynccontextmanager
async def platforms() -> AsyncIterator[Platforms]:
    process, pipe = spawn(_play)
    try:
        wechat, qq, control = await asyncio.to_thread(pipe.recv)
        async with httpx.AsyncClient(base_url=control, timeout=PATIENCE) as http:
            yield Platforms(wechat, qq, http)
    finally:
        process.kill()
        process.join()


# -------------------- in the other process


class _Door:
    """A port that can be shut and opened again."""

    def __init__(self, app: ASGIApp) -> None:
        self._app, self.port, self._shut = app, 0, False
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._serve,
                log_config=None,
                access_log=False,
                lifespan="off",
                interface="asgi3",
                timeout_keep_alive=KEPT,
            )
        )

    async def open(self) -> str:
        self._shut = False
        door = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(("127.0.0.1", self.port))
        door.listen(512)
        self.port = door.getsockname()[1]
        if not self._server.config.loaded:
            self._server.config.load()
            self._server.lifespan = self._server.config.lifespan_class(self._server.config)
        await self._server.startup(sockets=[door])
        return f"http://127.0.0.1:{self.port}"

    def shut(self) -> None:
        self._shut = True
        for listening in self._server.servers:
            listening.close()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def last(message: Message) -> None:
            """Nobody shall call again on a connection that is open."""
            if message["type"] == "http.response.start" and self._shut:
                message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await send(message)

        await self._app(scope, receive, last)


class _Stage:
    def __init__(self) -> None:
        self.wechat, self.qq = PlayedWeChat(), PlayedQQ()
        mode = wechat_account.Mode.plain
        own = wechat_account.Account(APP_ID, TOKEN, (), mode, app_secret=WECHAT_SECRET)
        self.account = PlayedAccount(own, welcoming=True)
        self.wechat.add(self.account)
        self.qq.world.add(Bot(QQ_APP_ID, QQ_SECRET))
        self.doors = [_Door(application(self.wechat)), _Door(self.qq.app)]
        self.verbs: dict[str, Callable[[Any], Awaitable[None] | None]] = {
            "heard": self.hear, "shares": self.share, "latency": self.slow, "clear": self.clear, "doors": self.let_in,
            "revoke": self.revoke,
        }  # fmt: skip

    @property
    def troubles(self) -> dict[str, Troubles]:
        return {WECHAT_SEND: self.wechat.troubles, QQ_SEND: self.qq.world.troubles}

    def hear(self, said: list[tuple[str, str]]) -> None:
        """QQ users who wrote just now, each with the id of what he wrote."""
        for user, key in said:
            self.qq.world.ledger.open(key, Scene.c2c, user, self.qq.world.clock.now())

    def share(self, shares: dict[str, list[tuple[str, int, float]]]) -> None:
        """API → (kind, code, share) of the troubles that its calls meet."""
        for api, troubles in shares.items():
            self.troubles[api].shares[api] = {Trouble(Kind(kind), code): share for kind, code, share in troubles}

    def slow(self, seconds: float) -> None:
        for troubles in self.troubles.values():
            troubles.latency = seconds

    def clear(self, _: Any) -> None:
        for troubles in self.troubles.values():
            troubles.clear()

    async def let_in(self, are_open: bool) -> None:
        for door in self.doors:
            if are_open:
                await door.open()
            else:
                door.shut()

    def revoke(self, _: Any) -> None:
        self.account.credentials.revoke()
        self.qq.credentials.revoke()

    # -------------------- seen from outside

    async def look(self, _: Request) -> JSONResponse:
        return JSONResponse({"wechat": self._wechat(), "qq": self._qq()})

    async def count(self, _: Request) -> JSONResponse:
        places = self.qq.world.places.values()
        return JSONResponse(
            sum(len(c.phone) for c in self.account.contacts.values()) + sum(len(place.seen) for place in places)
        )

    async def act(self, request: Request) -> JSONResponse:
        for verb, told in (await request.json()).items():
            done = self.verbs[verb](told)
            if done is not None:
                await done
        return JSONResponse({})

    def _wechat(self) -> Json:
        calls = [
            (_wechat_text(logged.request), logged.accepted, logged.answered and logged.code != -1, logged.code,
             logged.at.timestamp())
            for logged in self.wechat.log
            if logged.api == WECHAT_SEND
        ]  # fmt: skip
        contacts = self.account.contacts.values()
        phones = {c.openid: [(arrival.text, arrival.at.timestamp()) for arrival in c.phone] for c in contacts}
        tokens = sum(logged.api == "stable_token" and logged.accepted for logged in self.wechat.log)
        return {"calls": calls, "phones": phones, "tokens": tokens}

    def _qq(self) -> Json:
        world = self.qq.world
        calls = [
            (call.body.get("content", ""), call.accepted, call.answered in (200, 400, 401, 429), call.code,
             call.at.timestamp())
            for call in world.log
            if call.api == QQ_SEND
        ]  # fmt: skip
        phones = {
            f"{place.scene}:{place.id}": [(seen.text, seen.at.timestamp()) for seen in place.seen]
            for place in world.places.values()
        }
        tokens = sum(call.api == "token" and call.accepted for call in world.log)
        return {"calls": calls, "phones": phones, "tokens": tokens}


def _wechat_text(request: str) -> str:
    return str(json.loads(request)["text"]["content"])


def _play(pipe: Connection) -> None:
    """Until killed."""

    async def play() -> None:
        stage = _Stage()
        routes = [
            Route("/", stage.look, methods=["GET"]), Route("/count", stage.count, methods=["GET"]),
            Route("/", stage.act, methods=["POST"]),
        ]  # fmt: skip
        pipe.send([*[await door.open() for door in stage.doors], await _Door(Starlette(routes=routes)).open()])
        await asyncio.Event().wait()

    logging.disable()  # callers that were killed, answers that break off: all of it on purpose
    os.setpgid(0, 0)  # an interrupt from the keyboard is for the tests, which then kill it
    asyncio.run(play())
