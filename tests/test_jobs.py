"""Lanes, jobs and leases on both engines."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.db.database import Database
from app.jobs import lanes
from app.jobs.models import Job, JobState, Lane, LaneKey, NewJob, Priority
from tests.db.gates import Gate, until_blocked
from tests.factories.conversations import NOW

SECOND = timedelta(seconds=1)
LEASE = timedelta(seconds=60)


@pytest.fixture
def write_limit() -> None:
    """None: some of these wait on purpose."""


def job(
    subject_id: int, lane: int = 1, *, topic: str = "conversation", not_before: datetime = NOW,
    priority: Priority = Priority.bot, payload: dict[str, Any] | None = None,
) -> NewJob:  # fmt: skip
    return NewJob(LaneKey(topic, lane, None), "message", subject_id, not_before, priority, payload)


async def enqueue(db: Database, *new: NewJob) -> None:
    await db.write(lanes.enqueue, new, now=NOW)


async def claim(
    db: Database, worker: str = "w1", *, now: datetime = NOW, limit: int = 10, topic: str = "conversation"
) -> list[int]:
    """Subjects of the claimed lanes."""
    ids = await db.write(lanes.claim, topic=topic, worker=worker, now=now, lease=LEASE, limit=limit)
    subjects = {lane.id: lane.subject_id for lane in await db.read(all_lanes)}
    return [subjects[lane_id] for lane_id in ids]


def all_lanes(session: Session) -> list[Lane]:
    return list(session.scalars(select(Lane).order_by(Lane.id)))


def lane_of(session: Session, subject_id: int) -> Lane:
    return session.scalars(select(Lane).where(Lane.subject_id == subject_id)).one()


def run_first(session: Session, subject_id: int) -> int | None:
    """Do the first job of the lane and give the lane back; what the job was about."""
    lane = lane_of(session, subject_id)
    first = lanes.first_job(session, lane.id)
    if first is not None:
        session.delete(first)
    lanes.release(session, lane)
    return first.subject_id if first else None


def kill_first(session: Session, subject_id: int) -> None:
    lane = lane_of(session, subject_id)
    first = lanes.first_job(session, lane.id)
    assert first is not None
    first.state = JobState.dead
    lanes.release(session, lane)


# -------------------- order


async def test_jobs_of_a_lane_come_in_the_order_given(db: Database) -> None:
    await enqueue(db, job(3), job(1), job(9, lane=2))
    await enqueue(db, job(2))
    assert [await db.write(run_first, 1) for _ in range(4)] == [3, 1, 2, None]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_later_job_waits_for_the_commit_of_the_earlier(db: Database, database_url: str) -> None:
    """Ids are given out before the commit: unlocked, the second could be seen and run first."""
    gate = Gate()

    def enqueue_and_stop(session: Session) -> None:
        lanes.enqueue(session, [job(1)], now=NOW)
        gate.stop(session)

    await enqueue(db, job(0))
    await db.write(run_first, 1)
    earlier = asyncio.ensure_future(db.write(enqueue_and_stop))
    await gate.reached()
    later = asyncio.ensure_future(enqueue(db, job(2)))
    await until_blocked(database_url)
    assert await claim(db) == []
    gate.open()
    await asyncio.gather(earlier, later)
    assert [await db.write(run_first, 1) for _ in range(3)] == [1, 2, None]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_the_first_two_jobs_of_a_new_lane_keep_their_order(db: Database, database_url: str) -> None:
    """Here the earlier transaction makes the lane itself."""
    gate = Gate()

    def enqueue_and_stop(session: Session) -> None:
        lanes.enqueue(session, [job(1)], now=NOW)
        gate.stop(session)

    earlier = asyncio.ensure_future(db.write(enqueue_and_stop))
    await gate.reached()
    later = asyncio.ensure_future(enqueue(db, job(2)))
    await until_blocked(database_url)
    gate.open()
    await asyncio.gather(earlier, later)
    assert [await db.write(run_first, 1) for _ in range(3)] == [1, 2, None]
    assert len(await db.read(all_lanes)) == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_job_enqueued_while_the_lane_is_given_back_is_not_forgotten(db: Database, database_url: str) -> None:
    """The worker finds the lane empty; the newcomer waits for it, then makes the lane ready again."""
    gate = Gate()

    def give_back(session: Session) -> None:
        lane = lanes.hold(session, 1, "w1")
        assert lane is not None
        session.delete(session.scalars(select(Job)).one())
        lanes.release(session, lane)
        session.flush()
        gate.stop(session)

    await enqueue(db, job(1))
    assert await claim(db) == [1]
    giving = asyncio.ensure_future(db.write(give_back))
    await gate.reached()
    coming = asyncio.ensure_future(enqueue(db, job(2)))
    await until_blocked(database_url)
    gate.open()
    await asyncio.gather(giving, coming)
    assert await claim(db) == [1]
    assert await db.write(run_first, 1) == 2


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_two_transactions_take_the_same_lanes_in_the_same_order(db: Database, database_url: str) -> None:
    """However their jobs are ordered; a deadlock would be repeated, which nobody may see here."""
    gate, runs = Gate(), list[str]()

    def enqueue_and_stop(session: Session) -> None:
        runs.append("first")
        lanes.enqueue(session, [job(1, lane=2), job(2, lane=1), job(3, lane=3)], now=NOW)
        gate.stop(session)

    def enqueue_backwards(session: Session) -> None:
        runs.append("second")
        lanes.enqueue(session, [job(4, lane=3), job(5, lane=1)], now=NOW)

    both = [asyncio.ensure_future(db.write(enqueue_and_stop))]
    await gate.reached()
    both.append(asyncio.ensure_future(db.write(enqueue_backwards)))
    await until_blocked(database_url)
    gate.open()
    await asyncio.gather(*both)
    assert runs == ["first", "second"]
    assert [await db.write(run_first, 3) for _ in range(2)] == [3, 4]


async def test_a_failed_transaction_leaves_no_job(db: Database) -> None:
    def fail(session: Session) -> None:
        lanes.enqueue(session, [job(1)], now=NOW)
        raise LookupError

    with pytest.raises(LookupError):
        await db.write(fail)
    assert await db.read(lanes.depth) == 0
    assert await claim(db) == []


# -------------------- what a job is


async def test_a_job_is_stored_as_it_is(db: Database) -> None:
    later = NOW + SECOND
    await enqueue(db, job(7, topic="timer", not_before=later, payload={"剧": [1, None]}))
    stored = await db.read(lambda session: session.scalars(select(Job)).one())
    assert (stored.kind, stored.subject_id, stored.payload) == ("message", 7, {"剧": [1, None]})
    assert (stored.state, stored.attempts, stored.not_before, stored.created_at) == ("queued", 0, later, NOW)


async def test_of_two_jobs_with_one_key_one_exists(db: Database) -> None:
    def mark(session: Session) -> None:
        for stored in session.scalars(select(Job)):
            stored.unique_key = "close:1"

    await enqueue(db, job(1))
    await db.write(mark)
    await enqueue(db, job(2))
    with pytest.raises(IntegrityError):
        await db.write(mark)


async def test_no_jobs_make_no_lane(db: Database) -> None:
    await enqueue(db)
    assert await db.read(all_lanes) == []


async def test_a_lane_is_one_of_its_topic(db: Database) -> None:
    await enqueue(db, job(1), job(2, topic="timer"))
    assert await claim(db, topic="timer") == [1]
    assert await claim(db, topic="campaign") == []
    assert await claim(db) == [1]


# -------------------- leases


async def test_a_live_lease_is_not_claimed_by_another(db: Database) -> None:
    await enqueue(db, job(1))
    assert await claim(db, "w1") == [1]
    assert await claim(db, "w2") == []
    assert await claim(db, "w2", now=NOW + LEASE) == []


async def test_an_ended_lease_is_taken_over_and_lost_to_its_holder(db: Database) -> None:
    await enqueue(db, job(1))
    await claim(db, "w1")
    assert await claim(db, "w2", now=NOW + LEASE + SECOND) == [1]
    assert await db.write(lanes.hold, 1, "w1") is None
    assert await db.write(lanes.hold, 1, "w2") is not None


async def test_an_ended_lease_that_nobody_took_is_still_its_holders(db: Database) -> None:
    await enqueue(db, job(1))
    await claim(db, "w1")
    assert await db.write(lanes.hold, 1, "w1") is not None


async def test_a_leased_lane_takes_new_jobs(db: Database) -> None:
    await enqueue(db, job(1))
    await claim(db, "w1")
    await enqueue(db, job(2))
    assert await claim(db, "w2") == []
    assert await db.write(run_first, 1) == 1
    assert await claim(db, "w2") == [1]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_two_workers_claim_different_lanes_without_waiting(db: Database) -> None:
    gate = Gate()

    def claim_and_stop(session: Session) -> list[int]:
        ids = lanes.claim(session, topic="conversation", worker="w1", now=NOW, lease=LEASE, limit=2)
        gate.stop(session)
        return ids

    await enqueue(db, *(job(n, lane=n) for n in range(1, 4)))
    first = asyncio.ensure_future(db.write(claim_and_stop))
    await gate.reached()
    assert await asyncio.wait_for(claim(db, "w2"), 5) == [3]
    gate.open()
    assert len(await first) == 2


# -------------------- when a lane is ready


async def test_a_lane_is_ready_when_its_first_job_is(db: Database) -> None:
    await enqueue(db, job(1, not_before=NOW + SECOND))
    await enqueue(db, job(2))
    assert await claim(db) == []
    assert await claim(db, now=NOW + SECOND) == [1]


async def test_a_lane_given_back_is_ready_when_the_next_job_is(db: Database) -> None:
    later = NOW + 5 * SECOND
    await enqueue(db, job(1), job(2, not_before=later))
    await claim(db)
    await db.write(run_first, 1)
    lane = await db.read(lane_of, 1)
    assert (lane.ready_at, lane.leased_by, lane.leased_until) == (later, None, None)
    assert await claim(db) == []
    assert await claim(db, now=later) == [1]


async def test_an_empty_lane_is_never_ready(db: Database) -> None:
    await enqueue(db, job(1))
    await claim(db)
    await db.write(run_first, 1)
    assert (await db.read(lane_of, 1)).ready_at is None
    assert await claim(db, now=NOW + 100 * LEASE) == []
    await enqueue(db, job(2, not_before=NOW + SECOND))
    assert (await db.read(lane_of, 1)).ready_at == NOW + SECOND


async def test_a_dead_job_does_not_hold_up_its_lane(db: Database) -> None:
    await enqueue(db, job(1), job(2))
    await claim(db)
    await db.write(kill_first, 1)
    assert await claim(db) == [1]
    assert await db.write(run_first, 1) == 2
    assert (await db.read(lane_of, 1)).ready_at is None
    assert await db.read(lambda session: session.scalars(select(Job.subject_id)).all()) == [1]


async def test_depth_counts_what_will_still_be_done(db: Database) -> None:
    await enqueue(db, job(1), job(2), job(3, lane=2))
    await db.write(kill_first, 1)
    assert await db.read(lanes.depth) == 2


# -------------------- priorities


async def test_the_most_urgent_lane_comes_first_then_the_longest_ready(db: Database) -> None:
    classes = [Priority.campaign, Priority.bot, Priority.urgent, Priority.notice, Priority.agent]
    await enqueue(db, *(job(n, lane=n, priority=p) for n, p in enumerate(classes, 1)))
    await enqueue(db, job(6, lane=6, not_before=NOW - SECOND))
    assert await claim(db, limit=2) == [3, 5]
    assert await claim(db, limit=4) == [6, 2, 4, 1]


async def test_an_urgent_job_hurries_the_whole_lane(db: Database) -> None:
    await enqueue(db, job(1, lane=1, priority=Priority.campaign), job(2, lane=2))
    await enqueue(db, job(3, lane=1, priority=Priority.urgent))
    assert await claim(db, limit=1) == [1]


async def test_an_idle_lane_forgets_its_hurry(db: Database) -> None:
    await enqueue(db, job(1, lane=1, priority=Priority.urgent))
    await db.write(run_first, 1)
    await enqueue(db, job(2, lane=2), job(3, lane=1, priority=Priority.campaign))
    assert await claim(db, limit=1) == [2]


def test_priorities_are_ranked_as_they_are_listed() -> None:
    assert [priority.rank for priority in Priority] == [0, 1, 2, 3, 4]
    assert Priority.urgent.rank < Priority.agent.rank < Priority.bot.rank < Priority.notice.rank
