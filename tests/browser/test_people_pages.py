"""People, teams and the record in a browser, with the mouse and with the keyboard alone."""

import re

import pytest
from playwright.async_api import Page, expect

from app.agents.rights import Role
from app.main import Application
from tests.browser.axe import findings, needs_axe
from tests.browser.conftest import OpenContext, SignedIn
from tests.browser.guard import Guard
from tests.factories.people import make_agent, make_team

WIDE = {"viewport": {"width": 1366, "height": 768}, "locale": "zh-CN"}


async def administrator(signed_in: SignedIn) -> Page:
    return await (await signed_in("admin", Role.administrator, **WIDE)).new_page()


async def test_somebody_is_invited_comes_in_and_is_changed(
    service: Application, signed_in: SignedIn, open_context: OpenContext, guard: Guard
) -> None:
    await make_team(service.state.service.db, "会员服务", ["会员"])
    page = await administrator(signed_in)
    await page.goto("/people")
    await page.get_by_role("button", name="添加人员").click()
    adding = page.get_by_role("dialog")
    await adding.get_by_label("名字").fill("苏问")
    await adding.get_by_label("登录名").fill("苏问")
    await adding.get_by_label("会员服务").check()
    await adding.get_by_label("客服", exact=False).first.uncheck()
    await adding.get_by_label("运营").check()
    guard.expect("422")
    await adding.get_by_role("button", name="添加并生成邀请链接").click()
    await expect(adding.get_by_text("登录名为 2 到 64 个字符")).to_be_visible()
    await expect(adding.get_by_label("登录名")).to_be_focused()
    await adding.get_by_label("登录名").fill("su")
    await adding.get_by_role("button", name="添加并生成邀请链接").click()
    link = await adding.get_by_label("链接").input_value()
    await adding.get_by_role("button", name="完成").click()
    await expect(page.get_by_role("row", name="苏问")).to_contain_text("还没设密码")

    invited = await (await open_context(locale="zh-CN")).new_page()
    await invited.goto(link)
    await invited.get_by_label("新密码").fill("灯火阑珊 2046 处")
    await invited.get_by_role("button", name="保存密码").click()
    await expect(invited.get_by_role("heading", name="快捷回复", exact=True)).to_be_visible()

    await page.get_by_role("link", name="苏问").click()
    await page.get_by_label("技能").fill("退款，会员")
    await page.get_by_label("技能").press("Enter")
    await expect(page.locator(".tag")).to_have_text(["退款", "会员"])
    await page.get_by_role("button", name="保存", exact=True).click()
    await expect(page.get_by_role("status").get_by_text("已保存")).to_be_visible()
    await page.get_by_label("质检").check()
    await page.get_by_role("button", name="保存角色").click()
    await expect(page.get_by_text("角色已更新，立即生效")).to_be_visible()
    guard.expect("401")  # the invited one's page asks for its stream again, and leaves
    await page.get_by_role("button", name="停用 苏问").click()
    asking = page.get_by_role("dialog")
    await expect(asking).to_contain_text("停用 苏问：马上退出所有登录。")
    await asking.get_by_role("button", name="停用").click()
    await expect(page.get_by_text("这个账号已停用：不能登录")).to_be_visible()
    await expect(invited.get_by_role("heading", name="登录")).to_be_visible()

    await page.get_by_role("link", name="审计").click()
    record = page.locator("#audit-list")
    for said in ("停用了 苏问", "修改了 苏问 的角色：运营 → 运营、质检", "修改了 苏问 的技能", "添加了 苏问（su）"):
        await expect(record.get_by_text(said)).to_be_visible()
    await page.get_by_label("哪一类").select_option(label="登录")
    await expect(record.get_by_text("登录了")).to_be_visible()
    await expect(record.get_by_text("停用了 苏问")).to_have_count(0)
    await record.locator("summary").first.click()
    await expect(record.get_by_text("127.0.0.1").first).to_be_visible()


async def test_people_are_looked_for_while_one_types(service: Application, signed_in: SignedIn) -> None:
    for login, name in (("lin", "林小满"), ("chen", "陈一诺")):
        await make_agent(service.state.service.db, login, name=name)
    page = await administrator(signed_in)
    await page.goto("/people")
    await page.get_by_role("searchbox").fill("一诺")
    await expect(page.locator("#people-list tbody tr")).to_have_count(1)
    await expect(page).to_have_url(re.compile(r"q=%E4%B8%80%E8%AF%BA"))
    await page.reload()
    await expect(page.locator("#people-list tbody tr")).to_have_count(1)
    await page.get_by_label("在职状态").select_option(label="已停用")
    await expect(page.get_by_role("heading", name="没有符合条件的人")).to_be_visible()
    await page.go_back()
    await expect(page.locator("#people-list tbody tr")).to_have_count(1)


async def test_the_keyboard_is_enough(service: Application, signed_in: SignedIn) -> None:
    page = await administrator(signed_in)
    await page.goto("/teams")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="跳到内容")).to_be_focused()
    await page.keyboard.press("Enter")
    await _reach(page, "添加小组")
    await page.keyboard.press("Enter")
    await page.get_by_role("dialog").get_by_label("名字").press_sequentially("会员服务")
    await page.keyboard.press("Tab")
    await page.keyboard.type("退款,")
    await expect(page.locator(".tag")).to_have_text(["退款"])
    await _reach(page, "添加")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("row", name="会员服务")).to_be_visible()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.locator("#presence > summary").focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("button", name="忙碌")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("#presence > summary")).to_be_focused()
    await expect(page.get_by_role("button", name="忙碌")).to_be_hidden()


@needs_axe
@pytest.mark.parametrize(("scheme", "width"), [("light", 1366), ("dark", 390)])
async def test_nothing_keeps_anybody_out(
    service: Application, signed_in: SignedIn, guard: Guard, scheme: str, width: int
) -> None:
    db = service.state.service.db
    team = await make_team(db, "会员服务", ["会员", "退款"])
    lin = await make_agent(db, "lin", name="林小满", teams=[team], skills=["播放"])
    looks = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme, "locale": "zh-CN"}
    page = await (await signed_in("admin", *Role, **looks)).new_page()
    guard.expect("status of 404")
    for path in ("/people", f"/people/{lin.id}", "/teams", f"/teams/{team}", "/audit", "/nowhere"):
        await page.goto(path)
        assert await findings(page) == [], path
    await page.goto("/people")
    await page.get_by_role("button", name="添加人员").click()
    assert await findings(page) == []


async def _reach(page: Page, name: str) -> None:
    """Press Tab until what has this text has the focus."""
    for _ in range(40):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.innerText.trim()") == name:
            return
    pytest.fail(f"Tab never reaches “{name}”")
