"""Lists of tickets in a real browser: narrowed, kept, moved, changed many at a time."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Locator, Page, expect
from sqlalchemy.orm import Session

from app import events
from app.agents.rights import Role
from app.db.database import Database
from app.main import Application
from app.tickets.models import Ticket
from tests.browser.axe import findings, needs_axe
from tests.browser.conftest import SignedIn
from tests.factories import ticketing
from tests.factories.people import make_agent

HOUR = timedelta(hours=1)


async def shown(page: Page, path: str) -> None:
    """The page is there, and follows live events."""
    await page.goto(path)
    await expect(page.locator("html")).to_have_attribute("data-live-state", "open")


def rows(page: Page) -> Locator:
    return page.locator("#tickets-list .ticket-link")


async def change(db: Database, ticket: int, **values: object) -> None:
    """As a rule would, telling all pages."""

    def write(session: Session) -> None:
        row = session.get_one(Ticket, ticket)
        for name, value in values.items():
            setattr(row, name, value)
        events.publish(session, events.Kind.ticket, [ticket], now=datetime.now(UTC))

    await db.write(write)


async def test_a_list_is_narrowed_sorted_and_kept_as_a_view(service: Application, signed_in: SignedIn) -> None:
    db, now = service.state.service.db, datetime.now(UTC)
    await ticketing.ticket(db, now - 3 * HOUR, subject="会员没有到账", kind="refund")
    await ticketing.ticket(db, now - HOUR, subject="扣了两次钱", kind="refund", next_due_at=now - HOUR)
    await ticketing.ticket(db, now, subject="第8集没有字幕")
    page = await (await signed_in("lin")).new_page()
    await shown(page, "/tickets?status=unclosed")
    await page.get_by_label("类型").select_option(label="退款")
    await expect(rows(page)).to_have_text(["扣了两次钱", "会员没有到账"])
    await expect(page).to_have_url(re.compile("kind=refund"))
    await page.get_by_role("columnheader", name="登记").get_by_role("link").click()
    await expect(page.get_by_role("columnheader", name="登记")).to_have_attribute("aria-sort", "descending")
    await page.get_by_role("columnheader", name="登记").get_by_role("link").click()
    await expect(rows(page)).to_have_text(["会员没有到账", "扣了两次钱"])
    await page.get_by_role("button", name="存为视图").click()
    await page.get_by_label("视图的名字").fill("退款，先来先办")
    await page.get_by_role("button", name="保存", exact=True).click()
    tab = page.get_by_role("navigation", name="工单列表").get_by_role("link", name="退款，先来先办")
    await expect(tab).to_have_attribute("aria-current", "page")
    await page.goto("/tickets")
    await tab.click()
    await expect(rows(page)).to_have_text(["会员没有到账", "扣了两次钱"])
    await page.get_by_role("searchbox").fill("到账")
    await expect(rows(page)).to_have_text(["会员没有到账"])


async def test_rows_stay_where_they_are_while_somebody_points_at_them(
    service: Application, signed_in: SignedIn
) -> None:
    db, now = service.state.service.db, datetime.now(UTC)
    first = await ticketing.ticket(db, subject="甲", next_due_at=now + HOUR)
    await ticketing.ticket(db, subject="乙", next_due_at=now + 2 * HOUR)
    page = await (await signed_in("zhou", Role.supervisor)).new_page()
    await shown(page, "/tickets?status=unclosed")
    await page.get_by_label("选 T-").first.check()
    await rows(page).nth(1).focus()
    await rows(page).nth(1).hover()
    await change(db, first, next_due_at=now + 9 * HOUR)
    await expect(page.locator(".held")).to_be_visible()
    await expect(rows(page)).to_have_text(["甲", "乙"])
    await page.get_by_role("heading", name="工单", exact=True).hover()
    await expect(rows(page)).to_have_text(["乙", "甲"])
    await expect(page.locator(f"#tick-{first}")).to_be_checked()
    await expect(rows(page).nth(0)).to_be_focused()
    await expect(page.locator("#bulk-count")).to_have_text("已选 1 个")


async def test_a_card_is_moved_by_its_menu_and_by_hand(service: Application, signed_in: SignedIn) -> None:
    db = service.state.service.db
    await ticketing.ticket(db, subject="没有声音")
    page = await (await signed_in("lin")).new_page()
    await shown(page, "/tickets/board")
    columns = {name: page.get_by_role("region", name=name) for name in ("待处理", "处理中")}
    card = page.get_by_role("listitem").filter(has_text="没有声音")
    menu = card.locator("summary")
    await menu.focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("ArrowDown")
    await expect(card.get_by_role("button", name="开始处理")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(columns["处理中"].get_by_text("没有声音")).to_be_visible()
    await expect(columns["待处理"].get_by_text("没有待处理的工单")).to_be_visible()
    await card.drag_to(columns["待处理"])
    await expect(columns["待处理"].get_by_text("没有声音")).to_be_visible()


async def test_many_are_given_to_somebody_after_it_was_said_in_numbers(
    service: Application, signed_in: SignedIn
) -> None:
    db, now = service.state.service.db, datetime.now(UTC)
    for _ in range(60):
        await ticketing.ticket(db, subject="扣了两次钱", kind="refund")
    await ticketing.ticket(db, subject="已经退了", kind="refund", closed_at=now)
    await make_agent(db, "chen", name="陈一诺")
    page = await (await signed_in("zhou", Role.supervisor)).new_page()
    await shown(page, "/tickets?status=all&kind=refund")
    await page.get_by_label("选这一页").check()
    await expect(page.locator("#bulk-count")).to_have_text("已选 50 个")
    await page.get_by_role("button", name="选这组条件下的全部").click()
    await page.get_by_role("button", name="分给").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("同事").select_option(label="陈一诺")
    await dialog.get_by_role("button", name="看看会改动什么").click()
    await expect(dialog.get_by_text("将把 60 个工单交给陈一诺。")).to_be_visible()
    await expect(dialog.get_by_text("其中 1 个已关闭，不会改动")).to_be_visible()
    await dialog.get_by_role("button", name="改动 60 个").click()
    await expect(dialog.get_by_text("改动了 60 个工单。")).to_be_visible()
    await expect(dialog.get_by_text("1 个没有改动：这个工单已经关闭")).to_be_visible()
    await dialog.get_by_role("button", name="完成").click()
    await expect(page.locator("#bulk")).to_be_hidden()
    await expect(page.locator("#tickets-list tbody").get_by_text("陈一诺")).to_have_count(50)
    runs = page.get_by_role("region", name="批量改动")
    await runs.get_by_role("button", name="看没有改的 1 个").click()
    await expect(dialog.get_by_role("link", name="T-")).to_have_count(1)
    await expect(dialog.get_by_role("button", name="完成")).to_be_focused()
    await page.keyboard.press("Escape")
    await page.reload()
    await runs.get_by_role("button", name="知道了").click()
    await expect(runs.get_by_text("改动了 60 个工单。")).to_be_hidden()


@needs_axe
@pytest.mark.parametrize(("scheme", "width"), [("light", 1366), ("dark", 390)])
async def test_lists_of_tickets_keep_nobody_out(
    service: Application, signed_in: SignedIn, scheme: str, width: int
) -> None:
    db, now = service.state.service.db, datetime.now(UTC)
    for hours in (-3, 1, 30):
        await ticketing.ticket(db, next_due_at=now + hours * HOUR, priority="urgent", title="长风渡", episode=8)
    looks = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme, "locale": "zh-CN"}
    page = await (await signed_in("zhou", Role.supervisor, **looks)).new_page()
    for path in (
        "/tickets?status=all",
        "/tickets?overdue=yes&q=x",
        "/tickets/board",
        "/tickets/today",
        "/tickets/print",
    ):
        await page.goto(path)
        assert await findings(page) == [], path
    await ticketing.ticket(db, closed_at=now)
    await shown(page, "/tickets?status=all")
    await page.locator("td.tick input").first.check()
    await page.get_by_role("button", name="选这组条件下的全部").click()
    await page.locator("#bulk").get_by_role("button", name="开始处理").click()
    await page.get_by_role("button", name="改动 3 个").click()
    await expect(page.locator("#many")).to_contain_text("1 个没有改动：这个工单已经关闭")
    assert await findings(page) == [], "what a change to many has done"
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="看没有改的 1 个")).to_be_visible()
    assert await findings(page) == [], "what changes to many have done"
