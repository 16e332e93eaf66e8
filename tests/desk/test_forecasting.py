"""What those who wait can expect."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.agents.calendars import BEIJING
from app.agents.models import Agent
from app.agents.rights import Actor, Role
from app.conversations.history import HistoryEntry, Kind
from app.db.database import Database
from app.desk import forecasting, sampling
from app.desk.flow import busy
from tests.factories import conversations as make
from tests.factories import queueing
from tests.factories.conversations import NOW
from tests.factories.people import actor_of

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


@pytest.fixture
async def talk(db: Database) -> int:
    return await make.conversation(db, await make.channel(db))


async def happened(db: Database, talk: int, kind: Kind, *ago: timedelta, **data: object) -> None:
    def add(session: Session) -> None:
        for each in ago:
            session.add(
                HistoryEntry(conversation_id=talk, after_seq=0, kind=kind, text="", data=data or None, at=NOW - each)
            )

    await db.write(add)


async def expect(db: Database, *, assigns: bool = True) -> tuple[int | None, int, int | None]:
    found = await db.write(forecasting.update_outlook, assigns=assigns, now=NOW)
    return found.there, found.free, found.pace_ms


async def test_without_people_nothing_is_known(db: Database) -> None:
    assert await expect(db) == (None, 0, None)


async def test_who_has_room_means_no_waiting(db: Database, lin: Actor, chen: Actor) -> None:
    await queueing.held(db, await make.channel(db), "v", lin.id)
    assert await expect(db) == (2, 15, None)
    assert await expect(db, assigns=False) == (2, 0, None)
    await db.write(lambda s: s.execute(update(Agent).values(presence="busy")) and None)
    assert await expect(db) == (2, 0, None)  # there, if at something else
    await db.write(lambda s: s.execute(update(Agent).values(presence="away")) and None)
    assert await expect(db) == (0, 0, None)


async def test_a_pace_is_of_the_time_in_which_somebody_waited(db: Database, talk: int) -> None:
    """Six left within 30 minutes, each after a minute's wait: in 6 minutes of waiting."""
    await happened(db, talk, Kind.assigned, *(n * 5 * MINUTE for n in range(6)), to=1, waited=60.0)
    assert (await expect(db))[2] == 60_000


async def test_one_who_waited_and_left_before_the_window_counts_no_more(db: Database, talk: int) -> None:
    await happened(db, talk, Kind.taken, *(31 * MINUTE for _ in range(9)), waited=60.0)
    await happened(db, talk, Kind.taken, *(MINUTE for _ in range(4)), waited=60.0)
    assert (await expect(db))[2] is None  # too few


async def test_a_queue_that_stands_still_makes_it_longer(db: Database, talk: int) -> None:
    await happened(db, talk, Kind.assigned, *(20 * MINUTE for _ in range(5)), to=1, waited=0.0)
    channel = await make.channel(db, "other")
    await queueing.waiting(db, channel, "deaf", at=NOW - 20 * MINUTE, skill="手语")
    assert (await expect(db))[2] == 0
    await queueing.waiting(db, channel, "v", at=NOW - 20 * MINUTE)
    assert (await expect(db))[2] == 4 * 60_000


async def test_where_too_few_have_left_it_is_by_how_long_agents_take(db: Database, lin: Actor) -> None:
    channel = await make.channel(db)
    for n in range(5):
        ended = await queueing.held(db, channel, f"v{n}", lin.id, closed_at=NOW - 3600 * SECOND, closed_by=lin.id)
        await happened(db, ended, Kind.taken, 3600 * SECOND + 16 * MINUTE)
    assert await expect(db, assigns=False) == (1, 0, 2 * 60_000)  # eight at a time


def test_the_length_of_a_union() -> None:
    spans = [(0, 2), (1, 3), (1, 2), (5, 6), (6, 7)]
    assert busy([(NOW + a * MINUTE, NOW + b * MINUTE) for a, b in spans]) == 5 * MINUTE
    assert busy([]) == timedelta()


# -------------------- minute by minute


async def test_a_minute_is_written_once_and_a_day_is_read_by_five(db: Database, talk: int, lin: Actor) -> None:
    channel = await make.channel(db, "other")
    await queueing.waiting(db, channel, "v", at=NOW - 90 * SECOND)
    await happened(db, talk, Kind.queued, 10 * SECOND, 60 * SECOND, 61 * SECOND)
    await happened(db, talk, Kind.taken, 30 * SECOND, waited=3.0)
    for n in (0, 0, 1, 4, 5):
        await db.write(sampling.sample, now=NOW + n * MINUTE + 7 * SECOND)
    by = actor_of(Role.supervisor)
    day = NOW.astimezone(BEIJING).date()
    first, second = await db.read(sampling.queue_over_day, by=by, day=day, now=NOW + 9 * MINUTE)
    assert first.at == NOW - 5 * MINUTE  # the minute that ends at NOW is the last of these five
    assert (first.waiting, first.longest_wait, first.agents_there) == (1, 97 * SECOND, 1)
    assert (first.arrivals, first.taken) == (2, 1)
    assert (second.at, second.arrivals, second.longest_wait) == (NOW, 0, (97 + 300) * SECOND)
    assert await db.read(sampling.queue_over_day, by=by, day=day + timedelta(days=1), now=NOW) == ()
    assert await db.write(sampling.forget, before=NOW + 4 * MINUTE) == 2
