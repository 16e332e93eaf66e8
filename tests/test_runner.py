"""Jobs and timers: run once whoever is there, again after a kill, given up at last, never twice at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.database import Database
from app.jobs import lanes, runner, running, timers
from app.jobs.models import Job, JobState, Lane
from app.jobs.runner import LEASE, PLACES, Runner
from app.jobs.running import ATTEMPTS, FIRST_WAIT, LONGEST_WAIT, Later, Running
from app.jobs.timers import Missed, Timer
from tests.factories.clock import Clock
from tests.factories.conversations import NOW
from tests.faults.waiting import eventually

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
PATIENCE = 10
SWEEP = Timer("files.sweep", HOUR)
REPORT = Timer("report.write", HOUR, Missed.catch_up)


@dataclass
class Works:
    """What ran, in its order; ``does`` is asked what each run does."""

    ran: list[Any] = field(default_factory=list)
    does: Callable[[], Awaitable[None]] | None = None

    async def job(self, job: Running) -> None:
        self.ran.append((job.subject_id, job.attempts))
        if self.does is not None:
            await self.does()

    async def timer(self, planned: datetime) -> None:
        self.ran.append(planned)
        if self.does is not None:
            await self.does()

    def fail(self) -> None:
        async def broken() -> None:
            raise LookupError("那里没有")

        self.does = broken


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def works() -> Works:
    return Works()


def new_runner(db: Database, works: Works, clock: Clock, *recurring: Timer) -> Runner:
    return Runner(db, {"fetch": works.job}, dict.fromkeys(recurring, works.timer), clock=clock)


async def ask(db: Database, subject: int = 1, when: datetime = NOW, **more: Any) -> None:
    await db.write(timers.at, "fetch", subject, when, now=NOW, **more)


def jobs(session: Session) -> list[Job]:
    return list(session.scalars(select(Job).order_by(Job.id)))


async def one_job(db: Database) -> Job:
    (found,) = await db.read(jobs)
    return found


# -------------------- timers


async def test_of_two_processes_one_runs_a_timer(db: Database, works: Works, clock: Clock) -> None:
    both = [new_runner(db, works, clock, SWEEP) for _ in range(2)]
    await asyncio.gather(*(each.prepare() for each in both))
    await asyncio.gather(*(each.round() for each in both))
    assert works.ran == [NOW]
    clock.now += HOUR
    await asyncio.gather(*(each.round() for each in both))
    assert works.ran == [NOW, NOW + HOUR]
    assert len(await db.read(jobs)) == 1


async def test_a_timer_keeps_its_time_through_a_restart(db: Database, works: Works, clock: Clock) -> None:
    first = new_runner(db, works, clock, SWEEP)
    await first.prepare()
    await first.round()
    clock.now += MINUTE
    second = new_runner(db, works, clock, SWEEP)
    await second.prepare()
    assert await second.round() == 0
    assert (await one_job(db)).not_before == NOW + HOUR


@pytest.mark.parametrize(
    ("timer", "after"),
    [(SWEEP, [NOW + HOUR, NOW + 5 * HOUR]), (REPORT, [NOW + n * HOUR for n in range(1, 6)])],
    ids=["skip", "catch_up"],
)
async def test_missed_runs_are_skipped_or_made_up_for(
    db: Database, works: Works, clock: Clock, timer: Timer, after: list[datetime]
) -> None:
    """Nobody was there from before the second run until after the fourth."""
    runs = new_runner(db, works, clock, timer)
    await runs.prepare()
    await runs.round()
    clock.now += 4 * HOUR + MINUTE
    while await runs.round():
        pass
    clock.now = NOW + 5 * HOUR
    while await runs.round():
        pass
    assert works.ran == [NOW, *after]


def test_the_next_run_lies_on_the_grid_of_the_planned_one() -> None:
    late = NOW + 2 * HOUR + MINUTE
    assert SWEEP.next_after(NOW, NOW) == NOW + HOUR
    assert SWEEP.next_after(NOW, late) == NOW + 3 * HOUR
    assert SWEEP.next_after(NOW, NOW - SECOND) == NOW + HOUR  # clocks of two machines differ
    assert SWEEP.next_after(NOW, NOW - HOUR) == NOW  # the clock was set back
    assert REPORT.next_after(NOW, late) == NOW + HOUR


async def test_a_timer_that_fails_is_never_given_up(db: Database, works: Works, clock: Clock) -> None:
    works.fail()
    runs = new_runner(db, works, clock, SWEEP)
    await runs.prepare()
    for _ in range(ATTEMPTS + 3):
        assert await runs.round() == 1
        clock.now += LONGEST_WAIT
    assert (await one_job(db)).state == JobState.queued


async def test_a_timer_that_this_version_lacks_is_dropped(db: Database, works: Works, clock: Clock) -> None:
    await new_runner(db, works, clock, SWEEP, REPORT).prepare()
    newer = new_runner(db, works, clock, REPORT)
    await newer.prepare()
    assert [job.kind for job in await db.read(jobs)] == [REPORT.name]
    assert await newer.round() == 1
    assert works.ran == [NOW]


# -------------------- what is done once


async def test_a_job_runs_once_at_its_time_and_is_gone(db: Database, works: Works, clock: Clock) -> None:
    runs = new_runner(db, works, clock)
    await ask(db, 7, NOW + MINUTE)
    assert await runs.round() == 0
    clock.now += MINUTE
    assert await runs.round() == 1
    assert works.ran == [(7, 1)]
    assert await db.read(jobs) == []
    assert await runs.round() == 0


async def test_a_jobs_payload_and_plan_come_with_it(db: Database, clock: Clock) -> None:
    seen: list[Running] = []

    async def look(job: Running) -> None:
        seen.append(job)

    await ask(db, 7, NOW - MINUTE, payload={"剧": 1})
    await Runner(db, {"fetch": look}, {}, clock=clock).round()
    assert (seen[0].payload, seen[0].planned, seen[0].kind) == ({"剧": 1}, NOW - MINUTE, "fetch")


async def test_of_two_with_one_key_the_first_counts_until_it_is_done(db: Database, works: Works, clock: Clock) -> None:
    runs = new_runner(db, works, clock)
    await ask(db, 7, NOW + MINUTE, key="remind:7")
    await ask(db, 7, NOW, key="remind:7")
    assert await runs.round() == 0
    clock.now += MINUTE
    assert await runs.round() == 1
    await ask(db, 7, NOW, key="remind:7")
    assert await runs.round() == 1
    assert works.ran == [(7, 1), (7, 1)]


async def test_a_cancelled_job_does_not_run(db: Database, works: Works, clock: Clock) -> None:
    await ask(db, 7, key="remind:7")
    assert await db.write(timers.cancel, "remind:7")
    assert not await db.write(timers.cancel, "remind:7")
    assert await new_runner(db, works, clock).round() == 0
    assert (await db.read(lambda session: session.scalars(select(Lane.ready_at)).one())) is None


async def test_a_job_that_asks_for_more_time_gets_it_and_it_is_no_failure(
    db: Database, works: Works, clock: Clock
) -> None:
    async def later() -> None:
        raise Later(90)

    works.does, runs = later, new_runner(db, works, clock)
    await ask(db)
    for _ in range(ATTEMPTS + 2):
        assert await runs.round() == 1
        assert await runs.round() == 0
        clock.now += 90 * SECOND
    assert set(works.ran) == {(1, 1)}
    assert (await one_job(db)).state == JobState.queued


async def test_a_job_that_fails_is_tried_later_and_later_and_is_dead_at_last(
    db: Database, works: Works, clock: Clock
) -> None:
    works.fail()
    runs, waits = new_runner(db, works, clock), []
    await ask(db)
    for _ in range(ATTEMPTS - 1):
        assert await runs.round() == 1
        job = await one_job(db)
        assert (job.state, job.waits, job.error) == ("queued", "retry", "LookupError: 那里没有")
        waits.append(job.not_before - clock.now)
        clock.now = job.not_before
    assert waits == [FIRST_WAIT * 2**n for n in range(ATTEMPTS - 1)]
    assert await runs.round() == 1
    job = await one_job(db)
    assert (job.state, job.waits, job.attempts) == ("dead", None, ATTEMPTS)
    clock.now += 10 * LONGEST_WAIT
    assert await runs.round() == 0


async def test_dead_jobs_of_a_kind_are_driven_again(db: Database, works: Works, clock: Clock) -> None:
    works.fail()
    runs = new_runner(db, works, clock)
    await ask(db)
    for _ in range(ATTEMPTS):
        await runs.round()
        clock.now += LONGEST_WAIT
    works.does = None
    assert await db.write(running.redrive, "other", now=clock.now) == 0
    assert await db.write(running.redrive, "fetch", now=clock.now) == 1
    assert await runs.round() == 1
    assert works.ran[-1] == (1, 1)
    assert await db.read(jobs) == []


async def test_a_kind_that_this_version_does_not_know_waits_for_one_that_does(
    db: Database, works: Works, clock: Clock
) -> None:
    await ask(db)
    older = Runner(db, {"other": works.job}, {}, clock=clock)
    assert await older.round() == 0
    assert await new_runner(db, works, clock).round() == 1


async def test_one_job_of_a_lane_runs_after_the_other(db: Database, works: Works, clock: Clock) -> None:
    runs = new_runner(db, works, clock)
    for n in range(3):
        await ask(db, 7, payload={"n": n})
        await ask(db, 8 + n)
    assert [await runs.round() for _ in range(4)] == [4, 1, 1, 0]


async def test_no_more_jobs_run_than_there_are_places(db: Database, works: Works, clock: Clock) -> None:
    for n in range(PLACES + 3):
        await ask(db, n)
    runs = new_runner(db, works, clock)
    assert [await runs.round() for _ in range(3)] == [PLACES, 3, 0]


# -------------------- killed in the middle


async def test_a_job_whose_worker_died_runs_again_after_the_lease(db: Database, works: Works, clock: Clock) -> None:
    await ask(db)
    await db.write(running.claim, [timers.topic_of("fetch")], worker="dead", now=NOW, lease=LEASE, limit=1)
    runs = new_runner(db, works, clock)
    clock.now += LEASE
    assert await runs.round() == 0
    clock.now += SECOND
    assert await runs.round() == 1
    assert (works.ran, await db.read(jobs)) == ([(1, 2)], [])


async def test_a_timer_whose_worker_died_runs_again_for_the_same_time(db: Database, works: Works, clock: Clock) -> None:
    runs = new_runner(db, works, clock, SWEEP)
    await runs.prepare()
    await db.write(running.claim, [timers.TOPIC], worker="dead", now=NOW, lease=LEASE, limit=1)
    clock.now += LEASE + SECOND
    assert await runs.round() == 1
    assert works.ran == [NOW]


async def test_a_job_that_kills_its_worker_each_time_is_dead_at_last(db: Database, works: Works, clock: Clock) -> None:
    """Where it takes the process with it, nobody is left to count the failure; a timer goes on for ever."""
    await ask(db)
    await new_runner(db, works, clock, SWEEP).prepare()
    topics = [timers.TOPIC, timers.topic_of("fetch")]
    for _ in range(ATTEMPTS):
        begun = await db.write(running.claim, topics, worker="dead", now=clock.now, lease=LEASE, limit=9)
        assert len(begun) == 2
        clock.now += LEASE + SECOND
    (left,) = await db.write(running.claim, topics, worker="w1", now=clock.now, lease=LEASE, limit=9)
    assert left.kind == SWEEP.name
    states = {job.kind: job.state for job in await db.read(jobs)}
    assert states == {"fetch": "dead", SWEEP.name: "running"}


async def test_who_lost_its_lane_neither_ends_nor_fails_the_job(db: Database, clock: Clock) -> None:
    await ask(db)
    topic = timers.topic_of("fetch")
    (old,) = await db.write(running.claim, [topic], worker="w1", now=NOW, lease=LEASE, limit=1)
    (new,) = await db.write(running.claim, [topic], worker="w2", now=NOW + LEASE + SECOND, lease=LEASE, limit=1)
    assert not await db.write(running.extend, old, worker="w1", until=NOW + HOUR)
    await db.write(running.end, old, worker="w1")
    await db.write(running.put_off, old, worker="w1", until=NOW)
    assert await db.write(running.fail, old, "太晚", worker="w1", now=NOW)
    assert (await one_job(db)).state == "running"
    await db.write(running.end, new, worker="w2")
    assert await db.read(jobs) == []


async def test_a_lease_is_renewed_while_its_job_runs(
    db: Database, works: Works, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "LEASE", timedelta(seconds=0.3))
    finish = asyncio.Event()

    async def wait() -> None:
        await asyncio.wait_for(finish.wait(), PATIENCE)

    works.does = wait
    await ask(db)
    busy, other = new_runner(db, works, clock), new_runner(db, works, clock)
    task = asyncio.ensure_future(busy.round())
    for _ in range(3):
        clock.now += timedelta(seconds=0.2)
        await renewed(db, clock.now + timedelta(seconds=0.3))
        assert await other.round() == 0
    finish.set()
    await task
    assert works.ran == [(1, 1)]
    assert await db.read(lanes.depth) == 0


async def renewed(db: Database, until: datetime) -> None:
    """Return once the lease lasts until then."""
    async with asyncio.timeout(PATIENCE):
        while await db.read(lambda session: session.scalars(select(Lane.leased_until)).one()) != until:
            pass


async def test_a_runner_that_is_ended_leaves_its_job_to_the_next(db: Database, works: Works, clock: Clock) -> None:
    begun, never = asyncio.Event(), asyncio.Event()

    async def hang() -> None:
        begun.set()
        await never.wait()

    works.does = hang
    await ask(db)
    task = asyncio.ensure_future(new_runner(db, works, clock).run())
    await asyncio.wait_for(begun.wait(), PATIENCE)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await one_job(db)).state == "running"
    works.does = None
    clock.now += LEASE + SECOND
    assert await new_runner(db, works, clock).round() == 1
    assert works.ran == [(1, 1), (1, 2)]


async def test_a_timer_of_a_newer_version_is_left_for_it(db: Database, works: Works, clock: Clock) -> None:
    """While processes are exchanged one by one, an older one may meet what it does not know."""
    await new_runner(db, works, clock, SWEEP).prepare()
    older = Runner(db, {}, {}, clock=clock)
    for _ in range(ATTEMPTS + 1):
        await older.round()
        clock.now += MINUTE
    assert works.ran == []
    await new_runner(db, works, clock, SWEEP).round()
    assert len(works.ran) == 1


async def test_timers_that_an_older_version_took_away_come_back(
    db: Database, works: Works, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was started again beside the newer one, and does not know them."""
    monkeypatch.setattr(runner, "PREPARED_EVERY", 0.0)
    serving = asyncio.create_task(new_runner(db, works, clock, SWEEP).run())
    await eventually("it ran", lambda: _ran(works, 1))
    await Runner(db, {}, {}, clock=clock).prepare()
    clock.now += HOUR
    await eventually("it ran again", lambda: _ran(works, 2))
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving


async def _ran(works: Works, times: int) -> bool:
    return len(works.ran) >= times
