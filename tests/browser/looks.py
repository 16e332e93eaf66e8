"""Pictures of a page at three sizes, in the light and in the dark: python -m tests.browser.looks URL OUTDIR

Look at each of them. The service must be running; complaints of the guard are printed.
"""

import argparse
import asyncio
import sys
from itertools import product
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from playwright.async_api import Browser

from tests.browser import chromium
from tests.browser.guard import Guard

SIZES = ((1366, 768), (1920, 1080), (390, 844))
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SETTLED = 1000
"""Milliseconds given to a page to show what it fetches. Not for "no traffic": a live page never stops listening."""


async def look(browser: Browser, url: str, folder: Path, *, whole: bool, guard: Guard) -> None:
    """Write ``1366x768-light.png`` and so on into the folder; ``whole`` takes in what is below the fold."""
    for (width, height), scheme in product(SIZES, SCHEMES):
        context = await browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        guard.watch(context)
        page = await context.new_page()
        await page.goto(url)
        await page.wait_for_timeout(SETTLED)
        await page.screenshot(path=folder / f"{width}x{height}-{scheme}.png", full_page=whole)
        await context.close()


async def main(url: str, folder: Path, whole: bool) -> int:
    executable = chromium.find()
    if executable is None:
        print("No browser: install chromium and fonts-noto-cjk, or set CHROMIUM to the path of one.", file=sys.stderr)
        return 1
    parts = urlsplit(url)
    guard = Guard(f"{parts.scheme}://{parts.netloc}")
    async with chromium.started(executable) as browser:
        await look(browser, url, folder, whole=whole, guard=guard)
    print("\n".join(sorted(set(guard.verdict()))) or "no complaints")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--whole", action="store_true", help="the whole page, not only what fits the window")
    options = parser.parse_args()
    sys.exit(asyncio.run(main(options.url, options.folder, options.whole)))
