"""The simulator as newcomers meet it: a question on a phone, an answer, and beside it what the service did."""

import asyncio
import re

import pytest
from playwright.async_api import Locator, Page, Route, expect

from app.dialogue import phrases
from tests.browser.conftest import PATIENCE
from tests.browser.guard import Guard
from tests.browser.simulating import FIELD, opened, reach, say, send_later, settled
from tests.demo_knowledge import answer_of, entry, options_of, title_of, wording

pytestmark = pytest.mark.usefixtures("service")
UNCLEAR = "那延播有补偿吗"
"""Not sure, but likely to be one of a few things."""
UNKNOWN = "那个怎么弄啊", "就是那个东西啊"
CHARGED = "扣了我两次钱，电话又打不通，太坑了"


async def test_what_was_sent_literally_is_folded_until_asked_for(page: Page, wire: Locator) -> None:
    await opened(page)
    await say(page, "会员怎么退款")
    body = wire.locator("pre").first
    await expect(body).to_be_hidden()
    await settled(wire)
    await wire.get_by_text("原文").first.click()
    await expect(body).to_contain_text("<Content><![CDATA[会员怎么退款]]></Content>")
    await say(page, "我要投诉")
    await expect(body).to_contain_text("我要投诉")
    await expect(body).to_be_visible()


async def test_what_is_swapped_with_a_click_does_not_fold_again(page: Page, wire: Locator) -> None:
    await opened(page)
    await say(page, "会员怎么退款")
    summary = wire.get_by_text("原文").first
    await settled(wire)
    # Found and clicked in one turn: what is found by one call may be replaced before the next.
    await page.evaluate(
        """() => {
            const summaries = [...document.querySelectorAll(".wire summary")];
            summaries.find((summary) => summary.textContent.includes("原文")).click();
            document.body.dispatchEvent(new CustomEvent("htmx:afterSwap"));
        }"""
    )
    await expect(wire.locator("pre").first).to_be_visible()
    await summary.press("Enter")
    await expect(wire.locator("pre").first).to_be_hidden()


async def test_a_choice_on_the_wire_outlives_an_update_that_comes_after_it(page: Page, wire: Locator) -> None:
    await opened(page)
    await say(page, "会员怎么退款")
    await say(page, "我要投诉")
    await expect(wire.locator(".exchange")).to_have_count(2)
    asked, chosen = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        asked.set()
        await chosen.wait()
        await route.continue_()

    await page.route(lambda url: url.endswith("/wire"), hold, times=1)
    await say(page, "谢谢")
    async with asyncio.timeout(PATIENCE / 1000):
        await asked.wait()
    await wire.get_by_role("link", name=re.compile("会员怎么退款")).click()
    await expect(wire.locator(".exchange.open")).to_contain_text("会员怎么退款")
    async with page.expect_response(lambda response: "/wire?exchange=" in response.url):
        chosen.set()
    await expect(wire.locator(".exchange.open")).to_contain_text("会员怎么退款")


# -------------------- asked back


async def test_a_choice_is_made_by_its_number(page: Page, talk: Locator, wire: Locator) -> None:
    options = options_of(UNCLEAR)
    await opened(page)
    await say(page, UNCLEAR)
    titles = [title_of(option) for option in options]
    await expect(talk).to_contain_text(phrases.CLARIFY.format(options=phrases.numbered(titles)))
    await expect(wire).to_contain_text("不太确定，先反问")
    await expect(wire).to_contain_text(f"等观众从 {len(options)} 个里选：{'、'.join(titles)}")
    await say(page, "2")
    await expect(talk).to_contain_text(answer_of(options[1]))
    await expect(wire).to_contain_text(f"{options[1]} · 版本")


async def test_a_choice_is_made_by_its_words(page: Page, talk: Locator) -> None:
    option = options_of(UNCLEAR)[0]
    await opened(page)
    await say(page, UNCLEAR)
    await say(page, title_of(option))
    await expect(talk).to_contain_text(answer_of(option))


async def test_a_choice_is_made_by_tapping_its_link(page: Page, talk: Locator, wire: Locator) -> None:
    option = options_of(UNCLEAR)[2]
    await opened(page)
    await say(page, UNCLEAR)
    await talk.get_by_role("button", name=title_of(option), exact=True).click()
    await expect(talk).to_contain_text(answer_of(option))
    await expect(wire.locator(".exchange").first).to_contain_text(f"点选：{title_of(option)}")
    await expect(wire.locator("pre").first).to_contain_text(f"<bizmsgmenuid><![CDATA[{option}]]></bizmsgmenuid>")


async def test_not_understood_twice_is_a_ticket(page: Page, talk: Locator, wire: Locator) -> None:
    assert options_of(UNKNOWN[0]) == options_of(UNKNOWN[1]) == ()
    await opened(page)
    await say(page, UNKNOWN[0])
    await expect(talk).to_contain_text(phrases.CLARIFY_OPEN)
    await expect(wire).to_contain_text("连续 1 次，再有一次就转人工")
    await say(page, UNKNOWN[1])
    await expect(talk).to_contain_text(wording(phrases.HANDED_OVER_UNSURE))
    await expect(wire).to_contain_text(re.compile(r"记入工单 T-\d+（咨询）"))
    await expect(wire).to_contain_text("机器人 → 排队等人工")


# -------------------- tickets


async def test_progress_is_told_when_asked(page: Page, talk: Locator, wire: Locator) -> None:
    await opened(page)
    await say(page, "人工")
    number = re.search(r"T-\d+", await talk.inner_text())
    assert number is not None
    await say(page, "处理得怎么样了")
    await expect(talk).to_contain_text(wording(phrases.PROGRESS))
    await expect(talk.locator(".line.account").last).to_contain_text(f"您的工单 {number[0]}“人工”：已登记，等待处理")
    await expect(wire).to_contain_text("应答一句")


async def test_a_stolen_account_goes_first(page: Page, talk: Locator, wire: Locator) -> None:
    await opened(page)
    await say(page, "我的号被人登了，快帮我冻结")
    await expect(talk).to_contain_text(entry("account.stolen").answer)
    await expect(talk).to_contain_text(wording(phrases.URGENT))
    await expect(wire).to_contain_text(re.compile(r"记入工单 T-\d+（故障，加急）：我的号被人登了"))
    await say(page, "密码改不了，手机号也被换了")
    await expect(talk).to_contain_text(wording(phrases.URGENT_HANDED_OVER))
    await expect(wire).to_contain_text("机器人 → 排队等人工")


async def test_a_complaint_has_a_number_an_office_a_day_and_its_evidence(
    page: Page, talk: Locator, wire: Locator
) -> None:
    await opened(page)
    await say(page, CHARGED)
    await expect(talk.locator(".line.account .tap")).to_have_text(
        [title_of("intent:human"), title_of("intent:complaint")]
    )
    await talk.get_by_role("button", name=title_of("intent:complaint"), exact=True).click()
    await expect(talk).to_contain_text(wording(phrases.COMPLAINT))
    await expect(talk).to_contain_text(
        re.compile(r"编号 T-\d+，由投诉专员负责，\d+月\d+日（周.）\d+:\d\d 前给您书面答复")
    )
    await expect(wire).to_contain_text(re.compile(r"记入工单 T-\d+（投诉，加急）"))
    await page.get_by_label("图片、位置和更多").click()
    await page.get_by_role("button", name="扣款截图").click()
    await expect(talk).to_contain_text(wording(phrases.EVIDENCE))
    await expect(wire).to_contain_text(re.compile(r"补充到工单 T-\d+：\[图片\]"))
    await say(page, "具体哪天给我答复")
    await expect(talk).to_contain_text(wording(phrases.DUE))


# -------------------- what a phone can do


async def test_everything_goes_by_keyboard(page: Page, talk: Locator, wire: Locator) -> None:
    option = options_of(UNCLEAR)[0]
    await opened(page)
    await reach(page, FIELD)
    await page.keyboard.type(UNCLEAR)
    await page.keyboard.press("Enter")
    await expect(talk.locator(".line.account")).to_have_count(1)
    await page.keyboard.type("谢谢")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("辛苦了")
    await page.keyboard.press("Enter")
    await expect(talk).to_contain_text("谢谢\n辛苦了")
    await expect(wire.locator(".exchange")).to_have_count(2)
    await talk.focus()
    await reach(page, title_of(option))
    await page.keyboard.press("Enter")
    await expect(talk).to_contain_text(answer_of(option))
    await expect(wire.locator(".exchange")).to_have_count(3)  # the newest is unfolded as it comes
    await wire.get_by_role("link", name=re.compile("谢谢")).focus()
    await page.keyboard.press("Enter")
    await expect(wire.locator(".exchange.open")).to_contain_text("谢谢")
    await reach(page, "原文")
    await page.keyboard.press("Enter")
    await expect(wire.locator("pre").first).to_be_visible()


async def test_links_of_a_later_message_are_tapped(page: Page, talk: Locator, wire: Locator, address: str) -> None:
    await opened(page)
    await say(page, "你好")
    openid = await wire.locator(".openid .id").inner_text()
    tap = '<a href="weixin://bizmsgmenu?msgmenucontent=会员怎么退款&amp;msgmenuid=q1">退款</a>'
    await send_later(address, openid, f'您是想问{tap}吗？见<a href="https://example.com/help">帮助</a>')
    await expect(wire).to_contain_text("已经送达观众的手机")
    await expect(wire.locator(".exchange").first).to_contain_text("您是想问退款吗？见帮助")
    await talk.get_by_role("button", name="帮助").click()
    await talk.get_by_role("button", name="退款", exact=True).click()
    await expect(talk).to_contain_text(answer_of("membership.refund"))


async def test_leaving_and_coming_back(page: Page, talk: Locator, guard: Guard) -> None:
    guard.expect("status of 409")
    guard.expect("Response Status Error Code 409")
    await opened(page)
    await page.get_by_label("这个公众号的操作").click()
    await page.get_by_role("button", name="取消关注").click()
    await expect(talk).to_contain_text("你取消了关注")
    field = page.get_by_label(FIELD)
    await field.fill("在吗")
    await field.press("Enter")
    await expect(page.get_by_role("alert").filter(has_text="请先重新关注")).to_be_visible()
    await expect(field).to_have_value("在吗")
    await page.get_by_role("button", name="重新关注").click()
    await expect(talk).to_contain_text(wording(phrases.WELCOME))


async def test_a_picture_is_sent_and_a_message_taken_back(page: Page, talk: Locator, wire: Locator) -> None:
    await opened(page)
    await page.get_by_label("图片、位置和更多").click()
    await page.get_by_role("button", name="播放失败 错误码 30012").click()
    await expect(talk).to_contain_text(phrases.PICTURE)
    await talk.get_by_role("button", name="撤回").click()
    await expect(talk).to_contain_text("你撤回了一条消息")
    await expect(wire).to_contain_text("微信不会把撤回告诉公众号")
