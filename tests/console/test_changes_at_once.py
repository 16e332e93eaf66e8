"""Calendars, deadlines and macros over HTTP when they are changed: who is refused, and what follows a change."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.agents import business_calendars, hours, sessions, teams
from app.agents.business_calendars import Written
from app.agents.calendars import BEIJING
from app.agents.models import Language
from app.agents.rights import Role
from app.console.times import days_of
from app.console.year_picture import picture_of
from app.tickets import recounting
from app.tickets.models import TicketEvent
from tests.agents.years import as_json
from tests.console.conftest import HTMX, Console, Person
from tests.factories import deadlines, ticketing
from tests.factories.conversations import NOW
from tests.factories.people import make_team
from tests.tickets.test_clocks import opened

OFFICE = {"name": "办公室", "hours": "周一至周五 9:00-18:00", "holidays": "", "workdays": ""}
POLICY = {"name": "投诉", "kind": "complaint", "resolution": "40", "resolution_unit": "h", "warn": "80"}
MACRO = {"name": "关闭", "closes": "yes"}
FORMS = {"/calendars": OFFICE, "/deadlines": POLICY, "/macros": MACRO}
RECOUNTS = "正在按新的日历和时限重算没有关闭的工单"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The rules are tried on both engines elsewhere."""
    return sqlite_url


@pytest.fixture
async def zhou(console: Console) -> Person:
    return await console.person("zhou", Role.supervisor, name="周正")


async def made(person: Person, page: str) -> str:
    """The address of a new one."""
    answer = await person.post(page, **FORMS[page])
    if "hx-redirect" in answer.headers:
        return answer.headers["hx-redirect"]
    (found,) = re.findall(rf'hx-get="({page}/\d+)"', (await person.get(page)).text)
    return str(found)


def version_in(shown: str) -> str:
    (found,) = re.findall(r'<input type="hidden" name="version" value="(\d+)">', shown)
    return str(found)


async def version_at(person: Person, path: str) -> str:
    """Of which state a form knows that is opened now."""
    return version_in((await person.http.get(path, headers=HTMX)).text)


async def import_year(person: Person, path: str) -> None:
    headers = HTMX | {"x-csrf": sessions.csrf(person.token)}
    answer = await person.http.post(f"{path}/days", files={"file": ("2027.json", as_json())}, headers=headers)
    assert answer.status_code == 204, answer.text


async def recount(console: Console) -> None:
    while await console.db.write(recounting.step, now=datetime.now(UTC) + recounting.SETTLED):
        pass


# -------------------- two who change one thing


@pytest.mark.parametrize("page", FORMS)
async def test_a_stale_form_is_refused_at_its_end_and_changes_nothing(
    console: Console, zhou: Person, page: str
) -> None:
    ning = await console.person("ning", Role.supervisor, name="宁远")
    path = await made(zhou, page)
    seen = await version_at(zhou, path)
    assert seen == await version_at(ning, path)
    saved = await zhou.post(path, **FORMS[page] | {"name": "周正的", "version": seen})
    assert (saved.is_success, "hx-trigger" in saved.headers) == (True, True)
    refused = await ning.post(path, **FORMS[page] | {"name": "宁远的", "version": seen})
    assert (refused.status_code, refused.headers["x-refused"]) == (409, "ChangedByPerson")
    sentence = refused.json()["fields"]["version"]
    assert re.match(r"周正 在 \d{4}-\d\d-\d\d \d\d:\d\d 改过这里，您的修改没有保存；写的都还留着", sentence), sentence
    shown = (await ning.get(page)).text
    assert ("周正的" in shown, "宁远的" in shown) == (True, False)
    await ning.post("/account/language", language="en")
    english = (await ning.post(path, **FORMS[page] | {"name": "宁远的", "version": seen})).json()["fields"]["version"]
    assert "your change was not saved" in english
    again = await ning.post(path, **FORMS[page] | {"name": "宁远的", "version": await version_at(ning, path)})
    assert again.is_success
    assert "宁远的" in (await ning.get(page)).text
    for beyond in (2**31, 2**62, "9" * 30):
        assert (await ning.post(path, **FORMS[page] | {"version": beyond})).status_code == 422


@pytest.mark.parametrize("page", FORMS)
async def test_a_form_has_a_way_to_the_newer_state_and_a_new_thing_none(zhou: Person, page: str) -> None:
    path = await made(zhou, page)
    shown = (await zhou.http.get(path, headers=HTMX)).text
    assert re.search(
        rf'<a class="button" href="{page}(/\d+)?" target="_blank" rel="noopener">在新窗口看新的样子', shown
    )
    if page != "/calendars":
        assert 'name="version"' not in (await zhou.http.get(f"{page}/new", headers=HTMX)).text


async def test_a_calendar_is_saved_twice_from_one_page(zhou: Person) -> None:
    """Its form stays, and learns of its own change."""
    path = await made(zhou, "/calendars")
    first = await zhou.post(path, **OFFICE | {"name": "总部", "version": await version_at(zhou, path)})
    second = await zhou.post(path, **OFFICE | {"name": "分部", "version": version_in(first.text)})
    assert second.status_code == 200
    unchanged = await zhou.post(path, **OFFICE | {"name": "分部", "version": version_in(second.text)})
    assert version_in(unchanged.text) == version_in(second.text) == await version_at(zhou, path)


async def test_a_file_that_was_imported_makes_an_open_form_stale(zhou: Person) -> None:
    path = await made(zhou, "/calendars")
    seen = await version_at(zhou, path)
    await import_year(zhou, path)
    assert (await zhou.post(path, **OFFICE | {"version": seen})).status_code == 409
    assert "2027-01-01..2027-01-03" in (await zhou.get(path)).text


# -------------------- what follows


async def test_a_change_says_what_it_moves_and_how_far_that_has_come(console: Console, zhou: Person) -> None:
    path, team = await made(zhou, "/calendars"), await make_team(console.db, "会员服务")
    unused = await zhou.post(path, **OFFICE | {"hours": "每天 9:00-18:00"})
    assert RECOUNTS not in unused.text
    assert "现在没有正在走的时限用到它" in unused.text
    await zhou.post(f"/teams/{team}/calendar", calendar=path.split("/")[-1])
    await deadlines.policy(console.db, resolution_m=60)
    await opened(console.db, zhou.actor, datetime.now(UTC), team_id=team)
    await recount(console)
    assert "保存以后，正在走的 1 个时限会重算" in (await zhou.get(path)).text
    saved = await zhou.post(path, **OFFICE)
    assert RECOUNTS in saved.text
    for page in ("/calendars", "/deadlines", "/recounts", path):
        shown = (await zhou.get(page)).text
        assert (RECOUNTS in shown, 'hx-get="/recounts" hx-trigger="every 3s"' in shown) == (True, True), page
    await recount(console)
    for page in ("/calendars", "/deadlines", "/recounts", path):
        shown = (await zhou.get(page)).text
        assert (RECOUNTS in shown, 'hx-get="/recounts"' in shown) == (False, False), page


async def test_a_policy_that_changes_is_followed_by_a_recount(console: Console, zhou: Person) -> None:
    await deadlines.policy(console.db, resolution_m=60)
    await opened(console.db, zhou.actor, datetime.now(UTC))
    form = (await zhou.http.get("/deadlines/new", headers=HTMX)).text
    assert "保存以后，正在走的 1 个时限会重算" in form
    assert RECOUNTS not in (await zhou.get("/recounts")).text
    await zhou.post("/deadlines", **POLICY)
    assert RECOUNTS in (await zhou.get("/recounts")).text
    await console.db.write(recounting.step, now=datetime.now(UTC) + recounting.SETTLED)
    assert f"{RECOUNTS}，已经看过 1 个" in (await zhou.get("/recounts")).text


async def test_only_what_is_counted_anew_is_said_to_be(console: Console, zhou: Person) -> None:
    """A name times nothing, and neither does a calendar that says the same as the one before it."""

    async def said(path: str, **fields: Any) -> str:
        return str(json.loads((await zhou.post(path, **fields)).headers["hx-trigger"])["said"])

    recounted = "已保存，正在走的时限这就重算"
    policy, team = await made(zhou, "/deadlines"), await make_team(console.db, "会员服务")
    assert await said(policy, **POLICY | {"name": "新名字"}) == "已保存"
    assert await said(policy, **POLICY | {"resolution": "41"}) == recounted
    calendar = (await made(zhou, "/calendars")).split("/")[-1]
    assert await said(f"/teams/{team}/calendar", calendar=calendar) == recounted
    assert await said(f"/teams/{team}/calendar", calendar=calendar) == "已保存"
    path = f"/calendars/{calendar}"
    assert await said(path, **OFFICE | {"name": "总部"}) == "已保存"
    assert await said(path, **OFFICE | {"holidays": "2026-10-01"}) == recounted


async def test_whoever_may_not_change_them_is_told_nothing_of_it(console: Console) -> None:
    lin = await console.person("lin", Role.agent)
    assert (await lin.get("/recounts")).status_code == 403


# -------------------- names of holidays


async def test_names_of_holidays_are_shown_with_their_days(zhou: Person) -> None:
    path = await made(zhou, "/calendars")
    await import_year(zhou, path)
    shown = (await zhou.get(f"{path}?year=2027")).text
    assert shown.count('title="春节"') == 4
    assert '<td class="made_up" title="国庆节">9<span>班</span></td>' in shown
    assert "<dt>元旦</dt><dd>1 月 1 日至 3 日</dd>" in shown
    assert (
        '<dt>春节</dt><dd>2 月 5 日至 7 日 <span class="meta">调休上班 2 月 14 日</span></dd>' in shown
    )  # fmt: skip
    typed = OFFICE | {"holidays": "2027-02-05..2027-02-06", "year": "2027"}
    as_typed = (await zhou.post("/calendars/preview", **typed, calendar=path.split("/")[-1])).text
    assert "<dt>春节</dt><dd>2 月 5 日至 6 日</dd>" in as_typed
    assert "元旦" not in as_typed
    assert "春节" not in (await zhou.post("/calendars/preview", **typed)).text
    assert "春节" not in (await zhou.post("/calendars/preview", **typed, calendar="987654")).text
    assert "春节" not in (await zhou.get(f"{path}?year=2026")).text
    await zhou.post("/account/language", language="en")
    assert "<dt>春节</dt><dd>Feb 5–7 <span" in (await zhou.get(f"{path}?year=2027")).text


def test_holidays_are_told_by_their_first_free_day() -> None:
    """The National Day of 2026 made up a day before the Mid-Autumn Festival."""
    written = Written("x", "周一至周五 9:00-18:00", "2026-09-25..2026-09-27, 2026-10-01, 2027-01-01", "2026-09-20")
    calendar = business_calendars.read_written(written)
    names = {
        date(2026, 9, 20): "国庆节",
        date(2026, 10, 1): "国庆节",
        date(2027, 1, 1): "元旦",
        date(2026, 3, 1): "旧的",
    }
    names |= {date(2026, 9, day): "中秋节" for day in (25, 26, 27)}
    told = picture_of(calendar, 2026, names).named
    assert [holiday.name for holiday in told] == ["中秋节", "国庆节"]
    assert told[1].made_up == ((date(2026, 9, 20), date(2026, 9, 20)),)


@pytest.mark.parametrize(
    ("ranges", "chinese", "english"),
    [
        ([((10, 1), (10, 7))], "10 月 1 日至 7 日", "Oct 1–7"),
        ([((1, 30), (2, 2))], "1 月 30 日至 2 月 2 日", "Jan 30–Feb 2"),
        ([((5, 1), (5, 1)), ((5, 3), (5, 5))], "5 月 1 日、5 月 3 日至 5 日", "May 1, May 3–5"),
        ([], "", ""),
    ],
)
def test_days_are_told_in_both_languages(ranges: list[Any], chinese: str, english: str) -> None:
    given = [(date(2026, *first), date(2026, *last)) for first, last in ranges]
    assert (days_of(Language.zh, given), days_of(Language.en, given)) == (chinese, english)


# -------------------- years that are missing


async def test_a_year_without_holidays_is_told_where_deadlines_are_kept(console: Console, zhou: Person) -> None:
    path, team = await made(zhou, "/calendars"), await make_team(console.db, "会员服务")
    this_year = datetime.now(BEIJING).year
    await zhou.post(path, **OFFICE | {"holidays": "2020-01-01"})
    said = f"工作日历“办公室”还没有 {this_year} 年的假日"
    assert said in (await zhou.get(path)).text
    assert said not in (await zhou.get("/calendars")).text  # nobody works by it
    await zhou.post(f"/teams/{team}/calendar", calendar=path.split("/")[-1])
    for page in ("/calendars", "/deadlines", path):
        shown = (await zhou.get(page)).text
        assert (said in shown, f'href="{path}?year={this_year}#import-part"' in shown) == (True, True), page
    await console.db.write(hours.keep_default, "每天 9:00-18:00", "2020-01-01", "", now=NOW)
    assert f"服务时间还没有 {this_year} 年的假日" in (await zhou.get("/deadlines")).text
    known = f"{this_year}-01-01, {this_year + 1}-01-01"
    await console.db.write(hours.keep_default, "每天 9:00-18:00", known, "", now=NOW)
    await zhou.post(path, **OFFICE | {"holidays": known})
    for page in ("/calendars", "/deadlines", path):
        assert "missing-year" not in (await zhou.get(page)).text, page


async def test_a_ticket_says_that_its_deadline_reaches_into_a_year_without_holidays(
    console: Console, zhou: Person
) -> None:
    team, now = await make_team(console.db, "会员服务"), datetime.now(UTC)
    written = Written("办公室", "每天 0:00-24:00", "2020-01-01")
    calendar_id = await console.db.write(business_calendars.add, by=None, written=written, now=now)
    await console.db.write(teams.set_calendar, team, by=None, calendar_id=calendar_id, now=now)
    await deadlines.policy(console.db, resolution_m=60)
    ticket, elsewhere = (
        await opened(console.db, zhou.actor, now, team_id=team),
        await opened(console.db, zhou.actor, now),
    )
    year = (now + timedelta(hours=1)).astimezone(BEIJING).year
    said = f"{year} 年的假日还没有导入，到那时的期限可能会变"
    assert said in (await zhou.get(f"/tickets/{ticket}")).text
    assert "还没有导入" not in (await zhou.get(f"/tickets/{elsewhere}")).text


# -------------------- in a ticket's history


async def test_a_ticket_says_what_was_counted_anew_and_why(console: Console, zhou: Person) -> None:
    ticket = await ticketing.ticket(console.db)
    before, after = "2026-11-24T10:00:00+00:00", "2026-11-25T01:30:00+00:00"

    def add(session: Session) -> None:
        for why, due in (
            ("calendar", {"resolution": [before, after]}), ("team", {"first_response": [None, after]}),
            ("policy", {"resolution": [before, None], "complaint": [before, after]}),
        ):  # fmt: skip
            detail = {"why": why, "due": due}
            session.add(TicketEvent(
                ticket_id=ticket, kind="recounted", author="clock", text="", detail=detail, at=NOW
            ))  # fmt: skip

    await console.db.write(add)
    shown = re.sub(r"\s+", " ", (await zhou.get(f"/tickets/{ticket}")).text)
    assert "工作日历变动：“办结”由 2026-11-24 18:00 改为 2026-11-25 09:30" in shown
    assert "小组换了工作日历：“首次答复”2026-11-25 09:30 到期" in shown
    assert "时限规则变动：不再限“办结”；“投诉答复期限”由 2026-11-24 18:00 改为 2026-11-25 09:30" in shown
    await zhou.post("/account/language", language="en")
    english = re.sub(r"\s+", " ", (await zhou.get(f"/tickets/{ticket}")).text)
    assert "The calendar changed" in english
