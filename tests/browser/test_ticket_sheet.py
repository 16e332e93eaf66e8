"""The page of one ticket, and the form of a new one: from a viewer's conversation to its end."""

import re
from base64 import b64decode, b64encode

import pytest
from playwright.async_api import FilePayload, Locator, Page, expect

from app.agents.rights import Role
from tests.browser.axe import findings, needs_axe
from tests.browser.conftest import SignedIn
from tests.browser.desking import at_desk, rows, waiting_viewer, write
from tests.browser.guard import Guard

pytestmark = pytest.mark.usefixtures("service")
NUMBER = re.compile(r"T-(\d+)")
PASTE = """(field, encoded) => {
  const clipboardData = new DataTransfer();
  const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
  clipboardData.items.add(new File([bytes], "pasted.png", { type: "image/png" }));
  field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""
PNG = b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")


@pytest.fixture
def engine() -> str:
    return "postgresql"


async def new_ticket(page: Page, subject: str = "《长风渡》第8集没有字幕") -> None:
    """Opened alone, for a call; its page is shown, and follows live events."""
    await page.goto("/tickets/new?source=phone")
    await page.get_by_label("联系人").fill("王女士 尾号 6620")
    await page.get_by_label("标题", exact=True).fill(subject)
    await page.get_by_role("button", name="登记工单").click()
    await shown(page)


async def shown(page: Page) -> None:
    await expect(page.locator("#sheet-bar h1")).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("data-live-state", "open")


def lines(page: Page) -> Locator:
    return page.locator("#sheet-log .line")


def toasts(page: Page) -> Locator:
    return page.locator("#toasts")


async def test_a_ticket_from_a_conversation_is_followed_to_its_end(
    page: Page, talk: Locator, signed_in: SignedIn
) -> None:
    """Opened from the desk, its viewer asked, his answer heard, told, closed, and opened again by his word."""
    lin = await (await signed_in("lin")).new_page()
    await waiting_viewer(page, "你好")
    await at_desk(lin, "/desk?view=bot")
    await rows(lin).first.click()
    await lin.locator("#context").get_by_role("link", name="新建工单").click()
    await lin.get_by_label("标题", exact=True).fill("第8集没有字幕")
    await expect(lin.locator("#hints")).to_contain_text("没有字幕")
    await lin.get_by_role("button", name="照这样填").click()
    await expect(lin.get_by_label("质量维度")).to_have_value("subtitles")
    await lin.get_by_label("交给谁").select_option("me")
    await lin.get_by_role("button", name="登记工单").click()
    await shown(lin)
    await expect(lin.locator("#sheet-side")).to_contain_text("现在写的能马上送达")
    await lin.get_by_role("textbox", name="告诉观众").fill("请问是电视还是手机？")
    await lin.get_by_label("等观众回答").check()
    await lin.get_by_role("button", name="发给观众").click()
    await expect(talk).to_contain_text("请问是电视还是手机？")
    await expect(lin.locator("#sheet-bar")).to_contain_text("等观众回答，时限停着")
    await write(page, "电视上看的")
    await expect(lines(lin).last).to_contain_text("电视上看的")  # without a reload
    await expect(lin.locator("#sheet-bar .chip").first).to_have_text("处理中")
    await lin.get_by_role("textbox", name="告诉观众").fill("字幕已经补上，请重新打开播放。")
    await lin.get_by_label("关闭工单").check()
    await lin.get_by_role("button", name="发给观众").click()
    await expect(talk).to_contain_text("已经处理完")
    await expect(lin.locator("#sheet-bar .chip").first).to_have_text("已关闭")
    await write(page, "还是不行")
    await expect(lin.locator("#sheet-bar .chip").first).to_have_text("处理中")
    await expect(lin.locator("#sheet-bar")).to_contain_text("重开 1 次")
    await expect(talk).to_contain_text("已经重新打开")


async def test_a_picture_goes_to_the_viewer_from_the_tickets_page(
    page: Page, talk: Locator, signed_in: SignedIn, guard: Guard
) -> None:
    guard.expect("status of 422")
    lin = await (await signed_in("lin")).new_page()
    await waiting_viewer(page, "你好")
    await at_desk(lin, "/desk?view=bot")
    await rows(lin).first.click()
    await lin.locator("#context").get_by_role("link", name="新建工单").click()
    await lin.get_by_label("标题", exact=True).fill("第8集没有字幕")
    await lin.get_by_role("button", name="登记工单").click()
    await shown(lin)
    words, uploads = lin.get_by_role("textbox", name="告诉观众"), lin.locator("#uploads li")
    step: FilePayload = {"name": "step.png", "mimeType": "image/png", "buffer": PNG}
    fake: FilePayload = {"name": "no.png", "mimeType": "image/png", "buffer": b"<html>"}
    await lin.locator("#picture").set_input_files([step, fake])
    await expect(uploads.filter(has_text="2 MB")).to_have_count(1)
    await words.fill("请按图操作")
    await words.press("Control+Enter")
    await expect(toasts(lin)).to_contain_text("没有传上去")
    await uploads.filter(has_text="no.png").get_by_role("button").click()
    await expect(uploads.locator("img")).to_have_count(1)
    await words.press("Control+Enter")
    await expect(uploads).to_have_count(0)
    await expect(words).to_have_value("")
    await expect(talk).to_contain_text("请按图操作")
    await expect(talk.locator("img")).not_to_have_count(0)
    await expect(lines(lin).last).to_contain_text("图片 1.png")
    await words.evaluate(PASTE, b64encode(PNG).decode())
    await expect(uploads.locator("img")).to_have_count(1)
    await lin.get_by_role("button", name="发给观众").click()  # alone
    await expect(talk).to_contain_text("请看图片")


async def test_what_was_begun_outlives_a_reload_and_not_its_ticket(signed_in: SignedIn) -> None:
    lin = await (await signed_in("lin")).new_page()
    title, restored = lin.get_by_label("标题", exact=True), lin.get_by_text("上次没有写完的内容还在。")
    await lin.goto("/tickets/new")
    await expect(restored).to_be_hidden()
    await title.fill("第8集没有字幕")
    await lin.reload()
    await expect(restored).to_be_visible()
    await expect(title).to_have_value("第8集没有字幕")
    await lin.get_by_role("button", name="重新写").click()
    await expect(restored).to_be_hidden()
    await expect(title).to_have_value("")
    await title.fill("字幕没了")
    await lin.get_by_role("button", name="登记工单").click()
    await shown(lin)
    await lin.goto("/tickets/new")
    await expect(restored).to_be_hidden()
    await expect(title).to_have_value("")


async def test_a_ticket_of_a_call_is_noted_changed_and_merged(signed_in: SignedIn, guard: Guard) -> None:
    guard.expect("status of 422")
    guard.expect("Response Status Error Code 422")
    lin = await (await signed_in("lin")).new_page()
    await new_ticket(lin, "第8集没有字幕")
    first = NUMBER.search(await lin.locator("#sheet-bar h1").inner_text())
    assert first
    await new_ticket(lin, "长风渡第8集字幕没了")
    await expect(lin.get_by_role("tab", name="内部备注")).to_have_attribute("aria-selected", "true")  # no way to him
    await lin.get_by_role("textbox", name="内部备注").fill("回电话没人接")
    await lin.get_by_role("textbox", name="内部备注").press("Control+Enter")
    await expect(lin.locator(".line.note")).to_contain_text("回电话没人接")
    await lin.get_by_role("button", name="修改").click()
    facts = lin.locator("#facts")
    await facts.get_by_label("优先级").select_option("urgent")
    await facts.get_by_label("时间点").fill("1:99")
    await facts.get_by_role("button", name="保存").click()
    await expect(facts).to_contain_text("要写成 12:34")
    await facts.get_by_label("时间点").fill("12:34")
    await facts.get_by_role("button", name="保存").click()
    await expect(facts).to_be_hidden()
    await expect(lin.locator("#sheet-bar")).to_contain_text("紧急")
    await expect(lines(lin).last).to_contain_text("优先级：普通 → 紧急")
    await lin.get_by_label("更多操作").click()
    await lin.get_by_role("button", name="并入另一个工单").click()
    await lin.get_by_label("并入哪个工单").fill(first[0])
    await lin.get_by_role("button", name="并入", exact=True).click()
    await expect(lin.locator("#sheet-bar")).to_contain_text(f"已并入 {first[0]}")
    await lin.get_by_role("button", name="撤销合并").click()
    await lin.locator("#confirming").get_by_role("button", name="撤销合并").click()
    await expect(lin.locator("#sheet-bar .chip").first).to_have_text("待处理")


async def test_what_was_written_stays_when_it_is_refused(signed_in: SignedIn, guard: Guard) -> None:
    guard.expect("status of 4")
    guard.expect("Response Status Error Code 4")
    lin = await (await signed_in("lin")).new_page()
    await new_ticket(lin)
    note = lin.get_by_role("textbox", name="内部备注")
    await note.fill("写到一半")
    await lin.reload()
    await expect(note).to_have_value("写到一半")
    await lin.get_by_label("更多操作").click()
    await lin.get_by_role("button", name="并入另一个工单").click()
    await lin.get_by_label("并入哪个工单").fill("T-999999")
    await lin.get_by_role("button", name="并入", exact=True).click()
    await expect(toasts(lin)).to_contain_text("没有 T-999999 这个工单")
    await expect(lin.locator("#merging")).to_be_visible()


async def test_a_complaint_is_decided_in_writing(page: Page, talk: Locator, signed_in: SignedIn) -> None:
    """The supervisor decides, the viewer hears it, wants his money first, then accepts."""
    zhou = await (await signed_in("zhou", Role.supervisor)).new_page()
    await waiting_viewer(page, "我要投诉，你们扣了我三次钱，要书面答复")
    await zhou.goto("/tickets?status=unclosed&kind=complaint")
    await zhou.get_by_role("link", name=re.compile("投诉")).first.click()
    await shown(zhou)
    await expect(zhou.locator(".complaint")).to_contain_text("正在核查")
    await zhou.get_by_role("tab", name="书面决定").click()
    await zhou.get_by_label("处理决定").fill("查明多扣两笔，三个工作日内原路退回。")
    await zhou.get_by_role("button", name="发出书面决定").click()
    await zhou.locator("#confirming").get_by_role("button", name="发出书面决定").click()
    await expect(talk).to_contain_text("书面答复")
    await expect(talk).to_contain_text("12315")
    await write(page, "钱收到我才认")
    await expect(zhou.locator(".complaint")).to_contain_text("等承诺的事项到位后再确认")
    await write(page, "接受")
    await expect(zhou.locator("#sheet-bar .chip").first).to_have_text("已关闭")
    await expect(zhou.locator(".complaint")).to_contain_text("观众接受")


@needs_axe
@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
async def test_nothing_keeps_anybody_out_of_it(signed_in: SignedIn, width: int, scheme: str) -> None:
    context = await signed_in("zhou", Role.supervisor)
    lin = await context.new_page()
    await lin.set_viewport_size({"width": width, "height": 844})
    await lin.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    await lin.goto("/tickets/new")
    assert await findings(lin) == []
    await new_ticket(lin)
    assert await findings(lin) == []
    assert await lin.evaluate("document.documentElement.scrollWidth <= innerWidth")
