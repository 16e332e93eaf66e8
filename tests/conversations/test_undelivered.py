"""What did not leave, as people see it, and what they decide."""

from collections.abc import Callable

import pytest

from app.channels.delivery import Outcome
from app.conversations import gates, passive, undelivered
from app.conversations.accounts import Account
from app.conversations.models import MessageState, Via
from app.conversations.pending import NEVER
from app.conversations.undelivered import Listed
from app.db.database import Database
from app.jobs.models import Priority, Waits
from tests.factories import conversations as make
from tests.factories import delivering as do
from tests.factories import told
from tests.factories.conversations import NOW
from tests.factories.delivering import DAY, HOUR, SECOND


@pytest.fixture
async def account(db: Database) -> Account:
    return await db.write(do.account)


@pytest.fixture
async def talk(db: Database, account: Account) -> int:
    talk = await db.write(do.viewer, account.channel_id)
    await db.write(do.writes, talk)
    return talk


async def said(db: Database, account: Account, talk: int, text: str, outcome: Outcome) -> int:
    """A message whose attempt ended like this."""
    message_id = await db.write(do.says, talk, text)
    (draft,) = await db.write(do.leave, account)
    await db.write(do.settle, do.failed(draft, outcome))
    return message_id


async def sent_now(db: Database, account: Account) -> list[int]:
    """Everything that leaves, one after the other."""
    left = []
    while drafts := await db.write(do.leave, account):
        left += [draft.message_id for draft in drafts]
        await db.write(do.settle, *map(do.arrived, drafts))
    return left


# -------------------- seen


async def test_the_summary_counts_what_is_dead_unknown_waiting_and_closed(
    db: Database, account: Account, talk: int
) -> None:
    await said(db, account, talk, "死信", Outcome.permanent)
    await said(db, account, talk, "不明", Outcome.unknown)
    await close_api(db, account)
    summary = await db.read(undelivered.summary, NOW)
    assert (summary.dead, summary.unknown, summary.waiting) == (1, 1, {})
    assert summary.closed == [("main", "custom", "operator", None, "白名单")]


async def close_api(db: Database, account: Account) -> None:
    await db.write(
        gates.close, account.channel_id, "custom", until=gates.UNTIL_MENDED, waits=Waits.operator, reason="白名单",
        now=NOW,
    )  # fmt: skip


async def test_what_waits_is_counted_by_why(db: Database, account: Account, talk: int) -> None:
    await said(db, account, talk, "重试", Outcome.retry)
    for n in range(2):
        silent = await db.write(do.viewer, account.channel_id, f"silent-{n}")
        await db.write(do.says, silent)
    assert await db.write(do.leave, account) == []
    assert await db.read(undelivered.count_waiting) == {"retry": 1, "window": 2}


async def test_each_is_listed_with_what_a_person_needs(db: Database, account: Account, talk: int) -> None:
    dead = await said(db, account, talk, "死信", Outcome.permanent)
    unknown = await said(db, account, talk, "不明", Outcome.unknown)
    silent = await db.write(do.viewer, account.channel_id, "silent")
    waiting = await db.write(do.says, silent, "等着")
    assert await db.write(do.leave, account) == []
    refused = "refused permanent: as told"
    assert await db.read(undelivered.list_undelivered, state="dead") == [
        Listed(dead, talk, "main", "failed", None, NOW, 1, "死信", refused, "text", account.platform.name, NOW)
    ]
    (listed,) = await db.read(undelivered.list_undelivered, state="unknown")
    assert (listed.message_id, listed.attempts, listed.error) == (unknown, 0, "refused unknown: as told")
    (listed,) = await db.read(undelivered.list_undelivered, state="waiting")
    assert (listed.message_id, listed.waits, listed.until) == (waiting, "window", None)


async def test_a_long_list_comes_in_pages(db: Database, account: Account, talk: int) -> None:
    made = [await said(db, account, talk, f"第{n}条", Outcome.permanent) for n in range(5)]
    first = await db.read(undelivered.list_undelivered, state="dead", limit=3)
    rest = await db.read(undelivered.list_undelivered, state="dead", after=first[-1].message_id, limit=3)
    assert [listed.message_id for listed in first + rest] == made


# -------------------- driven again


async def test_dead_messages_are_driven_again_in_pages_and_in_their_order(
    db: Database, account: Account, talk: int
) -> None:
    made = [await said(db, account, talk, f"第{n}条", Outcome.permanent) for n in range(5)]
    newer = await db.write(do.says, talk, "新的")
    pages = [await db.write(undelivered.redrive, by=None, now=NOW, limit=2) for _ in range(4)]
    assert pages == [2, 2, 1, 0]
    assert [await db.read(do.state, message_id) for message_id in made] == ["queued"] * 5
    await db.write(do.writes, talk, NOW + SECOND)
    assert (await sent_now(db, account))[:5] == [newer, *made[:4]]


async def test_only_the_dead_messages_that_are_named_are_driven_again(
    db: Database, account: Account, talk: int
) -> None:
    made = [await said(db, account, talk, f"第{n}条", Outcome.permanent) for n in range(3)]
    assert await db.write(undelivered.redrive, by=None, now=NOW, message_ids=[made[1], 999]) == 1
    assert [await db.read(do.state, message_id) for message_id in made] == ["failed", "queued", "failed"]
    assert await sent_now(db, account) == [made[1]]


async def test_what_is_driven_again_keeps_its_class_and_begins_anew(db: Database, account: Account, talk: int) -> None:
    message_id = await db.write(do.says, talk, priority=Priority.campaign)
    (draft,) = await db.write(do.leave, account)
    await db.write(do.settle, do.failed(draft, Outcome.permanent))
    await db.write(undelivered.redrive, by=None, now=NOW + HOUR)
    job = await db.read(do.job, message_id)
    assert job is not None
    assert (job.priority, job.attempts, job.not_before) == (Priority.campaign.rank, 0, NOW + HOUR)
    assert (await db.read(do.lane, talk)).priority == Priority.campaign.rank
    assert (await db.read(do.message, message_id)).error is None


async def test_dead_messages_can_be_dropped(db: Database, account: Account, talk: int) -> None:
    dead = await said(db, account, talk, "死信", Outcome.permanent)
    alive = await db.write(do.says, talk)
    assert await db.write(undelivered.drop, [dead, alive], by=None, now=NOW) == 1
    assert (await db.read(do.state, dead), await db.read(do.job, dead)) == ("failed", None)
    assert await sent_now(db, account) == [alive]


# -------------------- unknown, decided


async def test_a_person_may_send_an_unknown_message_again(db: Database, account: Account, talk: int) -> None:
    unknown = await said(db, account, talk, "不明", Outcome.unknown)
    assert await db.write(undelivered.send_again, unknown, by=None, now=NOW)
    assert not await db.write(undelivered.send_again, unknown, by=None, now=NOW)
    assert await db.read(do.state, unknown) == "queued"
    assert await sent_now(db, account) == [unknown]
    assert await db.read(do.state, unknown) == "sent"


async def test_what_rode_on_a_response_and_is_sent_again_is_no_passive_reply_any_more(
    db: Database, account: Account, talk: int
) -> None:
    """Else the sweep of replies that nobody fetched would take it out of the sender's hands."""
    riding = await make.message(db, talk, state=MessageState.sending, via=Via.passive, sending_at=NOW)
    await db.write(passive.mark_unknown, before=NOW + SECOND)
    await db.write(undelivered.send_again, riding, by=None, now=NOW)
    (draft,) = await db.write(do.leave, account)
    assert await db.write(passive.mark_unknown, before=NOW + SECOND) == 0
    await db.write(do.settle, do.arrived(draft))
    assert await db.read(do.state, riding) == "sent"


@pytest.mark.parametrize(("decide", "state"), [(undelivered.mark_arrived, "sent"), (undelivered.mark_lost, "failed")])
async def test_a_person_may_know_what_became_of_it(
    db: Database, account: Account, talk: int, decide: Callable[..., bool], state: str
) -> None:
    unknown = await said(db, account, talk, "不明", Outcome.unknown)
    assert await db.write(decide, unknown, by=None, now=NOW)
    assert await db.read(do.state, unknown) == state
    assert not await db.write(decide, unknown, by=None, now=NOW)
    assert await sent_now(db, account) == []


async def test_nothing_is_decided_about_what_is_not_unknown(db: Database, account: Account, talk: int) -> None:
    dead = await said(db, account, talk, "死信", Outcome.permanent)
    for decide in (undelivered.mark_arrived, undelivered.mark_lost):
        assert not await db.write(decide, dead, by=None, now=NOW)
    assert not await db.write(undelivered.send_again, dead, by=None, now=NOW)
    assert await db.read(do.state, dead) == "failed"


# -------------------- mended


async def test_all_that_an_api_kept_back_goes_in_pages_once_it_is_mended(db: Database, account: Account) -> None:
    other = await db.write(do.account, name="other")
    for channel in (account, other):
        for n in range(5):
            talk = await db.write(do.viewer, channel.channel_id, f"viewer-{n}")
            await db.write(do.writes, talk)
            await db.write(do.says, talk)
        await close_api(db, channel)
    assert await db.write(do.leave, account, other) == []
    assert await db.read(undelivered.count_waiting) == {"operator": 10}
    pages = [await db.write(undelivered.reopen, account.channel_id, by=None, now=NOW, limit=2) for _ in range(4)]
    assert pages == [2, 2, 1, 0]
    assert len(await sent_now(db, account)) == 5
    assert await db.read(undelivered.count_waiting) == {"operator": 5}
    assert await db.write(do.leave, other, now=NOW + DAY) == []


async def test_pages_are_told_what_a_closed_api_holds_and_that_it_goes(db: Database, account: Account) -> None:
    talks = [await db.write(do.viewer, account.channel_id, f"viewer-{n}") for n in range(3)]
    for talk in talks:
        await db.write(do.writes, talk)
    for talk in talks[:2]:
        await db.write(do.says, talk)
    await close_api(db, account)
    await db.write(told.take)
    await db.write(do.leave, account)
    assert await db.write(told.take) == [("conversation", talks[:2])]
    await db.write(do.leave, account)
    assert await db.write(told.take) == []  # nothing new
    await db.write(undelivered.reopen, account.channel_id, by=None, now=NOW)
    assert await db.write(told.take) == [("conversation", talks[:2]), ("outbox", [account.channel_id])]


async def test_mending_does_not_wake_what_waits_for_its_viewer(db: Database, account: Account) -> None:
    silent = await db.write(do.viewer, account.channel_id)
    message_id = await db.write(do.says, silent)
    assert await db.write(do.leave, account) == []
    assert await db.write(undelivered.reopen, account.channel_id, by=None, now=NOW) == 0
    assert await db.read(do.waits, message_id) == ("window", NEVER)
