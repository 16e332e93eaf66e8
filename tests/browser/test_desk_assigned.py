"""Who waits is given to whoever is there: nobody has to take him."""

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import SignedIn
from tests.browser.desking import at_desk, reply, rows, stance, waiting_viewer

pytestmark = pytest.mark.usefixtures("service")


@pytest.fixture
def assignment() -> str:
    return "auto"


async def test_a_viewer_comes_to_the_one_who_is_there(page: Page, talk: Locator, signed_in: SignedIn) -> None:
    lin = await (await signed_in("lin")).new_page()
    await at_desk(lin)
    await expect(lin.get_by_text("您手上没有会话")).to_be_visible()
    await waiting_viewer(page)
    await expect(rows(lin)).to_have_count(1)
    await rows(lin).first.click()
    await expect(stance(lin)).to_contain_text("由您接待")
    await expect(lin.locator("#log .event.assigned")).to_contain_text("lin")
    await reply(lin, "您好，我在")
    await expect(talk).to_contain_text("您好，我在")
