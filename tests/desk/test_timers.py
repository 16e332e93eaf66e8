"""What the worker does for the desk by the clock, as it does it."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from app.agents.calendars import ALWAYS, Calendar, read_calendar
from app.agents.rights import Actor
from app.conversations.outlook import QueueOutlook
from app.db.database import Database
from app.desk.assigner import Assigner
from app.desk.models import QueueSample
from app.desk.timers import desk_timers
from tests.desk.test_recalling import asked
from tests.factories import conversations as make
from tests.factories import queueing
from tests.factories.people import make_agent

FAR = read_calendar(
    "周一 9:00-10:00", holidays=f"{datetime.now(UTC):%Y-%m-%d}..{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}"
)


async def run_all(db: Database, calendar: Calendar, on_duty: str) -> None:
    now = datetime.now(UTC)
    for run in desk_timers(db, calendar, assigns=True, on_duty=on_duty).values():
        await run(now)


@pytest.mark.parametrize(
    ("calendar", "on_duty", "is_there", "comes"),
    [
        (ALWAYS, "auto", True, True), (ALWAYS, "auto", False, False), (ALWAYS, "hours", False, True),
        (FAR, "hours", True, False),
    ],
)  # fmt: skip
async def test_who_asked_at_night_comes_when_it_is_open_and_somebody_is_there(
    db: Database, calendar: Calendar, on_duty: str, is_there: bool, comes: bool
) -> None:
    now = datetime.now(UTC)
    await make_agent(db, "lin", seen_at=now if is_there else now - timedelta(hours=1))
    talk = await make.conversation(db, await make.channel(db))
    await asked(db, talk)
    await run_all(db, calendar, on_duty)
    assert ((await db.read(queueing.find, talk)).owner == "queue") is comes
    assert await db.read(lambda s: s.scalar(select(QueueOutlook.there))) == int(is_there)
    assert await db.read(lambda s: s.scalar(select(func.count()).select_from(QueueSample))) == 1


async def test_the_giver_gives_by_itself(db: Database, zhou: Actor) -> None:
    lin = await make_agent(db, "lin", seen_at=datetime.now(UTC))
    talk = await queueing.waiting(db, await make.channel(db), "v")
    task = asyncio.create_task(Assigner(db).run())
    async with asyncio.timeout(10):
        while (await db.read(queueing.find, talk)).agent_id is None:
            pass
    task.cancel()
    assert await db.read(queueing.holders) == {lin.id: 1}
