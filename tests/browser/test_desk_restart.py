"""The service is started anew under an open desk: what happened meanwhile is there, and nothing typed is lost."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import pytest_asyncio
from playwright.async_api import Page, expect

from app.db.opening import connect
from app.desk import notes
from app.main import Application
from app.settings import Settings
from tests.browser.conftest import SignedIn
from tests.browser.desking import FIELD, stance, take_first, waiting_viewer
from tests.browser.guard import Guard
from tests.browser.simulating import SLOW
from tests.factories.listening import listening
from tests.factories.people import make_agent


class Standing:
    """A service that can be stopped, and stands at the same port again."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self._stack, self._port = settings, AsyncExitStack(), 0
        self.app: Application

    @property
    def state(self) -> Any:
        return self.app.state

    async def start(self) -> None:
        self.app = await self._stack.enter_async_context(listening(self.settings, port=self._port))
        self._port = self.app.state.service.settings.port

    async def stop(self) -> None:
        await self._stack.aclose()
        self._stack = AsyncExitStack()


@pytest_asyncio.fixture(loop_scope="session")
async def service(demo_settings: Settings) -> AsyncIterator[Standing]:
    standing = Standing(demo_settings)
    await standing.start()
    yield standing
    await standing.stop()


async def test_what_happened_meanwhile_is_there_and_what_was_typed_still_is(
    page: Page, signed_in: SignedIn, service: Standing, guard: Guard
) -> None:
    guard.expect("ERR_(CONNECTION_REFUSED|INCOMPLETE_CHUNKED_ENCODING|CONNECTION_RESET|EMPTY_RESPONSE)|htmx:")
    await waiting_viewer(page)
    lin = await (await signed_in("lin")).new_page()
    await take_first(lin)
    talk = int(str(await lin.locator("#work").get_attribute("data-id")))
    await page.context.close()
    await service.stop()
    await expect(lin.locator("html")).to_have_attribute("data-live-state", "lost", timeout=SLOW)
    await expect(lin.get_by_text("和服务的连接断了")).to_be_visible()
    await lin.get_by_label(FIELD, exact=True).press_sequentially("写到一半")
    db = connect(service.settings)
    chen = await make_agent(db, "wang")
    await db.write(notes.add, talk, by=chen, text="断线的时候记下的", now=datetime.now(UTC))
    await db.close()
    await service.start()
    await expect(lin.locator("html")).to_have_attribute("data-live-state", "open", timeout=SLOW)
    await expect(lin.locator("#log")).to_contain_text("断线的时候记下的", timeout=SLOW)
    await expect(lin.get_by_label(FIELD, exact=True)).to_have_value("写到一半")
    await expect(lin.locator("#draft-state")).to_have_text("草稿已保存", timeout=SLOW)
    await expect(stance(lin)).to_contain_text("由您接待")
