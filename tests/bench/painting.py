"""Pages of the desk in a real browser that note when they had painted which message."""

import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from playwright.async_api import Page

from tests.browser import chromium

# After the frame in which the thread's newest message stood: what was painted is what a person can see.
_NOTE = """
window.painted = [];
let newest = 0;
new MutationObserver(() => {
  const now = Number(document.getElementById("log")?.dataset.newest ?? 0);
  if (now > newest) {
    newest = now;
    const note = () => window.painted.push([now, performance.timeOrigin + performance.now()]);
    requestAnimationFrame(() => setTimeout(note));
  }
}).observe(document, { subtree: true, childList: true, attributes: true });
"""


@dataclass(frozen=True, slots=True)
class Painted:
    conversation: int
    seq: int
    at: float
    """As ``time.perf_counter`` tells it."""


class Windows:
    def __init__(self) -> None:
        self._stack = AsyncExitStack()
        self._pages: list[tuple[int, Page]] = []

    async def __aenter__(self) -> Self:
        return self

    async def open(self, desks: Sequence[tuple[int, int, str]]) -> None:
        """(port, conversation, cookie) of each. SystemExit without a browser."""
        if not desks:
            return
        executable = chromium.find()
        if executable is None:
            raise SystemExit("no browser is installed: --browsers 0 does without")
        browser = await self._stack.enter_async_context(chromium.started(executable))
        for port, conversation, cookie in desks:
            address = f"http://127.0.0.1:{port}"
            context = await browser.new_context(base_url=address, viewport={"width": 1440, "height": 900})
            name, _, value = cookie.partition("=")
            await context.add_cookies([{"name": name, "value": value, "url": address}])
            page = await context.new_page()
            await page.add_init_script(_NOTE)
            await page.goto(f"/desk/{conversation}")
            await page.wait_for_selector("html[data-live-state=open]")
            self._pages.append((conversation, page))

    async def painted(self) -> list[Painted]:
        """Since each was opened."""
        shift = time.perf_counter() - time.time()
        found: list[Painted] = []
        for conversation, page in self._pages:
            noted = await page.evaluate("window.painted")
            found.extend(Painted(conversation, int(seq), at / 1000 + shift) for seq, at in noted)
        return found

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self._stack.aclose()
