"""The simulator while no agent is there."""

import re

import pytest
from playwright.async_api import Locator, Page, expect

from app.agents.calendars import read_calendar
from app.dialogue import phrases
from tests.browser.simulating import opened, say
from tests.demo_knowledge import answer_of, closed_now, entry, wording

pytestmark = pytest.mark.usefixtures("service")


@pytest.fixture
def hours() -> str:
    return closed_now()


async def test_out_of_hours_a_ticket_is_made_and_the_bot_stays(
    page: Page, talk: Locator, wire: Locator, hours: str
) -> None:
    await opened(page)
    await say(page, "人工")
    await expect(talk).to_contain_text(wording(phrases.CLOSED))
    await expect(talk).to_contain_text(read_calendar(hours).describe())
    await expect(wire).to_contain_text(re.compile(r"记入工单 T-\d+（咨询）"))
    await expect(wire).not_to_contain_text("排队等人工")
    await say(page, "会员怎么退款")
    await expect(talk).to_contain_text(answer_of("membership.refund"))


async def test_out_of_hours_an_urgent_matter_gets_its_time(page: Page, talk: Locator, wire: Locator) -> None:
    await opened(page)
    await say(page, "我的号被人登了，快帮我冻结")
    await expect(talk).to_contain_text(entry("account.stolen").answer)
    await say(page, "密码改不了，手机号也被换了")
    await expect(talk).to_contain_text(wording(phrases.NOTED_URGENT))
    await expect(wire).not_to_contain_text("排队等人工")
