"""axe finds nothing serious on the simulator's page, whatever stands on it."""

from typing import Literal

import pytest
from playwright.async_api import expect

from app.agents.rights import Role
from tests.browser.axe import findings, needs_axe
from tests.browser.conftest import Enter, OpenContext
from tests.browser.simulating import opened, say, turn_to, write

pytestmark = pytest.mark.usefixtures("service")
SCREENS: tuple[tuple[Literal["light", "dark"], int], ...] = (("light", 1366), ("dark", 1366), ("light", 390))


@needs_axe
@pytest.mark.parametrize(("scheme", "width"), SCREENS)
async def test_nothing_keeps_anybody_out(
    open_context: OpenContext, scheme: Literal["light", "dark"], width: int
) -> None:
    page = await (await open_context(viewport={"width": width, "height": 800}, color_scheme=scheme)).new_page()
    await opened(page)
    assert await findings(page) == []
    await say(page, "那延播有补偿吗")
    await say(page, "我要投诉")
    await page.get_by_label("图片、位置和更多").click()
    await page.get_by_role("button", name="扣款截图").click()
    await expect(page.locator(".line.account")).to_have_count(3)
    assert await findings(page) == []
    await page.get_by_label("公众号的菜单").click()
    if width < 768:
        await page.get_by_role("button", name="线路").click()
    await page.locator(".fold summary").first.click()
    assert await findings(page) == []


@needs_axe
@pytest.mark.parametrize(("scheme", "width"), SCREENS)
async def test_nothing_keeps_anybody_out_of_qq_the_desk_and_the_outbox(
    open_context: OpenContext, enter: Enter, scheme: Literal["light", "dark"], width: int
) -> None:
    page = await (await open_context(viewport={"width": width, "height": 800}, color_scheme=scheme)).new_page()
    await opened(page)
    await turn_to(page, "demo-qq")
    assert await findings(page) == []
    await write(page, "那延播有补偿吗")
    await page.locator(".keys button").first.click()
    await expect(page.locator(".keys .done")).to_be_visible()
    await page.get_by_label("这个机器人的操作").click()
    assert await findings(page) == []
    await turn_to(page, "demo-qq-group")
    await write(page, "工单进度")
    await expect(page.locator(".line.account")).to_have_count(1)
    assert await findings(page) == []
    await page.get_by_role("button", name="客服台", exact=True).click()
    await page.get_by_role("button", name="接入", exact=True).click()
    await page.get_by_role("button", name="11298 IP 不在名单").click()
    await page.get_by_label("客服的回复，按回车发送").fill("您好")
    await page.get_by_role("button", name="发送回复").click()
    await expect(page.locator(".sent-list .why")).to_be_visible()
    assert await findings(page) == []
    await enter(page.context, "chief", Role.supervisor)
    await page.goto("/outbox")
    await expect(page.locator("#waiting")).to_be_visible()
    assert await findings(page) == []
