"""A real browser before a real service. All of it lives on one event loop, that of the session."""

import contextlib
import inspect
import re
import shutil
from collections.abc import AsyncIterator, Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Locator, Page, expect
from playwright.async_api import TimeoutError as PlaywrightTimeoutError
from sqlalchemy import select

from app import pages
from app.agents.models import Agent
from app.agents.rights import Role
from app.console import cookies
from app.main import Application
from app.settings import ROOT, Settings
from tests.browser import chromium
from tests.browser.guard import Guard
from tests.browser.trial import Trial, serving
from tests.demo_knowledge import ALWAYS_OPEN
from tests.factories.listening import listening
from tests.factories.people import make_agent
from tests.factories.people import signed_in as sign_in_token

PICTURES = ROOT / ".cache" / "browser"
PATIENCE = 20_000
"""Milliseconds that an action or an expectation may take."""
expect.set_options(timeout=PATIENCE)
_FAILED = pytest.StashKey[bool]()


class OpenContext(Protocol):
    async def __call__(self, **options: Any) -> BrowserContext: ...


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent) and inspect.iscoroutinefunction(getattr(item, "obj", None)):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    item.stash[_FAILED] = item.stash.get(_FAILED, False) or report.failed
    return report


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    executable = chromium.find()
    if executable is None:
        pytest.skip("no browser: install chromium and fonts-noto-cjk, or set CHROMIUM to the path of one")
    try:
        pages.asset("page.js")
    except pages.AssetsMissing:
        pytest.skip("the pages' assets are not built: make setup says why")
    async with chromium.started(executable) as running:
        yield running


@pytest.fixture
def hours() -> str:
    """The service hours; a module whose tests are about them has a fixture of its own."""
    return ALWAYS_OPEN


@pytest.fixture
def assignment() -> str:
    """Whether viewers are given to agents; a module whose tests are about that has a fixture of its own."""
    return "manual"


@pytest.fixture
def engine() -> str:
    """The database; a module whose pages are used in production has a fixture of its own."""
    return "sqlite"


@pytest.fixture
def page_database(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str | None]:
    """DATABASE_URL of a fresh database; None is the file in the data folder."""
    if engine == "postgresql":
        with request.getfixturevalue("postgres_databases").fresh() as url:
            yield url
    else:
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "viewerdesk.db")
        yield None


@pytest.fixture
def demo_settings(page_database: str | None, tmp_path: Path, hours: str, assignment: str) -> Settings:
    """Of a service in demo mode with data of its own."""
    given = {"mode": "demo", "data_dir": tmp_path, "service_hours": hours, "assignment": assignment, "migrate": "never"}
    return Settings.model_validate(given | ({"database_url": page_database} if page_database else {}))


@pytest_asyncio.fixture(loop_scope="session")
async def service(demo_settings: Settings) -> AsyncIterator[Application]:
    async with listening(demo_settings) as app:
        yield app


@pytest.fixture
def address(service: Application) -> str:
    """What the pages of the test are served from; ``page.goto("/…")`` starts there."""
    settings: Settings = service.state.service.settings
    return settings.address


@pytest.fixture
def guard(address: str) -> Guard:
    """Tell it what a test provokes: ``guard.expect("status of 422")``."""
    return Guard(address)


@pytest_asyncio.fixture(loop_scope="session")
async def open_context(
    browser: Browser, guard: Guard, address: str, request: pytest.FixtureRequest
) -> AsyncIterator[OpenContext]:
    """Opens further profiles, as of other people: ``await open_context(locale="zh-CN", is_mobile=True)``.

    Pictures of what went wrong are in ``.cache/browser``.
    """
    opened: list[BrowserContext] = []

    async def open_one(**options: Any) -> BrowserContext:
        context = await browser.new_context(base_url=address, **options)
        context.set_default_timeout(PATIENCE)
        guard.watch(context)
        opened.append(context)
        return context

    yield open_one
    if request.node.stash.get(_FAILED, False) or guard.verdict():
        await take_pictures(opened, request.node.name)
    for context in opened:
        await context.close()
    if verdict := guard.verdict():
        pytest.fail("\n".join(verdict), pytrace=False)


class Enter(Protocol):
    async def __call__(self, context: BrowserContext, login: str = "lin", *roles: Role) -> None: ...


class SignedIn(Protocol):
    async def __call__(self, login: str = "lin", *roles: Role, **options: Any) -> BrowserContext: ...


@pytest_asyncio.fixture(loop_scope="session")
async def enter(service: Application, address: str) -> Enter:
    """Lets somebody sign in in a profile, in no time; who is not there yet gets an account with these roles."""
    db = service.state.service.db

    async def enter(context: BrowserContext, login: str = "lin", *roles: Role) -> None:
        found = await db.read(lambda session: session.scalar(select(Agent.id).where(Agent.login == login)))
        agent_id = found or (await make_agent(db, login, roles=roles or (Role.agent,))).id
        token = await sign_in_token(db, agent_id, now=datetime.now(UTC))
        await context.add_cookies([{"name": cookies.PLAIN, "value": token, "url": address, "httpOnly": True}])

    return enter


@pytest_asyncio.fixture(loop_scope="session")
async def signed_in(open_context: OpenContext, enter: Enter) -> SignedIn:
    """Opens a profile in which somebody has signed in already, as by ``enter``.

    ``page = await (await signed_in("zhou", Role.supervisor)).new_page()``
    """

    async def sign_in(login: str = "lin", *roles: Role, **options: Any) -> BrowserContext:
        context = await open_context(**options)
        await enter(context, login, *roles)
        return context

    return sign_in


@pytest_asyncio.fixture(loop_scope="session")
async def context(open_context: OpenContext) -> BrowserContext:
    """A fresh profile under guard: any complaint that the test did not expect fails it."""
    return await open_context()


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext) -> Page:
    return await context.new_page()


@pytest.fixture
def talk(page: Page) -> Locator:
    """What is said on the first phone of the simulator."""
    return page.get_by_role("log").first


@pytest.fixture
def wire(page: Page) -> Locator:
    """The wire of the first phone."""
    return page.locator(".wire").first


async def take_pictures(contexts: list[BrowserContext], test: str) -> None:
    name = re.sub(r"[^\w.-]+", "-", test)
    shown = [page for context in contexts for page in context.pages]
    for number, page in enumerate(shown, 1):
        with contextlib.suppress(PlaywrightTimeoutError):  # a picture is for whoever looks, and fails no test
            await page.screenshot(path=PICTURES / f"{name}{f'-{number}' if number > 1 else ''}.png")


@pytest_asyncio.fixture(loop_scope="session")
async def trial() -> AsyncIterator[Trial]:
    """Pages that try the harness and the shared scripts, in place of the service."""
    async with serving() as running:
        yield running
