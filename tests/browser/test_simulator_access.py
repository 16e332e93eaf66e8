"""axe finds nothing serious on the simulator's page, whatever stands on it."""

from functools import cache
from typing import Any, Literal

import pytest
from playwright.async_api import Page, expect

from app.settings import ROOT
from tests.browser.conftest import OpenContext
from tests.browser.simulating import opened, say

pytestmark = pytest.mark.usefixtures("service")
AXE = ROOT / "app" / "console" / "node_modules" / "axe-core" / "axe.min.js"
SCREENS: tuple[tuple[Literal["light", "dark"], int], ...] = (("light", 1366), ("dark", 1366), ("light", 390))


@cache
def axe() -> str:
    return AXE.read_text()


@pytest.mark.skipif(not AXE.exists(), reason="the pages' packages are not installed: make setup says why")
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


async def findings(page: Page) -> list[str]:
    """What axe calls serious or critical, with where it is."""
    await page.evaluate(axe())
    found: dict[str, Any] = await page.evaluate("axe.run({resultTypes: ['violations']})")
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]
