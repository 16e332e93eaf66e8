"""Business calendars over HTTP: the list, a page of each, what one types, a year from a file."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from app.agents import business_calendars, sessions
from app.agents.business_calendars import Written
from app.agents.calendars import ALWAYS, read_calendar
from app.agents.models import Language
from app.agents.rights import Role
from app.console.times import hours_of
from app.console.year_picture import DayKind, picture_of
from app.settings import Settings
from tests.agents.years import as_json, as_table
from tests.console.conftest import HTMX, Console, Person
from tests.factories.people import make_team

HOURS = "周一至周五 9:00-18:00"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The rules are tried on both engines elsewhere."""
    return sqlite_url


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"service_hours": "每天 8:00-20:00"})


@pytest.fixture
async def zhou(console: Console) -> Person:
    return await console.person("zhou", Role.supervisor, name="周正")


async def upload(person: Person, path: str, content: bytes) -> Any:
    headers = HTMX | {"x-csrf": sessions.csrf(person.token)}
    return await person.http.post(path, files={"file": ("2027.csv", content)}, headers=headers)


async def make(console: Console, **given: str) -> int:
    written = Written(given.pop("name", "办公室"), HOURS, **given)
    return await console.db.write(business_calendars.add, by=None, written=written, now=datetime.now(UTC))


async def test_a_calendar_is_added_changed_and_deleted(console: Console, zhou: Person) -> None:
    empty = (await zhou.get("/calendars")).text
    assert "还没有工作日历" in empty
    assert "每天 8:00–20:00" in empty  # the default
    added = await zhou.post("/calendars", name="<办公室>", hours=HOURS)
    path = added.headers["hx-redirect"]
    assert re.fullmatch(r"/calendars/\d+", path)
    shown = (await zhou.get(path)).text
    assert "&lt;办公室&gt;" in shown
    assert "周一至周五 9:00–18:00" in shown
    changed = await zhou.post(path, name="办公室", hours="每天 9:00-18:00", holidays="2026-10-01", workdays="")
    assert (changed.status_code, "hx-trigger" in changed.headers) == (200, True)
    wrong = await zhou.post(path, name="办公室", hours="九点", holidays="", workdays="")
    assert (wrong.status_code, "九点" in wrong.json()["error"]) == (422, True)
    listed = (await zhou.get("/calendars")).text
    assert "每天 9:00–18:00" in listed
    assert (await zhou.post(f"{path}/delete")).headers["hx-redirect"] == "/calendars"
    assert (await zhou.get(path)).status_code == 404


async def test_what_one_types_is_shown_as_a_year(console: Console, zhou: Person) -> None:
    typed = {"hours": HOURS, "holidays": "2027-01-01, 2027-10-01", "workdays": "2027-10-09", "year": "2027"}
    shown = (await zhou.post("/calendars/preview", **typed)).text
    assert shown.count('class="holiday"') == 2
    assert '<td class="made_up">9<span>班</span></td>' in shown
    assert "上班 260 天 · 假日 2 天 · 调休上班 1 天" in shown
    assert 'value="2026"' in shown
    assert 'value="2028"' in shown
    both = (await zhou.post("/calendars/preview", **typed | {"workdays": "2027-10-01"})).text
    assert "按上班算：2027-10-01" in both
    wrong = (await zhou.post("/calendars/preview", **typed | {"holidays": "国庆<b>"})).text
    assert "读不懂日期“国庆&lt;b&gt;”" in wrong
    assert "months" not in wrong
    assert (await zhou.post("/calendars/preview", **typed | {"year": "99999999999999999999"})).status_code == 422


async def test_a_year_is_looked_at_before_it_is_imported(console: Console, zhou: Person) -> None:
    calendar_id = await make(console, holidays="2026-10-01, 2027-05-01")
    path = f"/calendars/{calendar_id}/days"
    found = (await upload(zhou, f"{path}/preview", as_json())).text
    assert "导入 2027 年" in found
    assert "这个日历里同一年的 1 天" in found
    bad = await upload(zhou, f"{path}/preview", as_table().replace("2027-10-01", "2027-10-32").encode())
    assert (bad.status_code, "第 9 行读不懂：2027-10-32" in bad.text, "导入 2027" in bad.text) == (200, True, False)
    assert (await console.db.read(business_calendars.get_calendar, calendar_id, by=None)).holidays.endswith("05-01")
    done = await upload(zhou, path, as_table().encode("gb18030"))
    assert done.headers["hx-redirect"] == f"/calendars/{calendar_id}?year=2027"
    shown = (await zhou.get(done.headers["hx-redirect"])).text
    assert "2026-10-01, 2027-01-01..2027-01-03, 2027-02-05..2027-02-07, 2027-10-01" in shown
    assert "假日 7 天 · 调休上班 2 天 · 另有 2026 年" in shown
    for content in (b"", b"," * 300_000):
        refused = await upload(zhou, path, content)
        assert (refused.status_code, "256 KB" in refused.json()["error"]) == (422, True)
    assert (await upload(zhou, "/calendars/987654/days/preview", as_json())).status_code == 404


def test_hours_are_told_in_both_languages() -> None:
    calendar = read_calendar("周一至周五 9:00-12:00, 13:30-18:00; 周六 22:00-2:00")
    assert hours_of(Language.en, calendar) == "Mon–Fri 9:00–12:00, 13:30–18:00; Sat 22:00–2:00 next day"
    assert hours_of(Language.zh, calendar) == "周一至周五 9:00–12:00、13:30–18:00，周六 22:00–次日 2:00"
    assert hours_of(Language.en, ALWAYS) == "daily 0:00–24:00"


async def test_a_year_is_shown_in_english(console: Console, zhou: Person) -> None:
    calendar_id = await make(console, holidays="2027-01-01", workdays="2027-01-03")
    await zhou.post("/account/language", language="en")
    shown = (await zhou.get(f"/calendars/{calendar_id}?year=2027")).text
    assert '<td class="holiday">1<span>off</span></td>' in shown
    assert '<td class="made_up">3<span>on</span></td>' in shown
    assert "Mon–Fri 9:00–18:00" in shown


async def test_a_team_is_given_its_calendar(console: Console, zhou: Person) -> None:
    team, calendar_id = await make_team(console.db, "会员服务"), await make(console)
    assert f'value="{calendar_id}" >办公室' in (await zhou.get(f"/teams/{team}")).text
    assert (await zhou.post(f"/teams/{team}/calendar", calendar=str(calendar_id))).status_code == 204
    assert f'value="{calendar_id}" selected>办公室' in (await zhou.get(f"/teams/{team}")).text
    assert '<span class="chip">会员服务</span>' in (await zhou.get("/calendars")).text
    shown = (await zhou.get(f"/calendars/{calendar_id}")).text
    assert "还有小组在用，不能删除：会员服务" in shown
    refused = await zhou.post(f"/calendars/{calendar_id}/delete")
    assert (refused.status_code, "会员服务" in refused.json()["error"]) == (409, True)
    assert (await zhou.post(f"/teams/{team}/calendar", calendar="")).status_code == 204
    assert "没有小组在用" in (await zhou.get(f"/calendars/{calendar_id}")).text
    assert (await zhou.post(f"/teams/{team}/calendar", calendar="987654")).status_code == 404


async def test_whoever_may_not_sees_and_sends_nothing(console: Console) -> None:
    lin = await console.person("lin", Role.agent)
    calendar_id = await make(console)
    for path in ("/calendars", f"/calendars/{calendar_id}"):
        assert (await lin.get(path)).status_code == 403
    assert (await upload(lin, f"/calendars/{calendar_id}/days", as_json())).status_code == 403
    typed = {"hours": HOURS, "holidays": "", "workdays": "", "year": "2027"}
    assert (await lin.post("/calendars/preview", **typed)).status_code == 403
    assert 'href="/calendars"' not in (await lin.get("/account")).text


async def test_changes_are_told_in_the_record(console: Console, zhou: Person, admin: Person) -> None:
    calendar_id, team = await make(console), await make_team(console.db, "会员服务")
    await upload(zhou, f"/calendars/{calendar_id}/days", as_json())
    await zhou.post(f"/teams/{team}/calendar", calendar=str(calendar_id))
    await zhou.post(f"/calendars/{calendar_id}", name="总部", hours=HOURS, holidays="", workdays="")
    shown = (await admin.get("/audit")).text
    for said in (
        "添加了工作日历 办公室：周一至周五 9:00-18:00", "给工作日历 办公室 导入了 2027 年：假日 7 天，调休上班 2 天",
        "修改了小组 会员服务 的工作日历：– → 办公室", "修改了工作日历 总部 的假日、名字、调休上班",
    ):  # fmt: skip
        assert said in shown


def test_a_picture_has_each_day_of_the_year_once() -> None:
    calendar = read_calendar("周一至周五 9:00-18:00", "2028-02-29, 2028-01-01, 2029-01-01", "2028-01-02")
    picture = picture_of(calendar, 2028)
    days = [day for month in picture.months for week in month.weeks for day in week if day]
    assert len(days) == 366
    assert all(len(week) == 7 for month in picture.months for week in month.weeks)
    assert picture.months[1].weeks[4] == (
        (28, DayKind.worked, ""), (29, DayKind.holiday, ""), None, None, None, None, None
    )  # fmt: skip
    assert picture.months[0].weeks[0][5:] == ((1, DayKind.holiday, ""), (2, DayKind.made_up, ""))
    assert (picture.worked, picture.holidays, picture.made_up) == (260, 2, 1)
    assert picture.other_years == (2029,)
