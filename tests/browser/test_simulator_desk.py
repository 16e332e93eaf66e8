"""An agent answers on the simulator's page, the platform misbehaves, and what has not left is decided about."""

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Locator, Page, expect

from app.agents.rights import Role
from app.settings import ROOT
from tests.browser.conftest import Enter, OpenContext
from tests.browser.guard import Guard
from tests.browser.simulating import opened, say, turn_to, write
from tests.demo_knowledge import answer_of

pytestmark = pytest.mark.usefixtures("service")
QUESTION, ENTRY = "会员怎么退款", "membership.refund"
PICTURE = ROOT / "app" / "simulator" / "pictures" / "receipt.png"


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def _chief(context: BrowserContext, enter: Enter) -> None:
    await enter(context, "chief", Role.supervisor)


@pytest.fixture
def desk(page: Page) -> Locator:
    """The desk of the first phone."""
    return page.locator(".desk-panel").first


async def taken(page: Page) -> None:
    """The viewer was answered, and an agent has taken over."""
    await opened(page)
    await say(page, QUESTION)
    await page.get_by_role("button", name="客服台", exact=True).click()
    await page.get_by_role("button", name="接入", exact=True).click()
    await expect(page.get_by_role("button", name="交还机器人")).to_be_visible()


async def reply(page: Page, text: str) -> None:
    field = page.get_by_label("客服的回复，按回车发送").first
    await field.fill(text)
    await field.press("Enter")
    await expect(field).to_have_value("")


async def test_an_agents_words_and_picture_stand_on_the_phone(page: Page, talk: Locator, desk: Locator) -> None:
    await taken(page)
    await page.get_by_label("带一张图").select_option("steps")
    await reply(page, "您好，我是客服小周，看图")
    await expect(talk).to_contain_text("您好，我是客服小周，看图")
    picture = talk.get_by_alt_text("客服发来的图片")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 300
    await expect(desk.locator(".sent-list .chip", has_text="已发送")).to_have_count(3)
    await page.get_by_role("button", name="交还机器人").click()
    await say(page, QUESTION)
    await expect(desk).to_contain_text("现在由 机器人 说话")


async def test_a_picture_of_ones_own_is_uploaded_by_its_name(page: Page, talk: Locator, desk: Locator) -> None:
    await taken(page)
    await desk.locator("input[type=file]").set_input_files(PICTURE)
    await expect(desk.locator(".upload")).to_have_text("receipt.png")
    await page.get_by_role("button", name="发送回复").click()
    await expect(talk.get_by_alt_text("客服发来的图片")).to_be_visible()
    await expect(desk.locator(".upload")).to_have_text("或者上传图片")


async def test_nobody_answers_what_he_has_not_taken(page: Page, desk: Locator, guard: Guard) -> None:
    guard.expect("status of 409")
    guard.expect("Response Status Error Code 409")
    await opened(page)
    await say(page, QUESTION)
    await page.get_by_role("button", name="客服台", exact=True).click()
    field = page.get_by_label("客服的回复，按回车发送")
    await field.fill("您好")
    await field.press("Enter")
    await expect(desk.get_by_role("alert")).to_have_text("请先接入会话，再以客服身份回复")
    await expect(field).to_have_value("您好")


async def test_time_closes_the_window_and_the_reply_comes_first(page: Page, talk: Locator, desk: Locator) -> None:
    await taken(page)
    await page.get_by_role("button", name="过 48 小时").click()
    await expect(talk).to_contain_text("过了 48 小时")
    await reply(page, "周六 20:00 上线")
    newest = desk.locator(".sent-list li").first
    await expect(newest).to_contain_text("排队中")
    await expect(newest).to_contain_text("窗口已关闭，等观众再说话")
    await page.get_by_role("button", name="过 48 小时").click()
    await say(page, "你们回我了吗")
    await expect(talk.locator(".line.account").last).to_contain_text("写给您的回复）")
    await expect(newest).to_contain_text("已发送")


async def test_trouble_becomes_a_state_and_a_person_decides(page: Page, talk: Locator, desk: Locator) -> None:
    await taken(page)
    await page.get_by_role("button", name="收下了才断线").click()
    await expect(desk).to_contain_text("第 1 次：收下了才断线")
    await reply(page, "到了没有")
    await expect(desk.locator(".sent-list li").first).to_contain_text("不确定")
    await expect(desk.locator(".sent-list li").first).to_contain_text("平台没有答复")
    other = await page.context.new_page()
    await opened(other, "/outbox")
    await expect(other.locator("#unknown")).to_contain_text("到了没有")
    await other.get_by_role("button", name="已送达").click()
    await expect(other.get_by_role("heading", name="该送的都送到了")).to_be_visible()
    await expect(desk.locator(".sent-list li").first).to_contain_text("已发送")


async def test_what_was_given_up_is_sent_again_from_the_page(page: Page, talk: Locator, desk: Locator) -> None:
    await taken(page)
    await page.get_by_role("button", name="45002 太长").click()
    await expect(desk).to_contain_text("第 1 次：45002")
    await reply(page, "再发一遍就好")
    await expect(desk.locator(".sent-list li").first).to_contain_text("未送达")
    await desk.get_by_role("link", name="没有送达的").click()
    await page.get_by_role("button", name="重新发送", exact=True).click()
    await expect(page.get_by_role("heading", name="该送的都送到了")).to_be_visible()
    await page.go_back()
    await expect(talk).to_contain_text("再发一遍就好")


async def test_a_stopped_bot_is_reopened(page: Page, talk: Locator) -> None:
    await opened(page)
    await turn_to(page, "demo-qq")
    await write(page, QUESTION)
    await expect(talk).to_contain_text(answer_of(ENTRY))
    await page.get_by_role("button", name="客服台", exact=True).click()
    await page.get_by_role("button", name="11298 IP 不在名单").click()
    await expect(page.locator(".planned")).to_be_visible()
    await write(page, "看视频老是卡顿怎么办")
    await expect(page.locator(".sent-list li").first).to_contain_text("要有人先处理")
    await page.goto("/outbox")
    await expect(page.locator("#closed")).to_contain_text("服务器的 IP 不在白名单里")
    await page.get_by_role("button", name="重新打开").click()
    await expect(page.get_by_role("heading", name="该送的都送到了")).to_be_visible()
    await page.goto("/simulator")
    await expect(talk).to_contain_text(answer_of("playback.buffering"))


async def test_a_narrow_screen_shows_the_desk_alone(open_context: OpenContext, enter: Enter) -> None:
    page = await (await open_context(viewport={"width": 390, "height": 844}, has_touch=True)).new_page()
    await enter(page.context, "chief")
    await opened(page)
    await say(page, QUESTION)
    await page.get_by_role("button", name="客服台", exact=True).click()
    await page.get_by_role("button", name="接入", exact=True).click()
    await expect(page.get_by_role("button", name="交还机器人")).to_be_visible()
    await reply(page, "您好" * 300)
    await expect(page.locator(".sent-list li")).to_have_count(2)
    await expect(page.get_by_role("log")).to_be_hidden()
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    await page.goto("/outbox")
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
