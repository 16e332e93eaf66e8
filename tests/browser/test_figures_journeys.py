"""Figures about tickets in a browser: pictures that come by themselves, numbers behind a switch, bars that lead on."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from app.agents.rights import Role
from app.console.figures.pages import PARTS
from app.main import Application
from tests.browser.axe import findings, needs_axe
from tests.browser.conftest import SignedIn
from tests.browser.guard import Guard
from tests.factories import ticketing as make

LONG = "这是一部名字特别特别长的作品，长到图上放不下，只能在表里看到全名"


@pytest_asyncio.fixture(loop_scope="session")
async def tickets(service: Application) -> None:
    db, now = service.state.service.db, datetime.now(UTC)
    for number in range(5):
        await make.ticket(
            db, now - timedelta(days=number), title=LONG, source="phone", dimension="sound", subject=f"声音小 {number}",
            closed_at=now - timedelta(minutes=5) if number > 2 else None, resolution_s=7_200 if number > 2 else None,
        )  # fmt: skip


async def shown(page: Page, path: str = "/figures") -> None:
    await page.goto(path)
    await expect(page.locator(".figure")).to_have_count(len(PARTS))
    await expect(page.locator("[aria-busy]")).to_have_count(0)


@pytest.mark.usefixtures("tickets")
async def test_figures_are_looked_at_narrowed_and_followed(signed_in: SignedIn) -> None:
    looks = {"viewport": {"width": 1440, "height": 900}, "locale": "zh-CN"}
    page = await (await signed_in("zhou", Role.supervisor, **looks)).new_page()
    await shown(page)
    await expect(page.locator("#figure-flow canvas")).to_be_visible()
    await expect(page.locator("#figure-flow h2")).to_have_text("登记比关闭多 3 个，积压 3 个")
    await expect(page.locator("#figure-people h2")).to_have_text("这里还没有数字")

    titles = page.locator("#figure-titles")
    await expect(titles.get_by_role("cell", name=LONG)).to_be_hidden()
    await titles.get_by_text("看数字").click()
    await expect(titles.get_by_role("cell", name=LONG)).to_be_visible()
    async with page.expect_download() as download:
        await titles.get_by_role("link", name="下载 CSV").click()
    assert re.fullmatch(r"tickets-titles-\d{8}-\d{8}\.csv", (await download.value).suggested_filename)
    await titles.get_by_text("怎么算的").click()
    await expect(titles.get_by_text("只列最多的 20 部")).to_be_visible()

    await page.get_by_label("类型").select_option(label="退款")
    await expect(page).to_have_url(re.compile("kind=refund"))
    await expect(titles.get_by_role("heading", name="这里还没有数字")).to_be_visible()
    await page.get_by_role("link", name="清除筛选").click()
    await page.get_by_label("哪些天").select_option(label="自选日期")
    await expect(page.get_by_label("从哪天")).to_be_visible()
    await expect(page.locator("[aria-busy]")).to_have_count(0)

    bar = await page.locator("#figure-dimensions canvas").bounding_box()
    assert bar is not None
    await page.locator("#figure-dimensions canvas").click(position={"x": bar["width"] / 2, "y": 26})
    await expect(page).to_have_url(re.compile(r"/tickets\?status=all&from=.*&dimension=sound"))
    await expect(page.get_by_text("声音小 4")).to_be_visible()


@pytest.mark.usefixtures("tickets")
async def test_numbers_that_did_not_come_are_asked_for_again(signed_in: SignedIn, guard: Guard) -> None:
    page = await (await signed_in("zhou", Role.supervisor, locale="zh-CN")).new_page()
    guard.expect("figures/panel/ages")
    guard.expect("htmx:(afterRequest|sendError)")  # htmx tells the console
    await page.route("**/figures/panel/ages*", lambda route: route.abort("connectionreset"))
    await page.goto("/figures")
    ages = page.locator("#figure-ages")
    await expect(ages.get_by_role("heading", name="没有算出来")).to_be_visible()
    await page.unroute("**/figures/panel/ages*")
    await ages.get_by_role("button", name="再试一次").click()
    await expect(ages.get_by_role("heading", name="还没关的 3 个都不到 7 天")).to_be_visible()


@needs_axe
@pytest.mark.usefixtures("tickets")
@pytest.mark.parametrize(("scheme", "width"), [("light", 1366), ("dark", 390)])
async def test_nothing_keeps_anybody_out(signed_in: SignedIn, scheme: str, width: int) -> None:
    looks = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme, "locale": "zh-CN"}
    page = await (await signed_in("zhou", Role.supervisor, **looks)).new_page()
    await shown(page, "/figures?span=90")
    for switch in await page.locator(".figure summary").all():
        await switch.click()
    assert await findings(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth") == width
