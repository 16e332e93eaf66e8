"""Rates and quotas: by simulation, over midnights, with clocks that jump, and with two processes at once."""

import asyncio
import random
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from app.channels.delivery import Rate
from app.conversations import gates
from app.conversations.gates import BURST, SHARE, UNTIL_MENDED, WHOLE, Grant
from app.db.database import Database
from app.jobs.models import Waits
from tests.db.gates import Gate, until_blocked
from tests.factories import conversations as make
from tests.factories import told
from tests.factories.conversations import NOW
from tests.factories.delivering import DAY, HOUR, MINUTE, SECOND

API = "custom/send"
MIDNIGHT = datetime(2026, 11, 23, 16, tzinfo=UTC)
"""That which follows NOW, in Beijing."""
MONTH_END = datetime(2026, 11, 30, 16, tzinfo=UTC)


@pytest.fixture
def write_limit() -> None:
    """None: a simulation is one rule, and some wait on purpose."""


@pytest.fixture
async def channel(db: Database) -> int:
    return await make.channel(db)


async def reserve(
    db: Database, channel: int, rate: Rate | None, wanted: int = 1, *, share: float = 1.0, now: datetime = NOW
) -> Grant:
    return await db.write(gates.reserve, channel, API, rate, wanted, share=share, now=now)


# -------------------- the rate


def calls_of(session: Session, channel: int, per_minute: int, seed: int) -> list[float]:
    """The seconds at which calls were made in some minutes in which somebody always wants more."""
    chance, rate, second, made = random.Random(seed), Rate(per_minute=per_minute), 0.0, list[float]()
    while second < 240:
        now, wanted = NOW + timedelta(seconds=second), chance.choice([1, 32, 1000])
        share = chance.choice([SHARE, 1.0])
        grant = gates.reserve(session, channel, API, rate, wanted, share=share, now=now)
        assert 0 <= grant.count <= wanted
        made += [second] * grant.count
        pause = chance.choice([0.05, 0.3, 1.0])
        second += pause if second < 60 or second > 100 else 10 * pause
    return made


@pytest.mark.parametrize(("per_minute", "seed"), [(10, 1), (60, 2), (600, 3), (5000, 4)])
async def test_no_minute_sees_more_calls_than_the_rate_and_the_burst(
    db: Database, channel: int, per_minute: int, seed: int
) -> None:
    made = await db.write(calls_of, channel, per_minute, seed)
    most = per_minute + max(1, per_minute * (BURST / MINUTE))
    inside = [sum(begin <= second < begin + 60 for second in made) for begin in sorted(set(made))]
    assert max(inside) <= most
    assert len([second for second in made if 100 < second <= 220]) >= 1.6 * per_minute  # and it is used


async def test_who_is_turned_away_is_told_when_to_come(db: Database, channel: int) -> None:
    rate, now = Rate(per_minute=60), NOW
    assert (await reserve(db, channel, rate, 32)).count == 6
    for _ in range(5):
        refused = await reserve(db, channel, rate, now=now)
        assert (refused.count, refused.waits) == (0, Waits.rate)
        assert refused.until is not None
        assert (await reserve(db, channel, rate, now=refused.until - timedelta(microseconds=1))).count == 0
        assert (await reserve(db, channel, rate, now=refused.until)).count == 1
        now = refused.until


async def test_there_is_room_for_the_urgent_beside_what_nobody_waits_for(db: Database, channel: int) -> None:
    rate = Rate(per_minute=600)
    patient = await reserve(db, channel, rate, 1000, share=SHARE)
    urgent = await reserve(db, channel, rate, 1000)
    assert (patient.count, urgent.count) == (48, 12)


async def test_a_rate_of_few_calls_still_lets_one_through(db: Database, channel: int) -> None:
    rate = Rate(per_minute=1)
    first, second = [await reserve(db, channel, rate, 5, share=SHARE) for _ in range(2)]
    assert (first.count, second.count, second.until) == (1, 0, NOW + MINUTE)


async def test_an_api_without_limits_needs_no_row(db: Database, channel: int) -> None:
    assert await reserve(db, channel, None, 1000) == Grant(1000)
    assert await reserve(db, channel, Rate(), 1000) == Grant(1000)


async def test_a_clock_that_was_set_back_does_not_stop_the_rate_for_so_long(db: Database, channel: int) -> None:
    rate = Rate(per_minute=60)
    await reserve(db, channel, rate, 32, now=NOW + HOUR)
    assert (await reserve(db, channel, rate)).count == 0  # nor does it give the burst twice
    assert (await reserve(db, channel, rate, 32, now=NOW + 2 * SECOND)).count == 2


async def test_a_clock_that_was_set_back_a_little_is_waited_for(db: Database, channel: int) -> None:
    rate = Rate(per_minute=60)
    await reserve(db, channel, rate, 32, now=NOW + 30 * SECOND)
    assert (await reserve(db, channel, rate)).count == 0
    assert (await reserve(db, channel, rate, now=NOW + 29 * SECOND)).count == 0


# -------------------- quotas


async def test_the_days_quota_turns_at_midnight_in_beijing(db: Database, channel: int) -> None:
    rate = Rate(per_day=10)
    assert (await reserve(db, channel, rate, 32)).count == 10
    refused = await reserve(db, channel, rate, now=MIDNIGHT - SECOND)
    assert (refused.count, refused.until, refused.waits) == (0, MIDNIGHT, Waits.quota)
    assert (await reserve(db, channel, rate, 32, now=MIDNIGHT)).count == 10


async def test_the_months_quota_turns_with_the_month_in_beijing(db: Database, channel: int) -> None:
    rate = Rate(per_day=8, per_month=10)
    assert (await reserve(db, channel, rate, 32)).count == 8
    second_day = await reserve(db, channel, rate, 32, now=MIDNIGHT)
    assert (second_day.count, second_day.until, second_day.reason) == (2, MONTH_END, "month")
    refused = await reserve(db, channel, rate, now=MONTH_END - SECOND)
    assert (refused.count, refused.until) == (0, MONTH_END)
    assert (await reserve(db, channel, rate, 32, now=MONTH_END)).count == 8


async def test_the_year_turns_with_its_last_month(db: Database, channel: int) -> None:
    december, rate = datetime(2026, 12, 15, tzinfo=UTC), Rate(per_month=1)
    await reserve(db, channel, rate, now=december)
    refused = await reserve(db, channel, rate, now=december)
    assert refused.until == datetime(2026, 12, 31, 16, tzinfo=UTC)
    assert (await reserve(db, channel, rate, now=refused.until)).count == 1


@pytest.mark.parametrize("back", [HOUR, DAY, 40 * DAY])
async def test_a_clock_that_was_set_back_gives_no_quota_twice(db: Database, channel: int, back: timedelta) -> None:
    rate = Rate(per_day=10, per_month=10)
    assert (await reserve(db, channel, rate, 32, now=MIDNIGHT)).count == 10
    assert (await reserve(db, channel, rate, 32, now=MIDNIGHT - back)).count == 0
    assert (await reserve(db, channel, rate, 32, now=MIDNIGHT)).count == 0


@pytest.mark.parametrize("rate", [Rate(per_day=10), Rate(per_month=10)])
async def test_what_is_urgent_uses_what_the_others_must_leave(db: Database, channel: int, rate: Rate) -> None:
    assert (await reserve(db, channel, rate, 32, share=SHARE)).count == 8
    assert (await reserve(db, channel, rate, 1)).count == 1
    refused = await reserve(db, channel, rate, 32, share=SHARE)  # more is used up than is theirs
    assert (refused.count, refused.waits) == (0, Waits.quota)
    assert (await reserve(db, channel, rate, 32)).count == 1
    assert (await reserve(db, channel, rate, 32)).count == 0


async def test_the_limit_that_binds_says_when_to_come(db: Database, channel: int) -> None:
    rate = Rate(per_minute=60, per_day=5)
    first = await reserve(db, channel, rate, 32)
    assert (first.count, first.waits, first.until) == (5, Waits.quota, MIDNIGHT)


# -------------------- closed gates


async def close(db: Database, channel: int, until: datetime, api: str = API, reason: str = "满了") -> None:
    await db.write(gates.close, channel, api, until=until, waits=Waits.quota, reason=reason, now=NOW)


async def test_a_closed_gate_lets_nothing_through_until_its_time(db: Database, channel: int) -> None:
    await close(db, channel, NOW + HOUR)
    refused = await reserve(db, channel, None)
    assert refused == Grant(0, NOW + HOUR, Waits.quota, "满了", closed=True)
    assert (await reserve(db, channel, Rate(per_minute=60), now=NOW + HOUR - SECOND)).count == 0
    assert (await reserve(db, channel, None, now=NOW + HOUR)).count == 1


async def test_the_longest_closing_counts(db: Database, channel: int) -> None:
    await close(db, channel, NOW + HOUR)
    await close(db, channel, NOW + MINUTE, reason="又满了")
    (gate,) = await db.read(gates.closed, NOW)
    assert (gate.closed_until, gate.reason) == (NOW + HOUR, "满了")


async def test_reopening_opens_all_gates_of_one_channel(db: Database, channel: int) -> None:
    other = await make.channel(db, "other")
    for api in (API, WHOLE):
        await close(db, channel, UNTIL_MENDED, api)
    await close(db, other, UNTIL_MENDED)
    assert (channel, WHOLE) in [(gate.channel_id, gate.api) for gate in await db.read(gates.closed, NOW)]
    assert await db.write(gates.reopen, channel, now=NOW) == 2
    assert [gate.channel_id for gate in await db.read(gates.closed, NOW)] == [other]
    assert (await reserve(db, channel, None)).count == 1


async def test_pages_are_told_that_a_gate_has_closed_and_opened(db: Database, channel: int) -> None:
    await close(db, channel, NOW + HOUR)
    assert await db.write(told.take) == [("outbox", [channel])]
    await close(db, channel, NOW + HOUR / 2)  # it was closed for longer
    assert await db.write(told.take) == []
    await db.write(gates.reopen, channel, now=NOW)
    assert await db.write(told.take) == [("outbox", [channel])]
    await db.write(gates.reopen, channel, now=NOW)
    assert await db.write(told.take) == []


async def test_what_was_counted_outlives_a_closing(db: Database, channel: int) -> None:
    await reserve(db, channel, Rate(per_day=3), 2)
    await close(db, channel, NOW + HOUR)
    await db.write(gates.reopen, channel, now=NOW)
    assert (await reserve(db, channel, Rate(per_day=3), 5)).count == 1


# -------------------- two processes


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("known", [False, True])
async def test_two_processes_at_once_share_one_quota(
    db: Database, database_url: str, channel: int, known: bool
) -> None:
    """``known``: whether the gate has its row; two who make it at once make one."""
    if known:
        await close(db, channel, NOW - SECOND)
    gate = Gate()

    def take_and_stop(session: Session) -> Grant:
        grant = gates.reserve(session, channel, API, Rate(per_day=10), 7, share=1.0, now=NOW)
        gate.stop(session)
        return grant

    first = asyncio.ensure_future(db.write(take_and_stop))
    await gate.reached()
    second = asyncio.ensure_future(reserve(db, channel, Rate(per_day=10), 7))
    await until_blocked(database_url)
    gate.open()
    assert [(await grant).count for grant in (first, second)] == [7, 3]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_many_processes_at_once_never_take_more_than_the_rate(db: Database, channel: int) -> None:
    grants = await asyncio.gather(*(reserve(db, channel, Rate(per_minute=600), 3) for _ in range(40)))
    assert sum(grant.count for grant in grants) == 60
