"""The outbox's rules: what rides on a response, what becomes unknown, what is driven again."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select
from sqlalchemy import text as sql
from sqlalchemy.event import listen
from sqlalchemy.orm import Session

from app.conversations import accounts, claiming, outbox, passive, undelivered
from app.conversations.models import Message, MessageState, Via
from app.conversations.outbox import Queued
from app.conversations.passive import Carried
from app.conversations.pending import NEVER, TOPIC
from app.db.database import Database
from app.jobs import lanes
from app.jobs.models import Job, JobState, Lane
from tests.db.gates import Gate
from tests.factories import conversations as make
from tests.factories.conversations import KEYRING, NOW

SECOND = timedelta(seconds=1)
EVENT = 77


@pytest.fixture
async def conversation(db: Database) -> int:
    return await make.conversation(db, await make.channel(db))


def take(session: Session, conversation_id: int, event_id: int = EVENT) -> str | None:
    """The text that would ride on the response to the event."""
    lane = outbox.lanes_with_work(session, [conversation_id]).get(conversation_id)
    message = outbox.take_first(session, lane, event_id=event_id, now=NOW) if lane else None
    return message.text if message else None


def lane_of(session: Session, conversation_id: int) -> Lane:
    return session.scalars(select(Lane).where(Lane.subject_id == conversation_id)).one()


def claim(session: Session, worker: str = "w1") -> list[int]:
    (channel,) = accounts.list_channels(session)
    return lanes.claim(session, topic=TOPIC, channel_id=channel.id, worker=worker, now=NOW, lease=60 * SECOND, limit=10)


def bury_all(session: Session) -> None:
    """As if every waiting message had been refused for good."""
    for job in session.scalars(select(Job)).all():
        job.state = JobState.dead
        session.get_one(Message, job.subject_id).state = MessageState.failed
    for lane in session.scalars(select(Lane)).all():
        lanes.release(session, lane)


# -------------------- riding on a response


async def test_the_oldest_text_rides_and_leaves_the_lane(db: Database, conversation: int) -> None:
    first = await make.queued(db, conversation, "第一", not_before=NEVER)
    await make.queued(db, conversation, "第二", not_before=NEVER)
    assert await db.write(take, conversation) == "第一"
    message = await db.read(make.get_message, first)
    assert (message.state, message.via, message.event_id, message.sending_at) == ("sending", "passive", EVENT, NOW)
    assert await db.write(take, conversation) == "第二"
    assert await db.write(take, conversation) is None
    assert (await db.read(lane_of, conversation)).ready_at is None


async def test_a_lane_that_gave_its_first_is_ready_with_its_next(db: Database, conversation: int) -> None:
    await make.queued(db, conversation, "第一", not_before=NEVER)
    await make.queued(db, conversation, "第二", not_before=NOW + SECOND)
    await db.write(take, conversation)
    assert (await db.read(lane_of, conversation)).ready_at == NOW + SECOND


async def test_nothing_rides_while_a_sender_is_at_the_lane(db: Database, conversation: int) -> None:
    await make.queued(db, conversation)
    await db.write(claim)
    assert await db.write(take, conversation) is None
    assert await db.read(make.states) == ["queued"]


async def test_a_sender_that_died_does_not_keep_the_lane(db: Database, conversation: int) -> None:
    def end_lease(session: Session) -> None:
        lane_of(session, conversation).leased_until = NOW - SECOND

    await make.queued(db, conversation)
    await db.write(claim)
    await db.write(end_lease)
    assert await db.write(take, conversation) == "好的"
    assert (await db.read(lane_of, conversation)).leased_by is None


async def test_what_a_dead_sender_had_begun_does_not_ride(db: Database, conversation: int) -> None:
    """It may have arrived; only the next sender may judge it."""

    def begin_and_die(session: Session) -> None:
        served = {channel.id: accounts.open_account(channel, KEYRING) for channel in accounts.list_channels(session)}
        assert claiming.claim(session, served, worker="w1", now=NOW, lease=60 * SECOND, limit=10).drafts
        lane_of(session, conversation).leased_until = NOW - SECOND

    await make.queued(db, conversation)
    await db.write(begin_and_die)
    assert await db.write(take, conversation) is None
    assert await db.read(make.states) == ["sending"]


async def test_a_dead_job_does_not_ride(db: Database, conversation: int) -> None:
    await make.queued(db, conversation, "第一")
    await db.write(bury_all)
    await make.queued(db, conversation, "第二")
    assert await db.write(take, conversation) == "第二"


async def test_only_lanes_in_which_something_waits_are_taken(db: Database) -> None:
    channel = await make.channel(db)
    talks = [await make.conversation(db, channel, f"openid-{n}") for n in range(3)]
    await make.queued(db, talks[0])
    await make.queued(db, talks[1])
    await db.write(take, talks[1])
    found = await db.write(lambda session: set(outbox.lanes_with_work(session, talks)))
    assert found == {talks[0]}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_who_must_not_wait_is_told_that_the_lane_is_taken(db: Database, conversation: int) -> None:
    gate = Gate()

    def hold(session: Session) -> None:
        outbox.lanes_with_work(session, [conversation])
        gate.stop(session)

    def free(session: Session) -> bool:
        return outbox.free_lane(session, conversation) is not None

    await make.queued(db, conversation)
    assert await db.write(free)
    holding = asyncio.ensure_future(db.write(hold))
    await gate.reached()
    assert not await asyncio.wait_for(db.write(free), 5)
    gate.open()
    await holding


# -------------------- what becomes of passive replies


async def test_what_was_handed_over_is_sent(db: Database, conversation: int) -> None:
    ids = [await make.message(db, conversation, state=state, via=Via.passive, sending_at=NOW) for state in
           (MessageState.sending, MessageState.unknown, MessageState.sending)]  # fmt: skip
    await db.write(passive.mark_sent, [Carried(message_id, conversation, NOW + SECOND) for message_id in ids[:2]])
    await db.write(passive.mark_sent, [])
    assert await db.read(make.states) == ["sent", "unknown", "sending"]
    assert (await db.read(make.get_message, ids[0])).sent_at == NOW + SECOND


async def test_what_a_repeat_carries_since_then_is_not_sent_yet(db: Database, conversation: int) -> None:
    riding = await make.message(
        db, conversation, state=MessageState.sending, via=Via.passive, sending_at=NOW + 2 * SECOND
    )
    await db.write(passive.mark_sent, [Carried(riding, conversation, NOW + SECOND)])
    assert await db.read(make.states) == ["sending"]
    await db.write(passive.mark_sent, [Carried(riding, conversation, NOW + 3 * SECOND)])
    assert await db.read(make.states) == ["sent"]


async def test_only_passive_replies_of_old_become_unknown(db: Database, conversation: int) -> None:
    cases = [
        (MessageState.sending, Via.passive, NOW - SECOND),
        (MessageState.sending, Via.passive, NOW),
        (MessageState.sending, Via.outbox, NOW - SECOND),
        (MessageState.sent, Via.passive, NOW - SECOND),
        (MessageState.queued, Via.outbox, None),
    ]
    ids = [await make.message(db, conversation, state=state, via=via, sending_at=at) for state, via, at in cases]
    assert await db.write(passive.mark_unknown, before=NOW) == 1
    assert await db.read(make.states) == ["unknown", "sending", "sending", "sent", "queued"]
    assert "fetched" in ((await db.read(make.get_message, ids[0])).error or "")
    assert await db.write(passive.mark_unknown, before=NOW) == 0


async def test_a_reply_taken_along_after_the_sweep_is_seen_by_the_next(db: Database, conversation: int) -> None:
    riding = await make.message(db, conversation, state=MessageState.sending, via=Via.passive, sending_at=NOW - SECOND)
    assert await db.write(passive.mark_unknown, before=NOW) == 1
    again = NOW + timedelta(hours=1)

    def carry(session: Session) -> None:
        message = session.get_one(Message, riding)
        message.state, message.sending_at = MessageState.sending, again

    await db.write(passive.mark_unknown, before=again)  # looks at what was sent since the last time
    await db.write(carry)
    assert await db.write(passive.mark_unknown, before=again) == 0
    assert await db.write(passive.mark_unknown, before=again + SECOND) == 1


async def test_the_mark_of_a_clock_that_runs_ahead_hides_nothing(db: Database, conversation: int) -> None:
    await db.write(passive.mark_unknown, before=NOW + timedelta(days=1))
    await make.message(db, conversation, state=MessageState.sending, via=Via.passive, sending_at=NOW - SECOND)
    assert await db.write(passive.mark_unknown, before=NOW) == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_hand_over_touches_no_index(db: Database, conversation: int) -> None:
    """Else each answer is written to all indexes twice, and vacuum cleans up after it."""
    riding = [await make.message(db, conversation, state=MessageState.sending, via=Via.passive, sending_at=NOW)
              for _ in range(5)]  # fmt: skip

    def mark_and_count(session: Session) -> Any:
        passive.mark_sent(session, [Carried(message_id, conversation, NOW) for message_id in riding])
        return session.scalar(sql("SELECT pg_stat_get_xact_tuples_hot_updated('messages'::regclass)"))

    assert await db.write(mark_and_count) == 5


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_the_sweep_reads_its_window_only(db: Database) -> None:
    def plan(session: Session) -> str:
        shown: list[str] = []

        def explain(connection: Connection, *execution: Any) -> None:
            statement, parameters = execution[1:3]
            if statement.startswith("UPDATE messages"):
                shown.extend(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", parameters))

        listen(session.connection(), "before_cursor_execute", explain)
        passive.mark_unknown(session, before=NOW)
        return "\n".join(shown)

    assert "Bitmap Index Scan on ix_messages_sending_at" in await db.write(plan)


async def test_a_reply_that_missed_its_response_is_queued(db: Database, conversation: int) -> None:
    late = [await make.message(db, conversation, text, state=MessageState.sending, via=Via.passive, sending_at=at)
            for text, at in (("误了", NOW), ("又被取走", NOW + SECOND))]  # fmt: skip
    (channel,) = await db.read(accounts.list_channels)
    queued = [Queued(message_id, conversation, channel.id, NOW + SECOND) for message_id in late]
    await db.write(passive.put_back, queued, carried_at=NOW, now=NOW)
    message = await db.read(make.get_message, late[0])
    assert (message.state, message.via, message.sending_at) == ("queued", "outbox", None)
    assert await db.read(make.states) == ["queued", "sending"]
    assert (await db.read(lane_of, conversation)).ready_at == NOW + SECOND


# -------------------- driving again


async def test_dead_jobs_are_queued_behind_what_waits(db: Database, conversation: int) -> None:
    for text in ("第一", "第二"):
        await make.queued(db, conversation, text)
    await db.write(bury_all)
    await make.queued(db, conversation, "第三")
    assert await db.write(undelivered.redrive, by=None, now=NOW) == 2
    assert await db.read(make.states) == ["queued"] * 3
    assert [await db.write(take, conversation) for _ in range(3)] == ["第三", "第一", "第二"]


async def test_without_dead_jobs_nothing_is_done(db: Database, conversation: int) -> None:
    await make.queued(db, conversation)
    assert await db.write(undelivered.redrive, by=None, now=NOW) == 0
    assert await db.read(lanes.depth) == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_of_two_redrives_at_once_one_gets_a_job(db: Database, database_url: str, conversation: int) -> None:
    gate = Gate()

    def redrive_and_stop(session: Session) -> int:
        count = undelivered.redrive(session, by=None, now=NOW)
        gate.stop(session)
        return count

    await make.queued(db, conversation)
    await db.write(bury_all)
    first = asyncio.ensure_future(db.write(redrive_and_stop))
    await gate.reached()
    assert await db.write(undelivered.redrive, by=None, now=NOW) == 0
    gate.open()
    assert await first == 1
    assert await db.read(lanes.depth) == 1
