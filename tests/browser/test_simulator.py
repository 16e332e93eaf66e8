"""The simulator as newcomers meet it: a question on a phone, an answer, and beside it what the service did."""

import re

import httpx
import pytest
from playwright.async_api import Locator, Page, expect

from app.simulator.addresses import WECHAT_API
from app.simulator.scenarios import SCENARIOS
from tests.browser.conftest import OpenContext
from tests.browser.guard import Guard

pytestmark = pytest.mark.usefixtures("service")
SLOW = 20_000
"""Milliseconds for what has pauses of its own: retries, scenarios."""


@pytest.fixture
def talk(page: Page) -> Locator:
    return page.get_by_role("log").first


@pytest.fixture
def wire(page: Page) -> Locator:
    return page.locator(".wire").first


async def opened(page: Page, path: str = "/simulator") -> None:
    """The page is shown, and has followed the stream's opening."""
    await page.goto(path)
    await expect(page.locator("html")).to_have_attribute("data-live-state", "open")


async def say(page: Page, text: str) -> None:
    field = page.get_by_label("写给公众号的消息").first
    await field.fill(text)
    await field.press("Enter")
    await expect(field).to_have_value("")


# -------------------- talking


async def test_the_first_thing_a_newcomer_does(page: Page, talk: Locator, wire: Locator) -> None:
    await opened(page, "/")
    await expect(page).to_have_url(re.compile("/simulator$"))
    await expect(wire).to_contain_text("线路上还什么都没有")
    await page.get_by_role("button", name="会员怎么退款").first.click()
    await expect(talk).to_contain_text("都可以申请核实")
    for stage in ("核对通过", "已处理", "membership.refund", "用知识条目回答", "随同一个请求返回", "从收到到提交"):
        await expect(wire).to_contain_text(stage)


async def test_everything_goes_by_keyboard(page: Page, talk: Locator, wire: Locator) -> None:
    await opened(page)
    await reach(page, "写给公众号的消息，按回车发送")
    await page.keyboard.type("会员怎么退款")
    await page.keyboard.press("Enter")
    await expect(talk).to_contain_text("都可以申请核实")
    await page.keyboard.type("第一行")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("第二行")
    await page.keyboard.press("Enter")
    await expect(talk).to_contain_text("第一行\n第二行")
    await expect(wire.locator(".exchange")).to_have_count(2)
    await wire.locator(".exchange").last.get_by_role("link").focus()
    await page.keyboard.press("Enter")
    await expect(wire.locator(".exchange").last).to_contain_text("membership.refund")


async def test_a_choice_is_offered_and_chosen(page: Page, talk: Locator, wire: Locator) -> None:
    await opened(page)
    await say(page, "昨天的剧怎么还没更新")
    await expect(talk).to_contain_text("延播未更新")
    await expect(wire).to_contain_text("不太确定，先反问")
    await expect(wire).to_contain_text("个里选：延播未更新")
    await say(page, "1")
    await expect(wire).to_contain_text("schedule.delayed · 版本")


async def test_not_understood_twice_is_a_ticket_whose_progress_can_be_asked(
    page: Page, talk: Locator, wire: Locator
) -> None:
    await opened(page)
    await say(page, "那个怎么弄啊")
    await expect(talk).to_contain_text("还没有完全明白")
    await say(page, "就是那个东西啊")
    await expect(talk).to_contain_text(re.compile(r"工单 T-\d+"))
    await expect(wire).to_contain_text(re.compile(r"开工单 T-\d+（咨询）"))
    await expect(wire).to_contain_text("机器人 → 排队等人工")
    await say(page, "我的工单到哪一步了")
    await expect(talk).to_contain_text("正在处理中")


async def test_links_in_an_answer_are_tapped(page: Page, talk: Locator, wire: Locator, address: str) -> None:
    await opened(page)
    await say(page, "在吗")
    await expect(talk.locator(".line.account")).to_have_count(1)
    openid = await wire.locator(".openid .id").inner_text()
    tap = '<a href="weixin://bizmsgmenu?msgmenucontent=会员怎么退款&amp;msgmenuid=q1">退款</a>'
    await send_later(address, openid, f'您是想问{tap}吗？见<a href="https://example.com/help">帮助</a>')
    await expect(wire).to_contain_text("已经送达观众的手机")
    await talk.get_by_role("button", name="帮助").click()
    await talk.get_by_role("button", name="退款", exact=True).click()
    await expect(talk).to_contain_text("都可以申请核实")
    await expect(wire).to_contain_text("<bizmsgmenuid><![CDATA[q1]]></bizmsgmenuid>")


async def test_leaving_and_coming_back(page: Page, talk: Locator, guard: Guard) -> None:
    guard.expect("status of 409")
    guard.expect("Response Status Error Code 409")
    await opened(page)
    await page.get_by_label("这个公众号的操作").click()
    await page.get_by_role("button", name="取消关注").click()
    await expect(talk).to_contain_text("你取消了关注")
    field = page.get_by_label("写给公众号的消息")
    await field.fill("在吗")
    await field.press("Enter")
    await expect(page.get_by_role("alert").filter(has_text="请先重新关注")).to_be_visible()
    await expect(field).to_have_value("在吗")
    await page.get_by_role("button", name="重新关注").click()
    await expect(talk).to_contain_text("欢迎关注")


async def test_a_picture_is_sent_and_a_message_taken_back(page: Page, talk: Locator, wire: Locator) -> None:
    await opened(page)
    await page.get_by_label("图片、位置和更多").click()
    await page.get_by_role("button", name="播放失败 错误码 30012").click()
    await expect(talk).to_contain_text("图片收到了")
    await talk.get_by_role("button", name="撤回").click()
    await expect(talk).to_contain_text("你撤回了一条消息")
    await expect(wire).to_contain_text("微信不会把撤回告诉公众号")


# -------------------- the network, the accounts


async def test_retries_are_seen_and_stored_once(page: Page, talk: Locator, wire: Locator) -> None:
    await opened(page)
    await page.get_by_role("button", name="丢两次回答").click()
    await say(page, "会员怎么退款")
    await expect(page.locator(".bar h3")).to_have_text("对方正在输入…")
    await expect(talk).to_contain_text("都可以申请核实", timeout=SLOW)
    await expect(wire).to_contain_text("推送 3 次")
    await expect(wire).to_contain_text("1 行，推送了 3 次")
    await expect(wire.get_by_text("重复：没有再存一次")).to_have_count(2)
    await expect(talk.locator(".line.account")).to_have_count(1)


async def test_safe_mode_shows_what_was_sealed(page: Page, talk: Locator, wire: Locator) -> None:
    await opened(page)
    await page.get_by_role("button", name="安全模式").click()
    await say(page, "会员怎么退款")
    await expect(talk).to_contain_text("都可以申请核实")
    await expect(wire).to_contain_text("msg_signature = SHA-1")
    await expect(wire.locator("pre.sealed")).to_have_count(2)


# -------------------- several phones, and what an address holds


async def test_phones_stand_side_by_side_and_leave_each_other_alone(page: Page) -> None:
    await opened(page)
    await page.get_by_label("新观众的名字").fill("林女士")
    await page.get_by_role("button", name="添加观众").click()
    stations = page.locator(".station")
    await expect(stations).to_have_count(2)
    await expect(stations.nth(1)).to_contain_text("林女士")
    draft = page.locator("textarea").last
    await draft.fill("写到一半")
    await stations.nth(0).get_by_role("button", name="会员怎么退款").click()
    await expect(stations.nth(0)).to_contain_text("都可以申请核实")
    await expect(draft).to_have_value("写到一半")
    await expect(stations.nth(1).locator(".line")).to_have_count(0)
    await stations.nth(0).get_by_label(re.compile("^收起")).click()
    await expect(stations).to_have_count(1)
    await expect(draft).to_have_value("写到一半")


async def test_a_scenario_plays_and_its_address_brings_it_back(page: Page) -> None:
    await opened(page)
    await page.locator("#play-lost_answers").click()
    await expect(page).to_have_url(re.compile(r"\?scenario=lost_answers$"))
    await expect(page.locator("#play-lost_answers")).to_have_text(re.compile("重播"), timeout=SLOW)
    talk = page.get_by_role("log").first
    await expect(talk).to_contain_text("都可以申请核实")
    before = await talk.inner_text()
    await page.reload()
    await expect(page.locator("#scene-lost_answers")).to_have_class(re.compile("chosen"))
    assert await page.get_by_role("log").first.inner_text() == before


async def test_a_scenario_can_be_stopped(page: Page) -> None:
    await opened(page)
    await page.locator("#play-complaint").click()
    await expect(page.get_by_role("log").first).to_contain_text(str(SCENARIOS["complaint"].lines[0]))
    await page.locator("#stop-complaint").click()
    await expect(page.locator("#play-complaint")).to_be_visible()
    await say(page, "在吗")
    await expect(page.locator(".line.viewer")).to_have_count(2)


async def test_an_exchange_is_kept_open_by_its_address(page: Page, wire: Locator) -> None:
    await opened(page)
    await say(page, "会员怎么退款")
    await expect(wire).to_contain_text("membership.refund")
    await say(page, "我要投诉")
    await expect(wire).to_contain_text("开工单")
    await wire.get_by_role("link", name=re.compile("会员怎么退款")).click()
    await expect(wire).to_contain_text("membership.refund")
    await page.reload()
    await expect(wire).to_contain_text("membership.refund")
    await say(page, "谢谢")
    await expect(wire.locator(".exchange")).to_have_count(3)
    await expect(wire).to_contain_text("membership.refund")
    await wire.get_by_role("link", name="回到最新的一条").click()
    await expect(wire.locator(".exchange").first).to_have_class(re.compile("open"))


async def test_two_tabs_show_the_same(page: Page, talk: Locator) -> None:
    await opened(page)
    other = await page.context.new_page()
    await opened(other)
    await say(other, "会员怎么退款")
    await expect(talk).to_contain_text("都可以申请核实")


async def test_a_narrow_screen_shows_one_thing_at_a_time(open_context: OpenContext) -> None:
    page = await (await open_context(viewport={"width": 390, "height": 844}, has_touch=True)).new_page()
    await opened(page)
    wire, field = page.locator(".wire"), page.get_by_label("写给公众号的消息")
    await expect(field).to_be_in_viewport()
    await expect(wire).to_be_hidden()
    await say(page, "会员怎么退款")
    await expect(page.get_by_role("log")).to_contain_text("都可以申请核实")
    await page.get_by_role("button", name="线路").click()
    await expect(wire).to_contain_text("membership.refund")
    await expect(field).to_be_hidden()
    await page.get_by_role("button", name="剧本").click()
    await expect(page.get_by_role("heading", name="一键剧本")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") == 390


async def reach(page: Page, label: str) -> None:
    """Press Tab until what is labelled so has the focus."""
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.ariaLabel") == label:
            return
    pytest.fail(f"Tab never reaches “{label}”")


async def send_later(address: str, openid: str, text: str) -> None:
    """As the service's sender does."""
    secret = {"grant_type": "client_credential", "appid": "wxdemo0000000000", "secret": "demosecret"}
    async with httpx.AsyncClient(base_url=f"{address}{WECHAT_API}/cgi-bin") as http:
        token = (await http.post("/stable_token", json=secret)).json()["access_token"]
        message = {"touser": openid, "msgtype": "text", "text": {"content": text}}
        sent = await http.post("/message/custom/send", params={"access_token": token}, json=message)
        assert sent.json()["errcode"] == 0
