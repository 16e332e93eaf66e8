"""After the clock was set back nothing waits for as long again, and what has a time of its own keeps it."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.channels.delivery import Rate
from app.conversations import gates, set_back
from app.conversations.models import Conversation, MessageState, Via
from app.conversations.pending import NEVER
from app.conversations.sending import LEASE
from app.db.database import Database
from app.jobs import clocks, lanes, running, timers
from app.jobs.clocks import GRACE, TOLERATED
from app.jobs.models import Job, Lane, Waits
from app.jobs.timers import Missed, Timer
from tests.factories import conversations as make
from tests.factories.conversations import NOW

HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
FORMER = NOW + HOUR
"""What the clock showed before it was set back."""
OFTEN, SELDOM = Timer("test.often", 5 * SECOND), Timer("test.seldom", HOUR)
EACH = Timer("test.each", MINUTE, Missed.catch_up)
TIMERS = [OFTEN, SELDOM, EACH]


@pytest.fixture
async def conversation(db: Database) -> int:
    """All processes have seen the former time."""
    await look(db, FORMER)
    return await make.conversation(db, await make.channel(db))


async def look(db: Database, now: datetime = NOW) -> bool:
    return await set_back.look(db, TIMERS, now=now, longest_lease=LEASE)


def job(session: Session) -> Job:
    return session.scalars(select(Job)).one()


def lane(session: Session) -> Lane:
    return session.scalars(select(Lane)).one()


async def waits(db: Database, waits: Waits | None, until: datetime) -> None:
    """The only message waits for this reason, until then."""

    def change(session: Session) -> None:
        session.execute(update(Job).values(waits=waits, not_before=until))
        session.execute(update(Lane).values(ready_at=until))

    await db.write(change)


async def times(db: Database) -> tuple[datetime, datetime | None]:
    """Of the only job, and of its lane."""
    return (await db.read(job)).not_before, (await db.read(lane)).ready_at


async def test_it_is_noticed_once(db: Database) -> None:
    assert [await look(db, at) for at in (FORMER, FORMER, NOW, NOW, NOW + SECOND)] == [False, False, True, False, False]


async def test_clocks_that_differ_a_little_are_none_that_were_set_back(db: Database, conversation: int) -> None:
    await make.queued(db, conversation, not_before=FORMER)
    assert not await look(db, FORMER - TOLERATED)
    assert await times(db) == (FORMER, FORMER)


async def test_what_was_due_is_due(db: Database, conversation: int) -> None:
    await make.queued(db, conversation, not_before=FORMER)
    assert await look(db)
    assert await times(db) == (NOW, NOW)


@pytest.mark.parametrize("reason", [Waits.retry, Waits.rate])
async def test_what_waits_to_be_tried_again_is_tried_again(db: Database, conversation: int, reason: Waits) -> None:
    await make.queued(db, conversation)
    await waits(db, reason, FORMER + 10 * MINUTE)
    await look(db)
    assert await times(db) == (NOW, NOW)


@pytest.mark.parametrize(
    ("reason", "until"),
    [(Waits.window, NEVER), (Waits.quota, FORMER + HOUR), (None, FORMER + GRACE + SECOND), (Waits.operator, NEVER)],
)
async def test_what_has_a_time_of_its_own_keeps_it(
    db: Database, conversation: int, reason: Waits | None, until: datetime
) -> None:
    await make.queued(db, conversation)
    await waits(db, reason, until)
    await look(db)
    assert await times(db) == (until, until)


async def test_a_message_behind_another_is_due_too(db: Database, conversation: int) -> None:
    await make.queued(db, conversation)
    await make.queued(db, conversation, "再见", not_before=FORMER)
    await look(db)
    found = await db.read(lambda session: [job.not_before for job in session.scalars(select(Job).order_by(Job.id))])
    assert found == [NOW, NOW]
    assert (await db.read(lane)).ready_at == NOW


async def test_all_pages_are_looked_at(db: Database, conversation: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clocks, "PAGE", 2)
    for number in range(5):
        await make.queued(db, conversation, str(number), not_before=FORMER)
    await look(db)
    found = await db.read(lambda session: [job.not_before for job in session.scalars(select(Job))])
    assert found == [NOW] * 5


async def test_a_lease_ends_in_time_and_its_taker_finds_work(db: Database, conversation: int) -> None:
    """The holder may be alive: it keeps as much time as an attempt can take."""
    await make.queued(db, conversation, not_before=FORMER)
    only = (await db.read(lane)).id
    await db.write(lanes.take, [only], worker="dead", until=FORMER + LEASE)
    await look(db)
    held = await db.read(lane)
    assert (held.leased_by, held.leased_until) == ("dead", NOW + LEASE)
    assert held.ready_at == NOW + LEASE + timedelta(microseconds=1)
    assert (await db.read(job)).not_before == NOW


async def test_a_lease_that_any_worker_may_have_is_left(db: Database, conversation: int) -> None:
    await make.queued(db, conversation)
    await db.write(lanes.take, [(await db.read(lane)).id], worker="alive", until=NOW + LEASE)
    await look(db)
    assert (await db.read(lane)).leased_until == NOW + LEASE


async def test_timers_go_on_on_their_grid(db: Database) -> None:
    await look(db, FORMER)
    await db.write(timers.ensure, TIMERS, now=FORMER)
    await look(db)
    found = await db.read(lambda session: {job.kind: job.not_before for job in session.scalars(select(Job))})
    assert found == {OFTEN.name: NOW + 5 * SECOND, SELDOM.name: FORMER, EACH.name: FORMER}
    ready = await db.read(lambda session: set(session.scalars(select(Lane.ready_at))))
    assert ready == set(found.values())


async def test_a_timer_in_the_hands_of_a_dead_worker_goes_on(db: Database) -> None:
    await look(db, FORMER)
    await db.write(timers.ensure, [OFTEN], now=FORMER)
    assert await begun(db, FORMER)
    await look(db)
    assert await begun(db, NOW + LEASE + SECOND)


async def begun(db: Database, now: datetime) -> int:
    """How many jobs a worker finds."""
    return len(await db.write(running.claim, [timers.TOPIC], worker="w", now=now, lease=MINUTE, limit=1))


def test_a_run_before_the_clock_was_set_back_is_followed_by_the_next_in_time() -> None:
    assert OFTEN.next_after(FORMER, NOW) == NOW + 5 * SECOND
    assert OFTEN.next_after(NOW + 3 * SECOND, NOW) == NOW + 8 * SECOND, "never twice for the same time"
    assert EACH.next_after(FORMER, NOW) == FORMER + MINUTE


async def test_a_gate_that_was_closed_for_seconds_opens(db: Database, conversation: int) -> None:
    channel = await db.read(channel_of, conversation)
    for api, reason in (("custom/send", Waits.rate), ("template/send", Waits.quota)):
        await db.write(gates.close, channel, api, until=FORMER + MINUTE, waits=reason, reason="full", now=FORMER)
    await look(db)
    assert [gate.api for gate in await db.read(gates.closed, NOW)] == ["template/send"]


def channel_of(session: Session, conversation_id: int) -> int:
    return session.get_one(Conversation, conversation_id).channel_id


async def test_an_answer_on_its_way_does_not_hold_up_the_next(db: Database, conversation: int) -> None:
    message = await make.message(
        db, conversation, state=MessageState.sending, via=Via.passive, sending_at=FORMER - SECOND
    )
    await look(db)
    assert (await db.read(make.get_message, message)).sending_at == NOW


async def test_a_rate_is_kept_from_now_on(db: Database, conversation: int) -> None:
    channel = await db.read(channel_of, conversation)
    rate = Rate(per_minute=60)
    for at in (FORMER, NOW, NOW + MINUTE):
        grant = await db.write(gates.reserve, channel, "api", rate, 100, share=1.0, now=at)
        assert grant.until is not None
        assert grant.until - at <= 10 * SECOND
    assert grant.count > 0
