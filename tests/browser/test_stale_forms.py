"""Two who change one calendar, policy or macro at the same time, in a browser."""

from datetime import UTC, datetime

import pytest
from playwright.async_api import Page, expect

from app.agents import business_calendars, teams
from app.agents.rights import Role
from app.desk.tickets import macros
from app.main import Application
from app.tickets import policies
from tests.browser.conftest import SignedIn
from tests.browser.guard import Guard
from tests.factories.people import make_agent, make_team

WIDE = {"viewport": {"width": 1366, "height": 768}, "locale": "zh-CN"}
NARROW = {"viewport": {"width": 390, "height": 800}, "locale": "zh-CN"}
REFUSED = "改过这里，您的修改没有保存"


async def save(page: Page) -> None:
    await page.get_by_role("button", name="保存", exact=True).click()


async def test_what_was_typed_stays_where_somebody_else_was_first(
    service: Application, signed_in: SignedIn, guard: Guard
) -> None:
    db, now = service.state.service.db, datetime.now(UTC)
    written = business_calendars.Written("办公室", "每天 9:00-18:00")
    calendar_id = await db.write(business_calendars.add, by=None, written=written, now=now)
    team = await make_team(db, "会员服务")
    await db.write(teams.set_calendar, team, by=None, calendar_id=calendar_id, now=now)
    context = await signed_in("zhou", Role.supervisor, **WIDE)
    page, other = await context.new_page(), await context.new_page()
    for each in (page, other):
        await each.goto(f"/calendars/{calendar_id}")
        await expect(each.get_by_text(REFUSED)).to_have_count(0)
        await expect(each.get_by_role("link", name="在新窗口看新的样子")).to_be_hidden()
    for hours in ("每天 10:00-18:00", "每天 11:00-18:00"):
        async with page.expect_response("**/recounts"):  # how far the recount has come takes the place of nothing else
            await page.get_by_label("工作时间").fill(hours)
            await save(page)
            await expect(page.get_by_text("已保存，正在走的时限这就重算")).to_be_visible()
    guard.expect("409")
    await other.get_by_label("假日").fill("2027-01-01")
    await save(other)
    await expect(other.get_by_text(REFUSED)).to_be_visible()
    await expect(other.get_by_label("假日")).to_have_value("2027-01-01")
    async with context.expect_page() as opening:
        await other.get_by_role("link", name="在新窗口看新的样子").click()
    newer = await opening.value
    await expect(newer.get_by_label("工作时间")).to_have_value("每天 11:00-18:00")
    await newer.get_by_label("假日").fill("2027-01-01")
    await save(newer)
    await expect(newer.get_by_text("已保存，正在走的时限这就重算")).to_be_visible()
    kept = await db.read(business_calendars.get_calendar, calendar_id, by=None)
    assert (kept.hours, kept.holidays) == ("每天 11:00-18:00", "2027-01-01")


@pytest.mark.parametrize("path", ["/deadlines", "/macros"])
async def test_a_dialog_stays_open_with_what_was_typed(
    service: Application, signed_in: SignedIn, guard: Guard, path: str
) -> None:
    db, now = service.state.service.db, datetime.now(UTC)
    await db.write(policies.add, by=None, written=policies.Written("原来的", resolution_m=60), now=now)
    ye = await make_agent(db, "ye", roles=[Role.operator])
    await db.write(macros.add, by=ye, written=macros.Written("原来的", closes=True), now=now)
    context = await signed_in("zhou", Role.supervisor, **NARROW)
    page, other = await context.new_page(), await context.new_page()
    for each, name in ((page, "先来的"), (other, "后来的")):
        await each.goto(path)
        await each.get_by_role("button", name="修改").first.click()
        await each.get_by_role("dialog").get_by_label("名字").fill(name)
    await save(page)
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.get_by_text("先来的")).to_be_visible()
    guard.expect("409")
    await save(other)
    dialog = other.get_by_role("dialog")
    await expect(dialog.get_by_text(REFUSED)).to_be_in_viewport()
    await expect(dialog.get_by_label("名字")).to_have_value("后来的")
    await expect(dialog.get_by_role("link", name="在新窗口看新的样子")).to_have_attribute("href", path)
