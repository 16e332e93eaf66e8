"""The console over the whole service, without a browser: each person is a client with his own cookie."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
import pytest
from fastapi import FastAPI

from app.agents import sessions
from app.agents.rights import Actor, Role
from app.console import cookies
from app.console.rendering import TEMPLATES
from app.db.database import Database
from app.settings import Settings
from tests.demo_knowledge import brain_of
from tests.factories.people import PASSWORD, make_agent, signed_in
from tests.factories.webhook import serving

PAGE = {"accept": "text/html,application/xhtml+xml"}
"""As a browser asks for a page."""
HTMX = {"hx-request": "true"}


@dataclass(frozen=True, slots=True)
class Person:
    actor: Actor
    token: str
    http: httpx.AsyncClient

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.http.get(path, headers=PAGE | headers)

    async def post(self, path: str, **fields: object) -> httpx.Response:
        """As the console's scripts do."""
        return await self.http.post(path, data=fields, headers=HTMX | {"x-csrf": sessions.csrf(self.token)})


@dataclass(frozen=True, slots=True)
class Console:
    app: FastAPI

    @property
    def db(self) -> Database:
        db: Database = self.app.state.service.db
        return db

    def client(self, ip: str = "203.0.113.7", scheme: str = "http") -> httpx.AsyncClient:
        """Somebody's browser."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=(ip, 4711))
        return httpx.AsyncClient(transport=transport, base_url=f"{scheme}://desk.test")

    async def person(self, login: str, *roles: Role, name: str = "", verified: bool = True) -> Person:
        """Somebody who has signed in."""
        actor = await make_agent(self.db, login, name=name, roles=roles, password=PASSWORD)
        token = await signed_in(self.db, actor.id, now=datetime.now(UTC), verified=verified)
        http = self.client()
        http.cookies.set(cookies.PLAIN, token)
        return Person(actor, token, http)


@pytest.fixture(autouse=True)
def _built(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages name assets, whether or not they have been built."""
    monkeypatch.setitem(TEMPLATES.globals, "asset", lambda name: f"/static/{name}")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"mode": "production"})


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Console]:
    async with serving(settings, brain_of(settings.model_copy(update={"mode": "demo"}))) as app:
        yield Console(app)


@pytest.fixture
async def console(settings: Settings) -> AsyncIterator[Console]:
    async with opened(settings) as running:
        yield running


@pytest.fixture
async def admin(console: Console) -> Person:
    return await console.person("admin", Role.administrator, name="管理员")
