"""What makes writing fast and safe in the reply box: quick replies, suggested answers, words that are held back."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest_asyncio
from playwright.async_api import Locator, Page, expect
from sqlalchemy import select

from app.agents.models import Agent
from app.agents.rights import Role
from app.console.desk.files import PICTURES
from app.desk import quick, words
from app.desk.quick import Picture, Place, Scope, Written
from app.main import Application
from tests.browser.conftest import SignedIn
from tests.browser.desking import FIELD, take_first, waiting_viewer
from tests.browser.guard import Guard
from tests.factories.people import actor_of

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000"
    "000049454e44ae426082"
)


@pytest_asyncio.fixture(loop_scope="session")
async def lin(service: Application, page: Page, signed_in: SignedIn) -> Page:
    """Somebody has taken over a viewer, and has three quick replies."""
    await waiting_viewer(page, "会员怎么取消自动续费", "转人工")
    desk = await (await signed_in("lin")).new_page()
    db = service.state.service.db
    agent_id = await db.read(lambda session: session.scalar(select(Agent.id).where(Agent.login == "lin")))
    by = actor_of(Role.agent, agent_id=agent_id)
    key = await stored(service)
    for written in (
        Written("hi", "您好{观众}，我是{客服}"), Written("tk", "退款三天内到账"),
        Written("step", "请按图操作", [Picture(key, "步骤.png")]),
    ):  # fmt: skip
        await db.write(quick.add, by=by, place=Place(Scope.own), written=written, now=datetime.now(UTC))
    await take_first(desk)
    return desk


async def stored(service: Application) -> str:
    async def chunks() -> AsyncIterator[bytes]:
        yield PNG

    kept = await service.state.service.storage.put(chunks(), limit=10_000, accepts=PICTURES)
    key: str = kept.key
    return key


def field(desk: Page) -> Locator:
    return desk.get_by_label(FIELD, exact=True)


def options(desk: Page) -> Locator:
    return desk.locator("#quick [role=option]")


async def test_a_slash_opens_quick_replies_and_the_keyboard_chooses(lin: Page) -> None:
    await field(lin).press_sequentially("第一行")
    await field(lin).press("/")
    await expect(field(lin)).to_have_value("第一行/")
    await expect(options(lin)).to_have_count(0)
    await field(lin).fill("")
    await field(lin).press("/")
    await expect(options(lin)).to_have_count(3)
    await field(lin).press("Escape")
    await expect(options(lin)).to_have_count(0)
    await expect(field(lin)).to_be_focused()
    await field(lin).fill("")
    await field(lin).press_sequentially("/h")
    await expect(options(lin)).to_have_count(1)
    await field(lin).press("Enter")
    await expect(field(lin)).to_have_value("您好【观众】，我是lin")
    chosen = await field(lin).evaluate("place => place.value.slice(place.selectionStart, place.selectionEnd)")
    assert chosen == "【观众】"
    await field(lin).fill("")
    await field(lin).press_sequentially("//")
    await expect(field(lin)).to_have_value("/")
    await expect(options(lin)).to_have_count(0)
    await field(lin).press("Enter")
    await expect(field(lin)).to_have_value("/\n")


async def test_a_quick_reply_brings_its_picture_and_both_are_sent(lin: Page, talk: Locator) -> None:
    await lin.get_by_role("button", name="快捷回复").click()
    await options(lin).filter(has_text="step").click()
    await expect(lin.locator("#uploads img")).to_have_count(1)
    await expect(field(lin)).to_have_value("请按图操作")
    await field(lin).press("Control+Enter")
    await expect(field(lin)).to_have_value("")
    await expect(lin.locator("#uploads img")).to_have_count(0)
    await expect(talk).to_contain_text("请按图操作")
    await expect(talk.locator("img")).not_to_have_count(0)


async def test_a_suggested_answer_is_put_in_and_not_sent(lin: Page) -> None:
    first = lin.locator("#suggestion-1")
    await expect(first).to_contain_text("自动续费")
    await field(lin).fill("您好，")
    await field(lin).press("Alt+1")
    text = await first.get_attribute("data-suggests")
    await expect(field(lin)).to_have_value(f"您好，{text}")
    await expect(lin.locator("#log .said.agent")).to_have_count(0)


async def test_words_are_held_back_or_asked_about(lin: Page, service: Application, guard: Guard) -> None:
    guard.expect("status of 409")
    guard.expect("status of 422")
    by = actor_of(Role.operator, agent_id=1)
    for word, blocks, advice in (("赔偿", True, "请说“补偿”"), ("绝对", False, "不要许诺")):
        await service.state.service.db.write(
            words.add, by=by, words=[word], blocks=blocks, advice=advice, now=datetime.now(UTC)
        )
    await field(lin).fill("我们会赔 偿您")
    await field(lin).press("Control+Enter")
    await expect(lin.locator("#composer-error")).to_contain_text("“赔偿”不能发给观众：请说“补偿”")
    await field(lin).fill("绝对可以")
    await field(lin).press("Control+Enter")
    await expect(lin.locator("#doubtful")).to_contain_text("“绝对”可能不合适：不要许诺")
    await lin.locator("#doubtful").get_by_role("button", name="仍然发送").click()
    await expect(lin.locator("#log")).to_contain_text("绝对可以")
    await expect(field(lin)).to_have_value("")


async def test_filters_are_kept_under_a_name(lin: Page) -> None:
    await lin.get_by_role("button", name="筛选").first.click()
    await lin.locator("#filters").get_by_label("标签").fill("退款")
    await lin.get_by_label("视图的名字").fill("等退款的")
    await lin.get_by_role("button", name="存为视图").click()
    await expect(lin.locator("#filters")).to_be_hidden()
    await expect(lin.locator("#views .menu-list")).to_contain_text("等退款的")
    await lin.locator("#more-views").click()
    await lin.get_by_role("link", name="等退款的").click()
    await expect(lin.locator("#narrowed")).to_contain_text("#退款")
    await lin.locator("#more-views").click()
    await lin.get_by_role("button", name="管理保存的视图").click()
    await lin.locator("#saved").get_by_role("button", name="删除").click()
    await expect(lin.locator("#saved li input")).to_have_count(0)


async def test_replies_are_made_and_changed_on_their_page(signed_in: SignedIn, guard: Guard) -> None:
    guard.expect("status of 422")
    guard.expect("Error Code 422")
    page = await (await signed_in("zhou", Role.supervisor)).new_page()
    await page.goto("/replies")
    await expect(page.get_by_text("还没有快捷回复")).to_be_visible()
    await page.get_by_role("button", name="添加快捷回复").click()
    dialog = page.locator("#reply")
    await dialog.get_by_label("快捷词").fill("thanks")
    await dialog.get_by_label("内容").fill("感谢")
    await dialog.get_by_role("button", name="{观众}").click()
    await expect(dialog.locator("#reply-preview")).to_contain_text("感谢小雨")
    await dialog.locator("input[type=file]").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": PNG})
    await expect(dialog.locator("#reply-pictures img")).to_have_count(1)
    await dialog.get_by_label("谁能用").select_option("all")
    await dialog.get_by_role("button", name="添加", exact=True).click()
    await expect(page.locator("#replies-list")).to_contain_text("/thanks")
    await page.get_by_role("button", name="修改").click()
    await expect(dialog.get_by_role("button", name="保存")).to_be_visible()  # no longer that by which it was added
    await expect(dialog.locator("#reply-pictures img")).to_have_count(1)
    await dialog.get_by_label("快捷词").fill("a b")
    await dialog.get_by_role("button", name="保存").click()
    await expect(page.locator(".toast.failed, .wrong")).to_contain_text("不能有空格")
