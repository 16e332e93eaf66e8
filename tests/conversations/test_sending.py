"""The sender against a played platform: order, failures, lost connections, credentials."""

import asyncio
import socket
from collections.abc import AsyncIterator
from datetime import timedelta
from http import HTTPStatus

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.channels.delivery import Outcome
from app.conversations import accounts, calling, passive, undelivered
from app.conversations.accounts import Directory
from app.conversations.models import Message, MessageState, Via
from app.conversations.passive import Carried
from app.conversations.pending import NEVER
from app.conversations.sending import LEASE, Sender
from app.conversations.settling import ATTEMPTS, backoff
from app.db.database import Database
from app.jobs import lanes
from app.jobs.models import Job, Lane
from tests.factories import conversations as make
from tests.factories.clock import Clock
from tests.factories.conversations import KEYRING, NOW, SECRETS, STORAGE, WECHAT
from tests.fakes.wechat import Cut, WeChatApi

MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW + MINUTE)


@pytest.fixture
async def sender(db: Database, api: WeChatApi, clock: Clock) -> AsyncIterator[Sender]:
    sender = new_sender(db, api.url, clock)
    yield sender
    await sender.close()


def new_sender(db: Database, url: str, clock: Clock) -> Sender:
    return Sender(db, Directory(db, KEYRING, simulated=False), KEYRING, STORAGE, base_urls={"wechat": url}, clock=clock)


@pytest.fixture
async def channel(db: Database) -> int:
    return await make.channel(db)


@pytest.fixture
async def conversation(db: Database, channel: int) -> int:
    return await make.conversation(db, channel)


async def rounds(sender: Sender) -> None:
    """Until nothing is due."""
    while await sender.round():
        pass


def one_job(session: Session) -> Job:
    return session.scalars(select(Job)).one()


# -------------------- sending


async def test_a_message_is_sent_once_and_its_job_is_gone(
    db: Database, sender: Sender, api: WeChatApi, clock: Clock, conversation: int
) -> None:
    message_id = await make.queued(db, conversation, "您好，“片名”今晚更新。")
    await rounds(sender)
    message = await db.read(make.get_message, message_id)
    assert api.texts_to("openid-1") == ["您好，“片名”今晚更新。"]
    assert (message.state, message.sent_at, message.sending_at) == ("sent", clock.now, clock.now)
    assert await db.read(lambda session: session.scalars(select(Job)).all()) == []


async def test_a_conversation_hears_its_messages_in_order(
    db: Database, sender: Sender, api: WeChatApi, channel: int
) -> None:
    viewers = [f"openid-{n}" for n in range(5)]
    talks = [await make.conversation(db, channel, viewer) for viewer in viewers]
    for text in ("一", "二", "三", "四"):
        for talk in talks:
            await make.queued(db, talk, text)
    await rounds(sender)
    assert [api.texts_to(viewer) for viewer in viewers] == [["一", "二", "三", "四"]] * 5


async def test_conversations_do_not_wait_for_each_other(
    db: Database, sender: Sender, api: WeChatApi, channel: int
) -> None:
    slow, quick = [await make.conversation(db, channel, viewer) for viewer in ("slow", "quick")]
    await make.queued(db, slow, "慢")
    await make.queued(db, quick, "快")
    hold = api.hold("慢")
    other = api.hold("快")
    sending_both = asyncio.ensure_future(sender.round())
    await hold.arrived()
    await other.arrived()
    hold.release()
    other.release()
    await sending_both
    assert api.texts_to("slow") + api.texts_to("quick") == ["慢", "快"]


async def test_a_secret_that_was_mended_a_moment_ago_is_the_one_that_is_used(
    db: Database, sender: Sender, api: WeChatApi, channel: int, conversation: int
) -> None:
    await sender.round()
    mended = SECRETS | {"app_secret": "mended"}
    await db.write(
        accounts.save, platform="wechat", name="main", settings=WECHAT, secrets=mended, keyring=KEYRING, now=NOW
    )
    await make.queued(db, conversation)
    await rounds(sender)
    assert [asked["secret"] for asked in api.token_requests] == ["mended"]
    assert api.texts_to("openid-1") == ["好的"]


async def test_what_can_only_ride_on_an_answer_is_not_sent(
    db: Database, sender: Sender, api: WeChatApi, clock: Clock, conversation: int
) -> None:
    await make.queued(db, conversation, not_before=NEVER)
    clock.now += timedelta(days=365)
    assert await sender.round() == 0
    assert api.asked == []


async def test_nothing_is_sent_before_its_time(
    db: Database, sender: Sender, api: WeChatApi, clock: Clock, conversation: int
) -> None:
    await make.queued(db, conversation, not_before=clock.now + MINUTE)
    assert await sender.round() == 0
    clock.now += MINUTE
    await rounds(sender)
    assert api.texts_to("openid-1") == ["好的"]


async def test_nothing_is_sent_to_who_does_not_follow(
    db: Database, sender: Sender, api: WeChatApi, channel: int
) -> None:
    gone = await make.conversation(db, channel, "gone", following=False)
    here = await make.conversation(db, channel, "here", following=True)
    ids = [await make.queued(db, talk) for talk in (gone, gone, here)]
    await rounds(sender)
    assert [sent.viewer for sent in api.sent] == ["here"]
    assert await db.read(make.states) == ["failed", "failed", "sent"]
    assert "does not follow" in ((await db.read(make.get_message, ids[0])).error or "")


async def test_a_message_that_is_gone_holds_nobody_up(
    db: Database, sender: Sender, api: WeChatApi, conversation: int
) -> None:
    erased = await make.queued(db, conversation, "已删除")
    await make.queued(db, conversation, "还在")
    await db.write(lambda session: session.execute(delete(Message).where(Message.id == erased)) and None)
    await rounds(sender)
    assert api.texts_to("openid-1") == ["还在"]
    assert await db.read(lanes.depth) == 0


async def test_a_later_message_waits_for_one_on_a_response(
    db: Database, sender: Sender, api: WeChatApi, clock: Clock, conversation: int
) -> None:
    """The passive reply left with the webhook's response, and nobody knows yet whether it arrived."""
    riding = await make.message(
        db, conversation, "第一", state=MessageState.sending, via=Via.passive, sending_at=clock.now
    )
    await make.queued(db, conversation, "第二")
    assert await sender.round() == 1
    assert api.asked == []
    await db.write(passive.mark_sent, [Carried(riding, conversation, clock.now)])
    clock.now += timedelta(seconds=1)
    await rounds(sender)
    assert api.texts_to("openid-1") == ["第二"]


# -------------------- failures


async def test_a_server_that_cannot_be_reached_is_tried_again_later_and_later(
    db: Database, clock: Clock, api: WeChatApi, conversation: int
) -> None:
    first = await make.queued(db, conversation, "第一")
    await make.queued(db, conversation, "第二")
    with socket.create_server(("127.0.0.1", 0)) as unused:
        closed = f"http://127.0.0.1:{unused.getsockname()[1]}"
    sender, waits = new_sender(db, closed, clock), []
    for attempt in range(1, 5):
        assert await sender.round() == 1
        job = await db.read(lambda session: session.scalars(select(Job).order_by(Job.id)).first())
        assert job is not None
        assert (job.state, (job.error or "").split()[0]) == ("queued", "not_connected")
        waits.append((job.not_before - clock.now) / backoff(attempt, 0.5))
        assert await sender.round() == 0
        clock.now = job.not_before
    assert all(0.5 <= wait <= 1.5 for wait in waits)
    assert (await db.read(make.get_message, first)).state == "queued"
    await sender.close()

    back = new_sender(db, api.url, clock)
    await rounds(back)
    await back.close()
    assert api.texts_to("openid-1") == ["第一", "第二"]
    assert (await db.read(make.get_message, first)).error is None


async def test_after_the_last_attempt_it_has_failed_and_the_next_has_its_turn(
    db: Database, sender: Sender, api: WeChatApi, clock: Clock, conversation: int
) -> None:
    await make.queued(db, conversation, "第一")
    await make.queued(db, conversation, "第二")
    api.answers["第一"] = [HTTPStatus.TOO_MANY_REQUESTS] * ATTEMPTS[Outcome.retry]
    for _ in range(ATTEMPTS[Outcome.retry]):
        await rounds(sender)
        clock.now += 15 * MINUTE
    await rounds(sender)
    assert api.asked == ["第一"] * ATTEMPTS[Outcome.retry] + ["第二"]
    assert await db.read(make.states) == ["failed", "sent"]
    assert (await db.read(one_job)).state == "dead"


async def test_the_platform_says_when_to_come_again(
    db: Database, sender: Sender, api: WeChatApi, clock: Clock, conversation: int
) -> None:
    await make.queued(db, conversation)
    api.answers["好的"] = [45011]  # too often in this minute
    await rounds(sender)
    assert (await db.read(one_job)).waits == "rate"
    clock.now += MINUTE - timedelta(seconds=1)
    await rounds(sender)
    assert api.asked == ["好的"]
    clock.now += timedelta(seconds=1)
    await rounds(sender)
    assert api.asked == ["好的"] * 2


@pytest.mark.parametrize("answer", [Cut.at_once, Cut.in_the_answer, HTTPStatus.BAD_GATEWAY, -1])
async def test_a_text_that_may_have_arrived_is_never_repeated(
    db: Database, sender: Sender, api: WeChatApi, clock: Clock, conversation: int, answer: Cut | HTTPStatus | int
) -> None:
    message_id = await make.queued(db, conversation, "第一")
    await make.queued(db, conversation, "第二")
    api.answers["第一"] = [answer]
    await rounds(sender)
    clock.now += timedelta(days=1)
    await rounds(sender)
    assert api.asked == ["第一", "第二"]
    assert await db.read(make.states) == ["unknown", "sent"]
    assert (await db.read(make.get_message, message_id)).error
    assert await db.write(undelivered.redrive, by=None, now=clock.now) == 0


async def test_an_answer_that_does_not_come_in_time_is_unknown(
    db: Database, sender: Sender, api: WeChatApi, conversation: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calling, "LONGEST", 0.05)
    await make.queued(db, conversation)
    api.hold("好的")
    await sender.round()
    assert await db.read(make.states) == ["unknown"]


@pytest.mark.parametrize("code", [40003, 45002, 99999])
async def test_a_refusal_is_a_visible_dead_job(
    db: Database, sender: Sender, api: WeChatApi, conversation: int, code: int
) -> None:
    message_id = await make.queued(db, conversation, "第一")
    await make.queued(db, conversation, "第二")
    api.answers["第一"] = [code]
    await rounds(sender)
    job, message = await db.read(one_job), await db.read(make.get_message, message_id)
    assert (job.state, job.subject_id, message.state) == ("dead", message_id, "failed")
    assert str(code) in (job.error or "")
    assert job.error == message.error
    assert api.asked == ["第一", "第二"]


async def test_dead_jobs_can_be_driven_again_in_their_order(
    db: Database, sender: Sender, api: WeChatApi, clock: Clock, conversation: int
) -> None:
    for text in ("第一", "第二", "第三"):
        await make.queued(db, conversation, text)
        api.answers[text] = [40003]
    await rounds(sender)
    await make.queued(db, conversation, "新的", not_before=clock.now + MINUTE)
    assert await db.write(undelivered.redrive, by=None, now=clock.now) == 3
    assert await db.read(make.states) == ["queued"] * 4
    clock.now += MINUTE
    await rounds(sender)
    assert api.texts_to("openid-1") == ["新的", "第一", "第二", "第三"]
    assert await db.write(undelivered.redrive, by=None, now=clock.now) == 0


async def test_a_failure_beside_the_platform_leaves_the_other_lanes_alone(
    db: Database, api: WeChatApi, clock: Clock, channel: int, caplog: pytest.LogCaptureFixture
) -> None:
    """A channel of a platform whose address nobody gave: a mistake of ours, not a failed delivery."""
    broken = Sender(db, Directory(db, KEYRING, simulated=False), KEYRING, STORAGE, base_urls={}, clock=clock)
    await make.queued(db, await make.conversation(db, channel))
    assert await broken.round() == 1
    assert "no token" in caplog.text
    assert await db.read(make.states) == ["queued"]
    assert (await db.read(one_job)).waits == "retry"
    await broken.close()


# -------------------- a sender that dies


async def test_what_was_in_flight_at_a_kill_is_unknown_and_the_rest_goes_on(
    db: Database, sender: Sender, api: WeChatApi, clock: Clock, conversation: int
) -> None:
    first = await make.queued(db, conversation, "第一")
    await make.queued(db, conversation, "第二")
    dying = new_sender(db, api.url, clock)
    hold = api.hold("第一")
    task = asyncio.ensure_future(dying.round())
    await hold.arrived()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await dying.close()

    assert await sender.round() == 0  # its lease still runs
    clock.now += LEASE + timedelta(seconds=1)
    await rounds(sender)
    assert api.asked == ["第一", "第二"]
    assert await db.read(make.states) == ["unknown", "sent"]
    assert (await db.read(make.get_message, first)).error == "the sender was interrupted while sending"


async def test_who_lost_its_lease_writes_nothing_but_that_it_arrived(
    db: Database, sender: Sender, api: WeChatApi, clock: Clock, conversation: int
) -> None:
    """It hangs so long that another takes the lane over and can only guess; its late success is what is true."""
    await make.queued(db, conversation, "第一")
    await make.queued(db, conversation, "第二")
    late, hold = new_sender(db, api.url, clock), api.hold("第一")
    task = asyncio.ensure_future(late.round())
    await hold.arrived()
    clock.now += LEASE + timedelta(seconds=1)
    await rounds(sender)
    hold.release()
    await task
    await late.close()
    assert await db.read(make.states) == ["sent", "sent"]
    assert api.asked == ["第一", "第二"]


async def test_at_an_orderly_end_what_is_on_its_way_is_finished(
    db: Database, api: WeChatApi, clock: Clock, conversation: int
) -> None:
    await make.queued(db, conversation)
    sender, hold = new_sender(db, api.url, clock), api.hold("好的")
    task = asyncio.ensure_future(sender.run())
    await hold.arrived()
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    hold.release()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await db.read(make.states) == ["sent"]


async def test_a_second_cancellation_ends_it_at_once(
    db: Database, api: WeChatApi, clock: Clock, conversation: int
) -> None:
    await make.queued(db, conversation)
    sender, hold = new_sender(db, api.url, clock), api.hold("好的")
    task = asyncio.ensure_future(sender.run())
    await hold.arrived()
    for _ in range(2):
        task.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(asyncio.shield(task), 5)
    assert await db.read(make.states) == ["sending"]


# -------------------- credentials


async def test_of_many_cold_lanes_one_fetches_the_credential(
    db: Database, sender: Sender, api: WeChatApi, channel: int
) -> None:
    for n in range(12):
        await make.queued(db, await make.conversation(db, channel, f"openid-{n}"))
    await rounds(sender)
    assert len(api.sent) == 12
    assert [request["appid"] for request in api.token_requests] == [WECHAT["app_id"]]


async def test_a_stale_credential_is_replaced_once_for_all(
    db: Database, sender: Sender, api: WeChatApi, channel: int
) -> None:
    talks = [await make.conversation(db, channel, f"openid-{n}") for n in range(6)]
    await make.queued(db, talks[0], "前")
    await rounds(sender)
    api.expire_token()
    for talk in talks:
        await make.queued(db, talk, "后")
    await rounds(sender)
    assert [sent.text for sent in api.sent] == ["前"] + ["后"] * 6
    assert len(api.token_requests) == 2


async def test_a_credential_refused_twice_is_told_and_tried_again_later(
    db: Database, sender: Sender, api: WeChatApi, clock: Clock, conversation: int
) -> None:
    await make.queued(db, conversation)
    api.answers["好的"] = [40001, 40001]
    await rounds(sender)
    job = await db.read(one_job)
    assert api.asked == ["好的", "好的"]
    assert len(api.token_requests) == 2
    assert job.state == "queued"
    assert clock.now + backoff(1, 0) <= job.not_before <= clock.now + backoff(1, 1)
    assert (job.error or "").startswith("40001 refresh")
    clock.now = job.not_before
    await rounds(sender)
    assert await db.read(make.states) == ["sent"]


async def test_without_a_credential_nothing_is_tried(
    db: Database, sender: Sender, api: WeChatApi, conversation: int
) -> None:
    await make.queued(db, conversation)
    api.token_answer = 40125  # a wrong secret
    await rounds(sender)
    assert (api.asked, len(api.token_requests)) == ([], 1)
    assert await db.read(make.states) == ["queued"]
    assert (await db.read(one_job)).waits == "operator"


async def test_a_channel_that_is_not_served_waits(
    db: Database, sender: Sender, api: WeChatApi, clock: Clock, conversation: int
) -> None:
    await make.queued(db, conversation)
    await db.write(
        accounts.save, platform="wechat", name="main", settings=WECHAT, secrets=SECRETS, keyring=KEYRING, now=NOW,
        simulated=True,
    )  # fmt: skip
    await rounds(sender)
    assert ((await db.read(one_job)).state, api.asked) == ("queued", [])
    await db.write(
        accounts.save, platform="wechat", name="main", settings=WECHAT, secrets=SECRETS, keyring=KEYRING, now=NOW
    )
    back = new_sender(db, api.url, clock)
    await rounds(back)
    await back.close()
    assert api.asked == ["好的"]


async def test_several_senders_share_the_work_and_double_nothing(
    db: Database, api: WeChatApi, clock: Clock, channel: int
) -> None:
    for n in range(20):
        talk = await make.conversation(db, channel, f"openid-{n}")
        for text in ("一", "二"):
            await make.queued(db, talk, text)
    senders = [new_sender(db, api.url, clock) for _ in range(3)]
    await asyncio.gather(*(rounds(sender) for sender in senders))
    for sender in senders:
        await sender.close()
    assert sorted((sent.viewer, sent.text) for sent in api.sent) == sorted(
        (f"openid-{n}", text) for n in range(20) for text in ("一", "二")
    )
    assert all(api.texts_to(f"openid-{n}") == ["一", "二"] for n in range(20))
    left = await db.read(lambda session: session.scalars(select(Lane).where(Lane.ready_at.is_not(None))).all())
    assert left == []
