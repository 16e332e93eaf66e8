"""A calendar from its first hours to the team that works by it, in a browser."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import expect

from app.agents import business_calendars
from app.agents.hours import calendar_for
from app.agents.rights import Role
from app.desk.tickets import macros
from app.main import Application
from app.tickets import policies
from tests.agents.years import as_json
from tests.browser.axe import findings, needs_axe
from tests.browser.conftest import SignedIn
from tests.browser.guard import Guard
from tests.factories.conversations import NOW
from tests.factories.people import make_agent, make_team

WIDE = {"viewport": {"width": 1366, "height": 768}, "locale": "zh-CN"}


async def test_a_calendar_is_made_filled_and_given_to_a_team(
    service: Application, signed_in: SignedIn, guard: Guard, tmp_path: Path
) -> None:
    db = service.state.service.db
    team = await make_team(db, "会员服务")
    page = await (await signed_in("zhou", Role.supervisor, **WIDE)).new_page()
    await page.goto("/calendars")
    await page.get_by_role("button", name="添加工作日历").click()
    adding = page.get_by_role("dialog")
    await adding.get_by_label("名字").fill("办公室")
    await adding.get_by_label("工作时间").fill("周一至周五 9:00")
    guard.expect("422")
    await adding.get_by_role("button", name="添加").click()
    await expect(adding.get_by_text("读不懂工作时间“周一至周五 9:00”")).to_be_visible()
    await adding.get_by_label("工作时间").fill("周一至周五 9:00-18:00")
    await adding.get_by_role("button", name="添加").click()

    year = page.locator("#calendar-year")
    await expect(year.get_by_text(f"{datetime.now(UTC).year} 年还没有假日")).to_be_visible()
    await page.get_by_label("假日").fill("2020-01-01..2020-01-0")
    await expect(year.get_by_text("读不懂日期")).to_be_visible()
    await page.get_by_label("假日").press_sequentially("3")
    await expect(year.get_by_text("另有 2020 年")).to_be_visible()
    await page.get_by_label("工作时间").fill("每天 9:00-18:00")
    await expect(year.get_by_text("每天 9:00–18:00")).to_be_visible()
    await page.get_by_role("button", name="保存").click()
    await expect(page.get_by_text("已保存", exact=True)).to_be_visible()

    for name, content in (("wrong.csv", b"2027-02-30,x,off\n"), ("2027.json", as_json())):
        (tmp_path / name).write_bytes(content)
    await page.get_by_label("文件").set_input_files(tmp_path / "wrong.csv")
    found = page.locator("#days-found")
    await expect(found).to_contain_text("第 1 行读不懂：2027-02-30")
    await expect(found.get_by_role("button")).to_have_count(0)
    await page.get_by_label("文件").set_input_files(tmp_path / "2027.json")
    await expect(found).to_contain_text("没有，这一年原来是空的")
    await found.get_by_role("button", name="导入 2027 年").click()
    await expect(page.locator("td.made_up")).to_have_text(["14班", "9班"])
    await expect(page.locator("td.holiday")).to_have_count(7)
    await expect(year.locator(".holidays")).to_contain_text("2 月 5 日至 7 日 调休上班 2 月 14 日")
    await page.get_by_role("button", name="上一年").click()
    await expect(year.get_by_text("2026 年", exact=True)).to_be_visible()
    await expect(page.get_by_label("假日")).to_have_value(
        "2020-01-01..2020-01-03, 2027-01-01..2027-01-03, 2027-02-05..2027-02-07, 2027-10-01"
    )

    await page.goto(f"/teams/{team}")
    await page.get_by_label("按哪个日历工作").select_option(label="办公室 · 每天 9:00–18:00")
    await page.get_by_role("button", name="保存工作日历").click()
    await expect(page.get_by_text("已保存，正在走的时限这就重算")).to_be_visible()
    own = await db.read(calendar_for, team)
    assert (own.describe(), len(own.holidays), len(own.workdays)) == ("每天 9:00–18:00", 10, 2)
    await page.goto("/calendars")
    await expect(page.get_by_role("row", name="办公室")).to_contain_text("会员服务")


@needs_axe
@pytest.mark.parametrize(("scheme", "width"), [("light", 1366), ("dark", 390)])
async def test_nothing_keeps_anybody_out_of_them(
    service: Application, signed_in: SignedIn, scheme: str, width: int
) -> None:
    db = service.state.service.db
    written = business_calendars.Written("办公室", "周一至周五 9:00-18:00", "2026-10-01..2026-10-07", "2026-10-10")
    calendar_id = await db.write(business_calendars.add, by=None, written=written, now=NOW)
    await db.write(policies.seed_demo, NOW)
    look = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme, "locale": "zh-CN"}
    context = await signed_in("zhou", Role.supervisor, **look)
    ye = await make_agent(db, "ye", roles=[Role.operator])
    await db.write(macros.add, by=ye, written=macros.Written("关闭", closes=True, reply="好"), now=NOW)
    page = await context.new_page()
    for path in ("/calendars", f"/calendars/{calendar_id}?year=2026", "/deadlines", "/macros"):
        await page.goto(path)
        assert await findings(page) == [], path
    for path in ("/deadlines", "/macros"):
        await page.goto(path)
        await page.get_by_role("button", name="修改").first.click()
        await expect(page.get_by_role("dialog").get_by_role("textbox").first).to_be_visible()
        assert await findings(page) == [], path
