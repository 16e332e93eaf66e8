"""The stream as a browser has it: over a real port, from a service that runs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection

import httpx
import pytest
from sqlalchemy import update

from app.agents import people, sessions
from app.agents.models import SignIn
from app.agents.rights import Actor, Role
from app.console import cookies
from app.console.endpoints.live import PATH
from app.db.database import Database
from app.db.opening import connect
from app.events import Kind, publish
from app.live import feed as feeds
from app.live.feed import Feed
from app.main import Application
from app.settings import Settings
from tests.factories.conversations import NOW
from tests.factories.listening import listening
from tests.factories.people import make_agent, signed_in
from tests.faults import forking
from tests.faults.waiting import eventually
from tests.live.hearing import PATIENCE, Thing, parse


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[Application]:
    async with listening(settings) as app:
        yield app


@pytest.fixture
async def lin(app: Application) -> Actor:
    return await make_agent(app.state.service.db, "lina", roles=[Role.agent])


@pytest.fixture
async def client(app: Application) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=app.state.service.settings.address, timeout=PATIENCE) as client:
        yield client


class Stream:
    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._chunks = response.aiter_bytes()

    async def hear(self, thing: Thing) -> None:
        while thing not in parse(await anext(self._chunks)):
            pass

    async def end(self) -> None:
        async for _ in self._chunks:
            pass


@asynccontextmanager
async def streaming(app: Application, client: httpx.AsyncClient, who: Actor) -> AsyncIterator[Stream]:
    """As a page of that person follows."""
    async with client.stream("GET", PATH, headers=await cookie_of(app, who)) as response:
        assert response.status_code == 200
        yield Stream(response)


async def cookie_of(app: Application, who: Actor) -> dict[str, str]:
    token = await signed_in(app.state.service.db, who.id, now=datetime.now(UTC))
    return {"cookie": f"{cookies.PLAIN}={token}"}


async def followers(app: Application, count: int) -> bool:
    feed: Feed = app.state.service.feed
    return len(feed) == count


async def test_what_is_told_reaches_the_browser(app: Application, client: httpx.AsyncClient, lin: Actor) -> None:
    chen = await make_agent(app.state.service.db, "chena")
    async with streaming(app, client, lin) as one, streaming(app, client, chen) as other:
        assert one.response.headers["content-type"].startswith("text/event-stream")
        assert one.response.headers["cache-control"] == "no-store"
        await app.state.service.db.write(publish, Kind.conversation, [7, 8], now=NOW)
        await one.hear(("conversation", 8))
        await other.hear(("conversation", 8))


async def test_only_who_is_signed_in_may_follow(client: httpx.AsyncClient) -> None:
    assert (await client.get(PATH)).status_code == 401


async def test_a_page_that_is_closed_is_followed_no_more(
    app: Application, client: httpx.AsyncClient, lin: Actor
) -> None:
    async with streaming(app, client, lin):
        assert await followers(app, 1)
    await eventually("it is gone", lambda: followers(app, 0))


async def test_too_many_are_told_so(
    app: Application, client: httpx.AsyncClient, lin: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "STREAMS", 1)
    async with streaming(app, client, lin):
        refused = await client.get(PATH, headers=await cookie_of(app, lin))
    assert (refused.status_code, refused.json()["error"]) == (503, feeds.TooManyStreams.message)


async def test_a_server_that_stops_ends_all_streams(app: Application, client: httpx.AsyncClient, lin: Actor) -> None:
    async with streaming(app, client, lin) as stream:
        app.end_streams()
        async with asyncio.timeout(PATIENCE):
            await stream.end()


# -------------------- who is signed in no longer


async def deactivate(db: Database, lin: Actor) -> None:
    await db.write(people.deactivate, lin.id, by=None, now=datetime.now(UTC))


async def lose_a_role(db: Database, lin: Actor) -> None:
    await db.write(people.set_roles, lin.id, by=None, roles=[Role.quality], now=datetime.now(UTC))


async def end_all_sign_ins(db: Database, lin: Actor) -> None:
    await db.write(sessions.revoke_all, lin.id, now=datetime.now(UTC))


@pytest.mark.parametrize("end", [deactivate, lose_a_role, end_all_sign_ins])
async def test_a_stream_ends_at_once_with_what_it_was_opened_by(
    app: Application, client: httpx.AsyncClient, lin: Actor, end: Callable[[Database, Actor], Awaitable[None]]
) -> None:
    db = app.state.service.db
    chen = await make_agent(db, "chena")
    async with streaming(app, client, chen) as other, streaming(app, client, lin) as stream:
        await end(db, lin)
        async with asyncio.timeout(PATIENCE):
            await stream.end()
        await db.write(publish, Kind.conversation, [7], now=NOW)
        await other.hear(("conversation", 7))


@pytest.fixture
def short_beat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "BEAT", 0.05)


@pytest.mark.usefixtures("short_beat")  # before the service starts
async def test_a_stream_whose_sign_in_is_over_ends_with_a_beat_and_is_opened_no_more(
    app: Application, client: httpx.AsyncClient, lin: Actor
) -> None:
    db = app.state.service.db
    async with streaming(app, client, lin) as stream:
        over = update(SignIn).where(SignIn.agent_id == lin.id).values(expires_at=NOW - timedelta(days=1))
        await db.write(lambda session: session.execute(over) and None)
        async with asyncio.timeout(PATIENCE):
            await stream.end()
        refused = await client.get(PATH, headers={"cookie": stream.response.request.headers["cookie"]})
    assert (refused.status_code, refused.headers["x-refused"]) == (401, "NotSignedIn")


async def test_what_a_command_writes_beside_a_server_is_seen(
    app: Application, client: httpx.AsyncClient, lin: Actor, database_url: str
) -> None:
    """No bell rings for it: on SQLite none could, and a command does not wait to ring one."""
    command, pipe = await asyncio.to_thread(forking.spawn, tell_beside)
    await asyncio.to_thread(pipe.recv)
    async with streaming(app, client, lin) as stream:
        pipe.send(database_url)
        await stream.hear(("conversation", 5))
    await asyncio.to_thread(command.join)
    assert command.exitcode == 0


def tell_beside(pipe: Connection) -> None:
    pipe.send("ready")
    asyncio.run(_tell(pipe.recv()))


async def _tell(database_url: str) -> None:
    db = connect(Settings(database_url=database_url))
    await db.write(publish, Kind.conversation, [5], now=NOW)
    await db.close()
