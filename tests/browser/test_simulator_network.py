"""The platform's way to the service, as the wire shows it: repeats, sealed bodies, answers that come later."""

import pytest
from playwright.async_api import Locator, Page, expect

from app.simulator.carriers.wechat import FAILURE
from tests.browser.simulating import FIELD, SLOW, opened, say
from tests.demo_knowledge import answer_of
from tests.factories.hurrying import hurry

pytestmark = pytest.mark.usefixtures("service")
QUESTION, ENTRY = "会员怎么退款", "membership.refund"


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


async def test_retries_are_seen_and_stored_once(page: Page, talk: Locator, wire: Locator) -> None:
    await opened(page)
    await page.get_by_role("button", name="丢两次回答").click()
    await ask(page)
    await expect(page.locator(".bar h3")).to_have_text("对方正在输入…")
    await expect(talk).to_contain_text(answer_of(ENTRY), timeout=SLOW)
    await expect(wire).to_contain_text("推送 3 次")
    await expect(wire).to_contain_text("1 行，推送了 3 次")
    await expect(wire.get_by_text("重复：没有再存一次")).to_have_count(2)
    await expect(talk.locator(".line.account")).to_have_count(1)


async def test_an_answer_that_is_lost_for_good_is_said_to_be(page: Page, talk: Locator, wire: Locator) -> None:
    await opened(page)
    await page.get_by_role("button", name="回答全丢").click()
    await ask(page)
    await expect(talk).to_contain_text(FAILURE, timeout=SLOW)
    await expect(wire).to_contain_text("无从知道它们丢在路上")
    await expect(talk.locator(".line.account")).to_have_count(0)


@pytest.mark.usefixtures("hurried")
async def test_an_answer_that_is_too_late_appears_by_itself(page: Page, talk: Locator, wire: Locator) -> None:
    await opened(page)
    await page.get_by_role("button", name="服务太慢").click()
    await ask(page)
    await expect(talk).to_contain_text(FAILURE, timeout=SLOW)
    await expect(talk).to_contain_text(answer_of(ENTRY), timeout=SLOW)
    newest = wire.locator(".exchange").first
    await expect(newest).to_contain_text("服务主动发")
    await expect(newest).to_contain_text("已经送达观众的手机")
    await wire.locator(".exchange").last.get_by_role("link").click()
    await expect(wire).to_contain_text("服务太慢，还没轮到它，平台先断开了")
    await expect(wire).to_contain_text("发送状态：已发送，由客服消息接口")
    await expect(wire).to_contain_text(ENTRY)


@pytest.mark.usefixtures("hurried")
async def test_an_account_that_cannot_send_is_asked_to_continue(page: Page, talk: Locator, wire: Locator) -> None:
    await opened(page)
    await page.get_by_role("button", name="订阅号").click()
    await page.get_by_role("button", name="服务太慢").click()
    await ask(page)
    await expect(wire).to_contain_text("等观众再来一句话，随那一次的响应带回", timeout=SLOW)
    await page.get_by_role("button", name="网络正常").click()
    await say(page, "继续")
    await expect(talk).to_contain_text(answer_of(ENTRY))
    await expect(wire.get_by_text("服务主动发")).to_have_count(0)


async def test_safe_mode_shows_what_was_sealed(page: Page, talk: Locator, wire: Locator) -> None:
    await opened(page)
    await page.get_by_role("button", name="安全模式").click()
    await say(page, QUESTION)
    await expect(talk).to_contain_text(answer_of(ENTRY))
    await wire.get_by_text("密文和原文").first.click()
    await wire.get_by_text("怎么核对").click()
    await expect(wire).to_contain_text("msg_signature = SHA-1")
    await expect(wire.locator("pre.sealed")).to_have_count(2)
    await expect(wire.locator("pre.sealed").first).to_contain_text("Encrypt")
    await expect(wire.locator("pre.sealed").first).not_to_contain_text(QUESTION)


async def ask(page: Page) -> None:
    field = page.get_by_label(FIELD)
    await field.fill(QUESTION)
    await field.press("Enter")
