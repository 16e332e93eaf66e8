"""The simulator's page as a whole: several phones, scenes, addresses that bring a state back, a narrow screen."""

import re

import pytest
from playwright.async_api import Locator, Page, expect

from app.simulator.scenarios import SCENARIOS
from tests.browser.conftest import OpenContext
from tests.browser.simulating import FIELD, SLOW, opened, say
from tests.demo_knowledge import answer_of

pytestmark = pytest.mark.usefixtures("service")
QUESTION, ENTRY = "会员怎么退款", "membership.refund"


# -------------------- several phones


async def test_phones_stand_side_by_side_and_leave_each_other_alone(page: Page) -> None:
    await opened(page)
    await page.get_by_label("新观众的名字").fill("林女士")
    await page.get_by_role("button", name="添加观众").click()
    stations = page.locator(".station")
    await expect(stations).to_have_count(2)
    await expect(stations.nth(1)).to_contain_text("林女士")
    draft = page.locator(".composer textarea").last
    await draft.fill("写到一半")
    await stations.nth(0).get_by_role("button", name=QUESTION).click()
    await expect(stations.nth(0)).to_contain_text(answer_of(ENTRY))
    await expect(draft).to_have_value("写到一半")
    await expect(stations.nth(1).locator(".line")).to_have_count(0)
    await expect(stations.nth(0).locator(".wire .exchange")).to_have_count(1)  # nothing of it is under way any more
    await stations.nth(0).get_by_label(re.compile("^收起")).click()
    await expect(stations).to_have_count(1)
    await expect(draft).to_have_value("写到一半")


async def test_two_tabs_show_the_same(page: Page, talk: Locator) -> None:
    await opened(page)
    other = await page.context.new_page()
    await opened(other)
    await say(other, QUESTION)
    await expect(talk).to_contain_text(answer_of(ENTRY))


# -------------------- scenes


async def test_every_scene_plays_at_a_click(page: Page) -> None:
    """All of them at once, each on a phone of its own."""
    await opened(page)
    for name, scene in SCENARIOS.items():
        await page.locator(f"#play-{name}").click()
        stop = page.locator(f"#stop-{name}")
        await expect(stop).to_be_visible()
        phone = re.search(r"/phones/(\w+)/", await stop.get_attribute("hx-post") or "")
        assert phone is not None
        await expect(page.locator(f"#{phone[1]}")).to_contain_text(str(scene.lines[0]))
        await expect(page).to_have_url(re.compile(rf"\?scenario={name}$"))
    for name, scene in SCENARIOS.items():
        await expect(page.locator(f"#play-{name}")).to_have_text(re.compile("重播"), timeout=SLOW)
        await expect(page.locator(f"#scene-{name}")).to_contain_text(f"{len(scene.lines)} / {len(scene.lines)} 句")


async def test_a_scenes_address_brings_it_back(page: Page, talk: Locator) -> None:
    await opened(page)
    await page.locator("#play-lost_answers").click()
    await expect(page).to_have_url(re.compile(r"\?scenario=lost_answers$"))
    await expect(page.locator("#play-lost_answers")).to_have_text(re.compile("重播"), timeout=SLOW)
    await expect(talk).to_contain_text(answer_of(ENTRY))
    before = await talk.inner_text()
    await page.reload()
    await expect(page.locator("#scene-lost_answers")).to_have_class(re.compile("chosen"))
    await expect(page.locator("#scene-lost_answers")).to_be_in_viewport()
    assert await page.get_by_role("log").first.inner_text() == before


async def test_a_scene_can_be_stopped(page: Page) -> None:
    await opened(page)
    await page.locator("#play-complaint").click()
    await expect(page.get_by_role("log").first).to_contain_text(str(SCENARIOS["complaint"].lines[0]))
    await page.locator("#stop-complaint").click()
    await expect(page.locator("#play-complaint")).to_be_visible()
    await expect(page.locator(".line.account")).to_have_count(1)
    await say(page, "在吗")
    await expect(page.locator(".line.viewer")).to_have_count(2)


# -------------------- addresses


async def test_an_exchange_is_kept_open_by_its_address(page: Page, wire: Locator) -> None:
    await opened(page)
    await say(page, QUESTION)
    await expect(wire).to_contain_text(ENTRY)
    await say(page, "我要投诉")
    await expect(wire).to_contain_text("记入工单")
    await wire.get_by_role("link", name=re.compile(QUESTION)).click()
    await expect(wire).to_contain_text(ENTRY)
    await page.reload()
    await expect(wire).to_contain_text(ENTRY)
    await say(page, "谢谢")
    await expect(wire.locator(".exchange")).to_have_count(3)
    await expect(wire).to_contain_text(ENTRY)
    await wire.get_by_role("link", name="回到最新的一条").click()
    await expect(wire.locator(".exchange").first).to_have_class(re.compile("open"))


# -------------------- a narrow screen


async def test_a_narrow_screen_shows_one_thing_at_a_time(open_context: OpenContext) -> None:
    page = await (await open_context(viewport={"width": 390, "height": 844}, has_touch=True)).new_page()
    await opened(page)
    wire, field = page.locator(".wire"), page.get_by_label(FIELD)
    await expect(field).to_be_in_viewport()
    await expect(wire).to_be_hidden()
    await say(page, QUESTION)
    await expect(page.get_by_role("log")).to_contain_text(answer_of(ENTRY))
    await page.get_by_role("button", name="线路").click()
    await expect(wire).to_contain_text(ENTRY)
    await expect(field).to_be_hidden()
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    await page.get_by_role("button", name="剧本").click()
    await expect(page.get_by_role("heading", name="一键剧本")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
