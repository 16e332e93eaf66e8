"""Agents at the desk, a viewer on the simulator's phone: who speaks, what each sees, and that nothing is lost."""

import asyncio
import re

import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests.browser.axe import findings, needs_axe
from tests.browser.conftest import SignedIn
from tests.browser.desking import FIELD, at_desk, reply, rows, stance, take_first, waiting_viewer, write
from tests.browser.guard import Guard

pytestmark = pytest.mark.usefixtures("service")
both = pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
"""The others run on PostgreSQL alone: what the pages send must fit its columns, where SQLite takes everything."""


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> str:
    return str(getattr(request, "param", "postgresql"))


async def desk_of(signed_in: SignedIn, login: str) -> Page:
    return await (await signed_in(login)).new_page()


def conflicts(guard: Guard) -> None:
    guard.expect("status of 409")


@both
async def test_a_viewer_is_taken_over_answered_and_given_back(page: Page, talk: Locator, signed_in: SignedIn) -> None:
    lin = await desk_of(signed_in, "lin")
    await at_desk(lin, "/desk?view=queue")
    await expect(lin.get_by_text("没有人在排队")).to_be_visible()
    await waiting_viewer(page)
    await expect(rows(lin)).to_have_count(1)  # without a reload
    await rows(lin).first.click()
    await lin.get_by_role("button", name="接管").click()
    await expect(stance(lin)).to_contain_text("由您接待")
    await reply(lin, "您好，我是林小满")
    await expect(talk).to_contain_text("您好，我是林小满")
    await expect(lin.locator("#log .said.agent .state.fine")).to_have_count(1)
    await write(page, "我的会员没有到账")
    await expect(lin.locator("#log")).to_contain_text("我的会员没有到账")
    await expect(talk.locator(".line.account")).to_have_count(2)  # the bot keeps silent
    await lin.get_by_label("更多操作").click()
    await lin.get_by_role("button", name="交回机器人").click()
    await expect(stance(lin)).to_contain_text("机器人接待中")
    await write(page, "会员怎么退款")
    await expect(lin.locator("#log .said.bot .source").last).to_contain_text("自动回复")


async def test_of_two_who_take_at_once_one_has_it(page: Page, signed_in: SignedIn, guard: Guard) -> None:
    conflicts(guard)
    guard.expect("Response Status Error Code 409")
    await waiting_viewer(page)
    desks = [await desk_of(signed_in, login) for login in ("lin", "chen")]
    for desk in desks:
        await at_desk(desk, "/desk?view=queue")
        await rows(desk).first.click()
        await expect(desk.get_by_role("button", name="接管")).to_be_visible()
    ready = asyncio.Barrier(2)

    async def together(route: Route) -> None:
        await ready.wait()
        await route.continue_()

    for desk in desks:
        await desk.route("**/take", together)
    await asyncio.gather(*(desk.get_by_role("button", name="接管").click() for desk in desks))
    for desk in desks:
        await expect(stance(desk)).to_contain_text("接待")
        await expect(desk.get_by_role("button", name="接管")).to_have_count(0)
    owned = [await desk.locator("#bar").get_attribute("data-stance") for desk in desks]
    assert sorted(map(str, owned)) == ["colleague", "own"]
    loser = desks[owned.index("colleague")]
    await expect(loser.locator("#toasts")).to_contain_text("接入")


async def test_a_conversation_is_handed_on_with_a_word(page: Page, talk: Locator, signed_in: SignedIn) -> None:
    await waiting_viewer(page)
    lin, chen = await desk_of(signed_in, "lin"), await desk_of(signed_in, "chen")
    await at_desk(chen)
    await take_first(lin)
    await lin.get_by_role("button", name="转接").click()
    await lin.get_by_label("chen").check()
    await lin.get_by_label("留给对方的话").fill("要退上周的会员，已经核对过订单")
    await lin.locator("#transfer").get_by_role("button", name="转接").click()
    await expect(stance(lin)).to_contain_text("接待中")
    await rows(chen).first.click()  # came by itself
    await expect(chen.locator("#log .event.transferred")).to_contain_text("要退上周的会员")
    await expect(stance(chen)).to_contain_text("由您接待")
    await reply(chen, "我来接着处理")
    await expect(talk).to_contain_text("我来接着处理")


@both
async def test_a_draft_survives_and_knows_that_it_is_stale(
    page: Page, talk: Locator, signed_in: SignedIn, guard: Guard
) -> None:
    conflicts(guard)
    await waiting_viewer(page)
    lin = await desk_of(signed_in, "lin")
    await take_first(lin)
    await lin.get_by_label(FIELD, exact=True).press_sequentially("请您再等一下")
    await expect(lin.locator("#draft-state")).to_have_text("草稿已保存")
    await lin.reload()
    field = lin.get_by_label(FIELD, exact=True)
    await expect(field).to_have_value("请您再等一下")
    other = await lin.context.new_page()
    await other.goto(lin.url)
    await expect(other.get_by_label(FIELD, exact=True)).to_have_value("请您再等一下")
    await field.press("End")
    await field.press_sequentially("，谢谢")
    await expect(other.get_by_label(FIELD, exact=True)).to_have_value("请您再等一下，谢谢")
    await write(page, "不用了")
    await write(page, "已经好了")
    await expect(lin.locator("#log")).to_contain_text("已经好了")
    await field.press("Control+Enter")
    await expect(lin.locator("#stale")).to_contain_text("2")
    await lin.get_by_role("button", name="先看看").click()
    await expect(field).to_have_value("请您再等一下，谢谢")
    await field.press("Control+Enter")
    await lin.get_by_role("button", name="仍然发送").click()
    await expect(talk).to_contain_text("请您再等一下，谢谢")
    await expect(field).to_have_value("")


async def test_a_colleague_sees_who_writes_and_steps_in_only_on_the_record(
    page: Page, talk: Locator, signed_in: SignedIn, guard: Guard
) -> None:
    conflicts(guard)
    await waiting_viewer(page)
    lin, chen = await desk_of(signed_in, "lin"), await desk_of(signed_in, "chen")
    await take_first(lin)
    await at_desk(chen, lin.url)
    await lin.get_by_label(FIELD, exact=True).press_sequentially("您好")
    await expect(chen.locator("#beside-who")).to_contain_text("正在输入")
    await expect(stance(chen)).to_contain_text("lin 接待中")
    field = chen.get_by_label(FIELD, exact=True)
    await field.fill("补充一句")
    await field.press("Control+Enter")
    await chen.get_by_role("button", name="插一句，并记录").click()
    await expect(talk).to_contain_text("补充一句")
    await expect(lin.locator("#log .event.stepped_in")).to_have_count(1)
    await expect(stance(lin)).to_contain_text("由您接待")


async def test_notes_are_for_colleagues_alone(page: Page, talk: Locator, signed_in: SignedIn) -> None:
    await waiting_viewer(page)
    lin, chen = await desk_of(signed_in, "lin"), await desk_of(signed_in, "chen")
    await at_desk(chen, "/desk?view=mentions")
    await take_first(lin)
    await lin.get_by_role("tab", name="内部备注").click()
    await lin.get_by_label("内部备注", exact=True).fill("@chen 这位上周也来过")
    await lin.get_by_role("button", name="保存备注").click()
    await expect(lin.locator("#log .said.note")).to_contain_text("这位上周也来过")
    await expect(rows(chen)).to_have_count(1)
    await expect(talk).not_to_contain_text("这位上周也来过")


async def test_all_of_it_by_keyboard(page: Page, talk: Locator, signed_in: SignedIn) -> None:
    await waiting_viewer(page)
    lin = await desk_of(signed_in, "lin")
    await at_desk(lin)
    keys = lin.keyboard
    await keys.press("2")
    await expect(rows(lin)).to_have_count(1)
    await expect(lin.locator("html")).to_have_attribute("data-live-state", "open")
    await keys.press("j")
    await keys.press("Enter")
    await expect(lin.locator("#bar")).to_be_visible()
    await keys.press("t")
    await expect(stance(lin)).to_contain_text("由您接待")
    await keys.press("r")
    await keys.type("键盘发的")
    await keys.press("Control+Enter")
    await expect(talk).to_contain_text("键盘发的")
    await keys.press("Escape")
    await keys.press("?")
    await expect(lin.get_by_role("heading", name="快捷键")).to_be_visible()
    await keys.press("Escape")
    await expect(lin.get_by_role("heading", name="快捷键")).to_be_hidden()
    await keys.press("e")
    await expect(stance(lin)).to_contain_text("已结束")


async def test_the_menu_of_views_stays_open_while_it_counts(page: Page, signed_in: SignedIn) -> None:
    lin = await desk_of(signed_in, "lin")
    await at_desk(lin)
    await lin.locator("#more-views").click()
    await expect(lin.locator("#view-all")).to_be_visible()
    await waiting_viewer(page)
    await expect(lin.locator("#view-queue .count")).to_have_text("1")  # fetched anew
    await expect(lin.locator("#view-all")).to_be_visible()
    await lin.keyboard.press("Escape")
    await expect(lin.locator("#view-all")).to_be_hidden()


async def test_found_by_two_characters_of_what_was_said(page: Page, signed_in: SignedIn) -> None:
    await waiting_viewer(page, "我家电视上的字幕一直不同步", "转人工")
    lin = await desk_of(signed_in, "lin")
    await at_desk(lin)
    search = lin.get_by_role("searchbox")
    hits = lin.locator("#list.found a.row")
    for _ in range(20):  # the index is written behind the messages, within a second
        await search.fill("字幕")
        try:
            await expect(hits.first.locator("mark")).to_have_text("字幕", timeout=1000)
            break
        except AssertionError:
            await search.fill("")
    await expect(hits.first.locator("mark")).to_have_text("字幕")
    await expect(hits.first).to_have_attribute("href", re.compile("/tickets/"))  # its ticket, then what was said
    await lin.locator("#list.found a.row[data-open]").first.click()
    await expect(lin.locator("#log")).to_contain_text("字幕一直不同步")
    await search.fill("没有这个词")
    await expect(lin.locator("#list")).to_contain_text("没有找到")
    await search.fill("")
    await expect(lin.locator("#list.found")).to_have_count(0)


@needs_axe
async def test_axe_finds_nothing_serious(page: Page, signed_in: SignedIn) -> None:
    await waiting_viewer(page, "我家电视上的字幕一直不同步", "转人工")
    lin = await desk_of(signed_in, "lin")
    await at_desk(lin)
    assert await findings(lin) == []
    await take_first(lin)
    await reply(lin, "您好，我看一下")
    await lin.get_by_role("tab", name="内部备注").click()
    assert await findings(lin) == []
    await lin.get_by_role("button", name="转接").click()
    await expect(lin.locator("#transfer")).to_be_visible()
    assert await findings(lin) == []
