"""QQ on the simulator's page: alone with the bot, and two phones in one group."""

import re

import pytest
from playwright.async_api import Locator, Page, expect

from app.dialogue import phrases
from app.simulator.faces import BOT
from tests.browser.conftest import OpenContext
from tests.browser.simulating import opened, turn_to, write
from tests.demo_knowledge import answer_of, options_of, title_of

pytestmark = pytest.mark.usefixtures("service")
QUESTION, ENTRY, UNCLEAR = "会员怎么退款", "membership.refund", "那延播有补偿吗"


async def test_a_question_alone_with_the_bot_and_its_traffic(page: Page, talk: Locator, wire: Locator) -> None:
    await opened(page)
    await turn_to(page, "demo-qq")
    await write(page, QUESTION)
    await expect(talk).to_contain_text(answer_of(ENTRY))
    for stage in (
        "QQ 推送",
        "有确认",
        "签名一致，确实来自 QQ",
        "已处理",
        "用知识条目回答",
        "收到了，QQ 不再推",
        "已发送，由发消息接口",
    ):
        await expect(wire).to_contain_text(stage)
    await expect(wire).to_contain_text(re.compile(r"最新一条还能回 3 条，窗口还剩 \d+ 分钟"))
    await wire.get_by_text("原文").first.click()
    await expect(wire.locator(".headers").first).to_contain_text("X-Signature-Ed25519")
    await wire.get_by_role("link", name=re.compile("取凭据")).click()
    await expect(wire.locator(".exchange.open")).to_contain_text("getAppAccessToken")


async def test_a_button_is_tapped_and_says_so(page: Page, talk: Locator, wire: Locator) -> None:
    option = options_of(UNCLEAR)[1]
    await opened(page)
    await turn_to(page, "demo-qq")
    await write(page, UNCLEAR)
    button = talk.locator(".keys button").filter(has_text=title_of(option))
    await button.click()
    await expect(talk).to_contain_text(answer_of(option))
    await expect(button).to_contain_text("已点")
    await expect(wire).to_contain_text(f"点选：{title_of(option)}")
    await expect(wire).to_contain_text("[了结点按]")


async def test_pictures_recordings_and_files_are_sent(page: Page, talk: Locator) -> None:
    await opened(page)
    await turn_to(page, "demo-qq")
    for name, shown in (("播放失败 错误码 30012", ".picture"), ("订单明细.pdf", ".card"), ("视频", ".film")):
        await page.get_by_label("图片、视频和文件").click()
        await page.get_by_role("button", name=name, exact=True).click()
        await expect(talk.locator(f".line.viewer {shown}").first).to_be_visible()
    await page.get_by_label("在 QQ 里发语音").click()
    await page.get_by_role("button", name="发出这段语音").click()
    await expect(talk).to_contain_text(answer_of(ENTRY))


async def test_what_is_being_written_in_an_app_is_there_when_one_comes_back(page: Page) -> None:
    await opened(page)
    draft = page.locator(".composer textarea")
    await draft.fill("微信里写到一半")
    await turn_to(page, "demo-qq")
    await expect(draft).to_have_value("")
    await draft.fill("QQ 里也写到一半")
    await turn_to(page, "demo")
    await expect(draft).to_have_value("微信里写到一半")
    await turn_to(page, "demo-qq")
    await expect(draft).to_have_value("QQ 里也写到一半")


async def test_removing_the_bot_and_switching_it_off(page: Page, talk: Locator, wire: Locator) -> None:
    await opened(page)
    await turn_to(page, "demo-qq")
    await page.get_by_label("这个机器人的操作").click()
    await page.get_by_role("switch", name="接收主动消息").click()
    await expect(talk).to_contain_text("你关掉了机器人的主动消息")
    await expect(wire).to_contain_text("关掉主动消息")
    await expect(page.get_by_role("switch", name="接收主动消息")).not_to_be_checked()  # the menu is still open
    await page.get_by_role("button", name="删除好友").click()
    await expect(talk).to_contain_text("你删除了好友")
    await page.get_by_role("button", name="重新添加好友").click()
    await expect(talk).to_contain_text("已添加")


# -------------------- the group


async def two_in_the_group(page: Page) -> tuple[Locator, Locator]:
    await opened(page)
    await page.get_by_role("button", name="添加观众").click()
    stations = page.locator(".station")
    await expect(stations).to_have_count(2)
    for number in (0, 1):
        await turn_to(page, "demo-qq-group", number)
    return stations.nth(0), stations.nth(1)


async def test_two_phones_show_one_group(page: Page) -> None:
    first, second = await two_in_the_group(page)
    await write(page, QUESTION)
    for station in (first, second):
        await expect(station.get_by_role("log")).to_contain_text(f"@{BOT} {QUESTION}")
        await expect(station.get_by_role("log")).to_contain_text(answer_of(ENTRY))
    await expect(second.locator(".line.other .bubble")).to_contain_text(QUESTION)
    await second.locator(".naming").click()
    await write(page, "我也想知道", 1)
    await expect(first.get_by_role("log")).to_contain_text("我也想知道")
    await expect(second.locator(".wire")).to_contain_text("没有点名机器人")
    await second.locator(".naming").click()
    await write(page, "工单进度", 1)
    await expect(first.get_by_role("log")).to_contain_text(phrases.IN_PRIVATE)
    await expect(first.locator(".line.account")).to_have_count(2)


async def test_the_owner_takes_the_bot_out_and_brings_it_back(page: Page) -> None:
    first, second = await two_in_the_group(page)
    await first.get_by_label("群主的开关").click()
    await first.get_by_role("switch", name="机器人可以主动发言").click()
    await expect(second.get_by_role("log")).to_contain_text("群主打开了机器人的主动消息")
    await first.get_by_role("button", name="把机器人移出群").click()
    await expect(second.get_by_role("log")).to_contain_text("群主把机器人移出了群")
    await write(page, QUESTION, 1)
    await expect(second.locator(".wire")).to_contain_text("机器人不在群里：QQ 什么也不推送")
    await second.get_by_label("群主的开关").click()
    await second.get_by_role("button", name="把机器人请进群").click()
    await expect(first.locator(".line.account")).to_have_count(1)


async def test_the_group_fits_a_narrow_screen(open_context: OpenContext) -> None:
    page = await (await open_context(viewport={"width": 390, "height": 844}, has_touch=True)).new_page()
    await opened(page)
    await turn_to(page, "demo-qq-group")
    await write(page, "长" * 600)
    await expect(page.get_by_role("log")).to_contain_text("长" * 600)
    for view in ("线路", "客服台", "对话"):
        await page.get_by_role("button", name=view, exact=True).click()
        assert await page.evaluate("document.documentElement.scrollWidth") == 390, view
