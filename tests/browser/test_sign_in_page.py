"""Coming into the console in a browser: the password, the second factor, an invitation, another language."""

import re
from datetime import UTC, datetime

import pyotp
from playwright.async_api import Page, expect

from app.agents.rights import Role
from app.console import cookies
from app.main import Application
from tests.browser.axe import findings, needs_axe
from tests.browser.conftest import OpenContext, SignedIn
from tests.browser.guard import Guard
from tests.factories.people import PASSWORD, make_agent

REFUSED = "status of 401"


async def fill(page: Page, login: str, password: str) -> None:
    await page.get_by_label("登录名").fill(login)
    await page.get_by_label("密码", exact=True).fill(password)
    await page.keyboard.press("Enter")


async def chinese(open_context: OpenContext) -> Page:
    return await (await open_context(locale="zh-CN")).new_page()


async def test_a_password_lets_in_and_signing_out_lets_out(
    service: Application, open_context: OpenContext, guard: Guard
) -> None:
    await make_agent(service.state.service.db, "ye", name="叶知秋", roles=[Role.operator], password=PASSWORD)
    page = await chinese(open_context)
    await page.goto("/account")
    await expect(page).to_have_url(re.compile(r"/signin\?next=%2Faccount$"))
    await expect(page.get_by_label("登录名")).to_be_focused()
    guard.expect(REFUSED)
    await fill(page, "ye", "not the password")
    await expect(page.get_by_role("alert")).to_have_text("登录名或密码不对")
    await expect(page.get_by_label("密码", exact=True)).to_be_focused()
    await page.get_by_role("button", name="显示密码").click()
    await page.get_by_label("密码", exact=True).fill(PASSWORD)
    assert await page.get_by_label("密码", exact=True).get_attribute("type") == "text"
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="我的账号")).to_be_visible()
    await page.locator("#presence > summary").click()
    await page.get_by_role("button", name="离开 · 吃饭").click()
    await expect(page.locator("#presence > summary")).to_have_accessible_name("叶知秋 离开 吃饭")
    await page.locator("#presence > summary").click()
    await page.get_by_role("button", name="退出登录").click()
    await expect(page.get_by_role("status")).to_have_text("您已退出登录")


async def test_a_demo_account_is_filled_in_by_a_click(service: Application, open_context: OpenContext) -> None:
    await make_agent(service.state.service.db, "lin", name="林小满")
    page = await chinese(open_context)
    await page.goto("/signin")
    await page.get_by_role("button", name="林小满").click()
    await expect(page.get_by_label("登录名")).to_have_value("lin")
    await expect(page.get_by_label("密码", exact=True)).to_have_value("demo-desk")


async def test_who_fails_often_must_wait(service: Application, open_context: OpenContext, guard: Guard) -> None:
    await make_agent(service.state.service.db, "ye", roles=[Role.operator], password=PASSWORD)
    page = await chinese(open_context)
    await page.goto("/signin")
    guard.expect(REFUSED)
    guard.expect("status of 429")
    for _ in range(5):
        await fill(page, "ye", "not the password")
        await expect(page.get_by_role("alert")).to_have_text("登录名或密码不对")
    await fill(page, "ye", PASSWORD)
    await expect(page.get_by_role("alert")).to_have_text(re.compile(r"^尝试次数过多，请等 \d+ 秒后再试$"))


async def test_a_second_factor_is_set_up_and_asked_for(
    service: Application, signed_in: SignedIn, open_context: OpenContext
) -> None:
    await make_agent(service.state.service.db, "ye", name="叶知秋", roles=[Role.operator], password=PASSWORD)
    page = await (await signed_in("ye", locale="zh-CN")).new_page()
    await page.goto("/account")
    part = page.locator("#second")
    await part.get_by_label("请输入密码确认").fill(PASSWORD)
    await part.get_by_role("button", name="开启两步验证").click()
    await expect(part.get_by_role("img", name="二维码").first).to_be_visible()
    app = pyotp.TOTP((await part.locator("#secret").inner_text()).replace(" ", ""))
    await part.get_by_label("2. 输入应用里显示的六位数字").fill(app.at(int(datetime.now(UTC).timestamp()) - 30))
    await part.get_by_role("button", name="确认开启").click()
    await expect(part.get_by_role("listitem")).to_have_count(10)
    recovery = await part.get_by_role("listitem").first.inner_text()
    for code in (app.now(), recovery):
        other = await chinese(open_context)
        await other.goto("/signin")
        await fill(other, "ye", PASSWORD)
        await expect(other.get_by_text("叶知秋，请打开验证器应用")).to_be_visible()
        await other.get_by_label("验证码", exact=True).fill(code)
        await other.keyboard.press("Enter")
        await expect(other.get_by_role("heading", name="快捷回复", exact=True)).to_be_visible()
        await other.close()  # signed out below, it would be told so amid what it fetches
    await page.reload()
    await expect(part.get_by_text("还有 9 个没用过的恢复码")).to_be_visible()
    await expect(page.locator("#sign-ins tbody tr")).to_have_count(3)
    await page.get_by_role("button", name="退出其他地方").click()
    await expect(page.get_by_role("dialog")).to_contain_text("将退出另外 2 处登录")
    await page.get_by_role("dialog").get_by_role("button", name="退出其他地方").click()
    await expect(page.locator("#sign-ins tbody tr")).to_have_count(1)


@needs_axe
async def test_nothing_keeps_anybody_out(signed_in: SignedIn, open_context: OpenContext) -> None:
    for scheme, width in (("light", 1366), ("dark", 390)):
        looks = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme, "locale": "zh-CN"}
        stranger = await (await open_context(**looks)).new_page()
        await stranger.goto("/signin")
        assert await findings(stranger) == []
        page = await (await signed_in("ye", Role.operator, **looks)).new_page()
        await page.goto("/account")
        await page.locator("#presence > summary").click()
        assert await findings(page) == []


async def test_the_console_speaks_english(open_context: OpenContext, service: Application) -> None:
    await make_agent(service.state.service.db, "ye", name="Ye", roles=list(Role), password=PASSWORD)
    page = await (await open_context(locale="en-GB")).new_page()
    await page.goto("/signin?next=/account")
    await page.get_by_label("Login").fill("ye")
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_label("界面语言").select_option("en")
    await expect(page.get_by_role("heading", name="My account")).to_be_visible()
    for path in ("/account", "/people", "/teams", "/audit"):
        await page.goto(path)
        words = await page.evaluate("document.body.innerText")
        assert re.findall(r"[\u4e00-\u9fff]+", words.replace("中文", "")) == [], path


async def test_a_browser_that_has_been_signed_out_is_asked_to_sign_in(signed_in: SignedIn, guard: Guard) -> None:
    context = await signed_in("ye", Role.operator, locale="zh-CN")
    page = await context.new_page()
    async with page.expect_response("**/account/sign-ins"):  # once the stream is open, which reads all again
        await page.goto("/account")
    await context.clear_cookies(name=cookies.PLAIN)
    guard.expect(REFUSED)
    await page.locator("#presence > summary").click()
    await page.get_by_role("button", name="忙碌").click()
    await expect(page.get_by_role("heading", name="登录")).to_be_visible()
