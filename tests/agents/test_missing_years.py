"""Years whose holidays are missing in a calendar by which somebody works."""

from datetime import datetime

import pytest

from app.agents import business_calendars, hours, missing_years, teams
from app.agents.business_calendars import Written
from app.agents.calendars import read_calendar
from app.agents.rights import Actor
from app.db.database import Database
from tests.agents.years import as_json
from tests.factories.conversations import NOW
from tests.factories.people import make_team


async def make(db: Database, name: str, holidays: str) -> int:
    written = Written(name, "周一至周五 9:00-18:00", holidays)
    return await db.write(business_calendars.add, by=None, written=written, now=NOW)


@pytest.mark.parametrize(
    ("now", "unknown"),
    [
        ("2026-11-14T15:59:00Z", None), ("2026-11-14T16:00:00Z", 2027), ("2026-12-31T16:00:00Z", 2027),
        ("2027-06-01T00:00:00Z", 2027), ("2025-11-14T15:59:00Z", 2025),
    ],
)  # fmt: skip
def test_a_year_that_is_not_known_is_missed_in_time(now: str, unknown: int | None) -> None:
    """From the middle of November, by Beijing's clocks; make-up days alone are no year."""
    calendar = read_calendar("周一至周五 9:00-18:00", "2026-10-01", "2027-02-14")
    assert missing_years.find_missing(calendar, datetime.fromisoformat(now)) == unknown


async def test_a_missing_year_is_told_of_what_somebody_works_by(db: Database, zhou: Actor) -> None:
    november = datetime.fromisoformat("2026-11-20T00:00:00Z")

    async def told() -> list[tuple[str, int]]:
        found = await db.read(missing_years.list_missing, by=zhou, now=november)
        return [(one.name, one.year) for one in found]

    team, calendar_id = await make_team(db, "会员服务"), await make(db, "办公室", "2026-10-01")
    archived, old = await make_team(db, "从前的"), await make(db, "从前的", "2020-01-01")
    await db.write(teams.set_calendar, archived, by=zhou, calendar_id=old, now=NOW)
    await db.write(teams.archive, archived, by=None, now=NOW)
    assert await told() == []  # nobody works by them
    await db.write(teams.set_calendar, team, by=zhou, calendar_id=calendar_id, now=NOW)
    await db.write(hours.keep_default, "每天 9:00-18:00", "2025-10-01", "", now=NOW)
    assert await told() == [("服务时间", 2026), ("办公室", 2027)]
    await db.write(hours.keep_default, "每天 9:00-18:00", "", "", now=NOW)
    assert await told() == [("办公室", 2027)]  # who has no holidays at all is asked for none
    await db.write(business_calendars.import_days, calendar_id, as_json(), by=zhou, now=NOW)
    assert await told() == []
