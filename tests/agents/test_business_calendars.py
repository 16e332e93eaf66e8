"""Business calendars: kept, given to teams, filled from files."""

import asyncio
from datetime import date, timedelta

import pytest

from app.agents import audit, business_calendars, teams
from app.agents.business_calendars import (
    CalendarNameTaken,
    CalendarNotFound,
    CalendarUsed,
    DaysInvalid,
    HoursInvalid,
    HoursTwice,
    TooManyDays,
    Written,
)
from app.agents.calendars import ALWAYS
from app.agents.day_files import DayTwice
from app.agents.hours import calendar_for
from app.agents.naming import NameInvalid
from app.agents.rights import Actor, Forbidden
from app.db.database import Database
from app.errors import AppError
from tests.agents.years import as_json, as_table
from tests.factories.conversations import NOW
from tests.factories.people import make_team

OFFICE = Written("办公室", "周一至周五 9:00-18:00", "2026-10-07, 2026-10-01..2026-10-06", "2026-10-10")


async def make(db: Database, written: Written = OFFICE) -> int:
    return await db.write(business_calendars.add, by=None, written=written, now=NOW)


async def test_calendars_are_kept_tidy_and_found_again(db: Database, zhou: Actor) -> None:
    calendar_id = await db.write(business_calendars.add, by=zhou, written=OFFICE, now=NOW)
    night = await make(db, Written(" 夜班 ", "每天  22:00-6:00"))
    kept = await db.read(business_calendars.list_calendars, by=zhou)
    assert [(one.id, one.name, one.hours, one.holidays, one.workdays, one.teams) for one in kept] == [
        (calendar_id, "办公室", "周一至周五 9:00-18:00", "2026-10-01..2026-10-07", "2026-10-10", ()),
        (night, "夜班", "每天 22:00-6:00", "", "", ()),
    ]
    assert kept[0].calendar.describe() == "周一至周五 9:00–18:00"
    changed = Written("办公室", "周一至周六 9:00-18:00", "", "2026-10-10")
    for _ in range(2):
        await db.write(business_calendars.edit, calendar_id, by=zhou, written=changed, now=NOW + timedelta(hours=1))
    found = await db.read(business_calendars.get_calendar, calendar_id, by=zhou)
    assert (found.hours, found.holidays, found.updated_at) == ("周一至周六 9:00-18:00", "", NOW + timedelta(hours=1))
    recorded = await db.read(audit.list_entries, by=None, action="calendars.")
    assert [(entry.action, entry.agent_id) for entry in recorded] == [
        ("calendars.edit", zhou.id), ("calendars.add", None), ("calendars.add", zhou.id)
    ]  # fmt: skip
    assert recorded[0].detail["before"] == {"holidays": "2026-10-01..2026-10-07", "hours": "周一至周五 9:00-18:00"}


@pytest.mark.parametrize(
    ("written", "error"),
    [
        (Written("办公室", "每天 9:00-18:00"), CalendarNameTaken),
        (Written(" ", "每天 9:00-18:00"), NameInvalid),
        (Written("新的", ""), HoursInvalid),
        (Written("新的", "九点到五点"), HoursInvalid),
        (Written("新的", "每天 9:00-18:00;" * 100), HoursInvalid),
        (Written("新的", "每天 9:00-18:00, 12:00-13:00"), HoursTwice),
        (Written("新的", "每天 9:00-18:00", "国庆"), DaysInvalid),
        (Written("新的", "每天 9:00-18:00", "", "2026-10-07..2026-10-01"), DaysInvalid),
        (Written("新的", "每天 9:00-18:00", ",".join(f"{year}-05-01" for year in range(2000, 2999))), TooManyDays),
    ],
)  # fmt: skip
async def test_what_cannot_be_kept_is_refused(db: Database, written: Written, error: type[AppError]) -> None:
    await make(db)
    with pytest.raises(error):
        await make(db, written)
    other = await make(db, Written("夜班", "每天 22:00-6:00"))
    with pytest.raises(error):
        await db.write(business_calendars.edit, other, by=None, written=written, now=NOW)
    assert len(await db.read(business_calendars.list_calendars, by=None)) == 2


async def test_a_team_works_by_its_calendar(db: Database, zhou: Actor) -> None:
    team, calendar_id = await make_team(db, "会员服务"), await make(db)
    assert await db.read(calendar_for, team) is ALWAYS
    assert await db.read(calendar_for, None) is ALWAYS
    for _ in range(2):
        await db.write(teams.set_calendar, team, by=zhou, calendar_id=calendar_id, now=NOW)
    own = await db.read(calendar_for, team)
    assert own.describe() == "周一至周五 9:00–18:00"
    assert own is await db.read(calendar_for, team)  # read once
    (listed,) = await db.read(teams.list_teams)
    assert listed.calendar_id == calendar_id
    longer = Written("办公室", "每天 9:00-18:00")
    await db.write(business_calendars.edit, calendar_id, by=None, written=longer, now=NOW)
    assert (await db.read(calendar_for, team)).describe() == "每天 9:00–18:00"
    await db.write(teams.set_calendar, team, by=zhou, calendar_id=None, now=NOW)
    assert await db.read(calendar_for, team) is ALWAYS
    recorded = await db.read(audit.list_entries, by=None, action="team.calendar")
    assert [entry.detail for entry in recorded] == [
        {"before": ["办公室"], "after": []}, {"before": [], "after": ["办公室"]}
    ]  # fmt: skip


async def test_a_calendar_that_is_used_stays(db: Database, zhou: Actor, lin: Actor) -> None:
    team, calendar_id = await make_team(db, "会员服务"), await make(db)
    await db.write(teams.set_calendar, team, by=zhou, calendar_id=calendar_id, now=NOW)
    with pytest.raises(CalendarUsed, match="会员服务"):
        await db.write(business_calendars.delete, calendar_id, by=zhou, now=NOW)
    with pytest.raises(Forbidden):
        await db.write(teams.set_calendar, team, by=lin, calendar_id=None, now=NOW)
    await db.write(teams.set_calendar, team, by=zhou, calendar_id=None, now=NOW)
    await db.write(business_calendars.delete, calendar_id, by=zhou, now=NOW)
    assert await db.read(business_calendars.list_calendars, by=zhou) == []
    with pytest.raises(CalendarNotFound):
        await db.write(teams.set_calendar, team, by=zhou, calendar_id=calendar_id, now=NOW)
    with pytest.raises(CalendarNotFound):
        await db.write(business_calendars.delete, calendar_id, by=zhou, now=NOW)


@pytest.mark.parametrize("first", ["delete", "give"])
async def test_what_is_given_while_it_is_deleted_is_refused_with_a_sentence(db: Database, first: str) -> None:
    team, calendar_id = await make_team(db, "会员服务"), await make(db)
    deleting = db.write(business_calendars.delete, calendar_id, by=None, now=NOW)
    giving = db.write(teams.set_calendar, team, by=None, calendar_id=calendar_id, now=NOW)
    both = (deleting, giving) if first == "delete" else (giving, deleting)
    outcomes = await asyncio.gather(*both, return_exceptions=True)
    refused = [type(outcome) for outcome in outcomes if isinstance(outcome, Exception)]
    assert refused in ([CalendarUsed], [CalendarNotFound])


async def test_a_year_takes_the_place_of_the_same_year(db: Database, zhou: Actor) -> None:
    written = Written("办公室", "周一至周五 9:00-18:00", "2026-10-01..2026-10-07, 2027-05-01..2027-05-05", "2027-05-08")
    calendar_id = await make(db, written)
    seen = await db.read(business_calendars.preview_days, calendar_id, as_json(), by=zhou)
    assert (seen.holidays, seen.workdays, seen.years, seen.replaced) == (7, 2, (2027,), 6)
    assert (await db.read(business_calendars.get_calendar, calendar_id, by=zhou)).workdays == "2027-05-08"
    for replaced in (6, 9):
        done = await db.write(business_calendars.import_days, calendar_id, as_json(), by=zhou, now=NOW)
        assert done.replaced == replaced
    kept = await db.read(business_calendars.get_calendar, calendar_id, by=zhou)
    assert kept.holidays == ("2026-10-01..2026-10-07, 2027-01-01..2027-01-03, 2027-02-05..2027-02-07, 2027-10-01")
    assert kept.workdays == "2027-02-14, 2027-10-09"
    (last, _) = await db.read(audit.list_entries, by=None, action="calendars.import")
    assert last.detail == {"name": "办公室", "years": [2027], "holidays": 7, "workdays": 2}


async def test_nothing_is_half_imported(db: Database) -> None:
    calendar_id = await make(db)
    with pytest.raises(DayTwice):
        await db.write(
            business_calendars.import_days, calendar_id, "2026-01-01,元旦,休\n2026-01-01,元旦,班".encode(), by=None,
            now=NOW,
        )  # fmt: skip
    assert (await db.read(business_calendars.get_calendar, calendar_id, by=None)).holidays == "2026-10-01..2026-10-07"


# -------------------- names of holidays


async def names(db: Database, calendar_id: int) -> dict[str, str]:
    kept = await db.read(business_calendars.get_calendar, calendar_id, by=None)
    found = await db.read(business_calendars.find_names, calendar_id, by=None)
    assert kept.names == found
    return {str(day)[5:]: name for day, name in found.items()}


@pytest.mark.parametrize("content", [as_json(), as_table().encode()], ids=["json", "table"])
async def test_names_of_holidays_are_kept_with_their_days(db: Database, zhou: Actor, content: bytes) -> None:
    calendar_id = await make(db, Written("办公室", "周一至周五 9:00-18:00", "2026-10-01", ""))
    await db.write(business_calendars.import_days, calendar_id, content, by=zhou, now=NOW)
    named = {
        "01-01": "元旦", "01-02": "元旦", "01-03": "元旦", "02-05": "春节", "02-06": "春节", "02-07": "春节",
        "02-14": "春节", "10-01": "国庆节", "10-09": "国庆节",
    }  # fmt: skip
    assert await names(db, calendar_id) == named
    # What is typed decides which days there are: a day that is taken out takes its name with it, a new one has none.
    typed = Written("总部", "每天 9:00-18:00", "2027-01-01, 2027-02-05..2027-02-08", "2027-02-14")
    await db.write(business_calendars.edit, calendar_id, by=zhou, written=typed, now=NOW)
    kept = {day: named[day] for day in ("01-01", "02-05", "02-06", "02-07", "02-14")}
    assert await names(db, calendar_id) == kept
    other = "2026-10-01,国庆节,休\n2026-10-10,国庆节,班\n".encode()
    await db.write(business_calendars.import_days, calendar_id, other, by=zhou, now=NOW)
    assert await names(db, calendar_id) == {"10-01": "国庆节", "10-10": "国庆节"} | kept
    bare = "2027-01-01,休\n2027-10-01,休\n".encode()
    await db.write(business_calendars.import_days, calendar_id, bare, by=zhou, now=NOW)
    assert await names(db, calendar_id) == {"10-01": "国庆节", "10-10": "国庆节"}  # of 2026; this file names none
    assert await db.read(business_calendars.find_names, 987_654, by=zhou) == {}


async def test_names_alone_are_taken_in_and_count_as_a_change(db: Database) -> None:
    calendar_id = await make(db, Written("办公室", "每天 9:00-18:00", "2027-10-01", ""))
    before = (await db.read(business_calendars.get_calendar, calendar_id, by=None)).version
    for _ in range(2):
        content = "2027-10-01,国庆节,休\n".encode()
        await db.write(business_calendars.import_days, calendar_id, content, by=None, now=NOW)
    kept = await db.read(business_calendars.get_calendar, calendar_id, by=None)
    assert (kept.names, kept.version) == ({date(2027, 10, 1): "国庆节"}, before + 1)
