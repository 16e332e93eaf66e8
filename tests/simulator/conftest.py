"""A whole service in demo mode on a real port, with its simulator."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass

import httpx
import pytest

from app.db.database import Database
from app.desk.reasons import STATES, standing
from app.main import Application, Service
from app.settings import Settings
from app.simulator import acting
from app.simulator.phones import Chat, Phone, Side
from app.simulator.simulator import Simulator
from app.worker import work
from tests.demo_knowledge import ALWAYS_OPEN
from tests.factories.hurrying import hurry
from tests.factories.listening import listening
from tests.faults.waiting import eventually

PATIENCE = 15


@dataclass(frozen=True, slots=True)
class Played:
    """A running service and what a test asks of it."""

    app: Application
    simulator: Simulator
    http: httpx.AsyncClient

    @property
    def db(self) -> Database:
        db: Database = self.app.state.service.db
        return db

    @property
    def phone(self) -> Phone:
        return next(iter(self.simulator.stage))

    async def post(self, path: str, **fields: str) -> httpx.Response:
        return await self.http.post(f"/simulator{path}", data=fields)

    async def do(self, path: str, phone: Phone | None = None, /, **fields: str) -> Chat:
        """An act on the first phone, or on another, to its end."""
        held = phone or self.phone
        answer = await self.post(f"/phones/{held.id}/{path}", **fields)
        assert answer.status_code == 204, answer.text
        await until(lambda: not held.tasks)
        return held.chat

    async def said(self, chat: Chat, count: int) -> list[str]:
        """What the account said, once it is so many messages; a chat with a group shows also others' answers."""
        await until(lambda: len(texts(chat)) >= count)
        return texts(chat)

    async def standing(self, phone: Phone | None = None) -> list[tuple[str, str]]:
        """(state, why) of the messages to a phone's viewer, the newest first."""
        chat = (phone or self.phone).chat
        talk = await self.simulator.desk.look(chat)
        assert talk is not None
        return [
            (STATES[m.state], standing(m.state, m.waits, m.error, None, chat.face.platform, used_up=talk.used_up))
            for m in talk.said
        ]

    async def stands(self, state: str, why: str = "", *, phone: Phone | None = None) -> None:
        """Wait until the newest message stands so."""

        async def look() -> bool:
            newest = (await self.standing(phone))[0]
            return newest[0] == state and why in newest[1]

        await eventually(f"the newest message is {state} {why}", look, within=PATIENCE)

    async def wire(self, **query: str | int) -> str:
        """The first phone's wire, as HTML."""
        return (await self.http.get(f"/simulator/phones/{self.phone.id}/wire", params=query)).text

    async def quiet(self) -> None:
        await until(lambda: not self.phone.tasks)


def texts(chat: Chat) -> list[str]:
    return [bubble.text or bubble.picture for bubble in chat.bubbles if bubble.side is Side.account]


async def until(condition: Callable[[], object]) -> None:
    async def look() -> object:
        return condition()

    await eventually("what the test waits for", look, within=PATIENCE)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Somebody is there at any hour, so that the same happens whenever the tests run."""
    return settings.model_copy(update={"service_hours": ALWAYS_OPEN})


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Phones whose platform tries again sooner still: nobody watches them."""
    monkeypatch.setattr(acting, "FAST_SECONDS", 0.4)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


@pytest.fixture
async def played(settings: Settings) -> AsyncIterator[Played]:
    async with listening(settings) as app:
        service = app.state.service
        sending = asyncio.create_task(_send(service))
        async with httpx.AsyncClient(base_url=service.settings.address) as http:
            yield Played(app, service.simulator, http)
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending


async def _send(service: Service) -> None:
    """On PostgreSQL the sender is another process's work: here a task's."""
    if service.db.dialect == "postgresql":
        await work(service.db, service.directory, service.keyring, service.settings)
