"""What becomes of an attempt, by how it ended."""

import pytest
from sqlalchemy.orm import Session

from app.channels.delivery import DeliveryError, Outcome
from app.conversations import gates, windows
from app.conversations.accounts import Account
from app.conversations.ledgers import Allowed
from app.conversations.models import MessageState
from app.conversations.pending import NEVER, Draft
from app.conversations.settling import ATTEMPTS, PLATFORM_ID, Ended, backoff
from app.db.database import Database
from app.jobs.models import JobState, Priority
from tests.factories import delivering as do
from tests.factories.conversations import NOW
from tests.factories.delivering import DAY, HOUR, LEASE, MINUTE, NOTICE, SECOND
from tests.factories.stand_ins import TALK, TALK_TIME

NOTHING_TAKEN = [Outcome.retry, Outcome.refresh, Outcome.media]


@pytest.fixture(params=[False, True], ids=["unkeyed", "keyed"])
async def account(db: Database, request: pytest.FixtureRequest) -> Account:
    return await db.write(do.account, keyed=request.param)


@pytest.fixture
async def unkeyed(db: Database) -> Account:
    return await db.write(do.account, name="unkeyed")


@pytest.fixture
async def keyed(db: Database) -> Account:
    return await db.write(do.account, keyed=True, name="keyed")


async def on_its_way(db: Database, account: Account, text: str = "好的", name: str = "viewer-1") -> Draft:
    """A viewer wrote, and an answer to him has just left."""
    talk = await db.write(do.viewer, account.channel_id, name)
    await db.write(do.writes, talk)
    await db.write(do.says, talk, text)
    (draft,) = await db.write(do.leave, account)
    return draft


def used(session: Session) -> list[tuple[int, bool]]:
    return [(row.used, row.closed) for row in session.query(Allowed).order_by(Allowed.anchor_id)]


# -------------------- it arrived


async def test_what_arrived_is_sent_and_nothing_is_left_to_do(db: Database, account: Account) -> None:
    draft = await on_its_way(db, account)
    assert await db.write(do.settle, do.arrived(draft, "platform-7"), now=NOW + SECOND) == []
    row = await db.read(do.message, draft.message_id)
    assert (row.state, row.sent_at, row.platform_id, row.error) == ("sent", NOW + SECOND, "platform-7", None)
    assert await db.read(do.job, draft.message_id) is None
    assert (await db.read(do.lane, 1)).ready_at is None
    assert await db.read(used) == [(1, False)]


async def test_a_platforms_long_id_is_cut_instead_of_refused(db: Database, account: Account) -> None:
    draft = await on_its_way(db, account)
    await db.write(do.settle, do.arrived(draft, "长" * 100))
    assert (await db.read(do.message, draft.message_id)).platform_id == "长" * PLATFORM_ID


async def test_whatever_characters_the_platform_writes_are_no_trouble(db: Database, account: Account) -> None:
    """NUL, which PostgreSQL does not store, and half a pair, which nobody can encode."""
    refused, taken = await on_its_way(db, account), await on_its_way(db, account, name="viewer-2")
    error = DeliveryError("1", Outcome.permanent, "\0拒绝\ud83d")
    await db.write(do.settle, Ended(refused, None, error, 0.5), do.arrived(taken, "\0id\ud83d"))
    assert (await db.read(do.message, refused.message_id)).error == "1 permanent: 拒绝"
    assert (await db.read(do.message, taken.message_id)).platform_id == "id"


async def test_a_late_success_corrects_what_could_only_be_guessed(db: Database, unkeyed: Account) -> None:
    draft = await on_its_way(db, unkeyed)
    later = NOW + LEASE + SECOND
    await db.write(do.leave, unkeyed, worker="w2", now=later)
    assert await db.read(do.state, draft.message_id) == "unknown"
    await db.write(do.settle, do.arrived(draft, "platform-7"), now=later)
    row = await db.read(do.message, draft.message_id)
    assert (row.state, row.platform_id, row.error) == ("sent", "platform-7", None)


@pytest.mark.parametrize("outcome", list(Outcome))
async def test_a_late_failure_changes_nothing(db: Database, unkeyed: Account, outcome: Outcome) -> None:
    draft = await on_its_way(db, unkeyed)
    later = NOW + LEASE + SECOND
    await db.write(do.leave, unkeyed, worker="w2", now=later)
    assert await db.write(do.settle, do.failed(draft, outcome), now=later) == []
    assert await db.read(do.state, draft.message_id) == "unknown"
    assert await db.read(gates.closed, later) == []


async def test_an_old_attempts_failure_does_not_end_the_one_under_way(db: Database, keyed: Account) -> None:
    """The same process took the lane again, and repeats under the key; the place is not free."""
    old = await on_its_way(db, keyed)
    later = NOW + LEASE + SECOND
    (repeat,) = await db.write(do.leave, keyed, now=later)
    assert repeat.reply_to == old.reply_to
    assert await db.write(do.settle, do.failed(old, Outcome.retry), now=later) == []
    assert (await db.read(do.state, old.message_id), await db.read(used)) == ("sending", [(1, False)])
    assert await db.write(do.settle, do.arrived(repeat), now=later) == []
    assert await db.read(do.state, old.message_id) == "sent"


async def test_who_was_slow_but_not_replaced_still_settles(db: Database, account: Account) -> None:
    draft = await on_its_way(db, account)
    await db.write(do.settle, do.arrived(draft), now=NOW + 2 * LEASE)
    assert await db.read(do.state, draft.message_id) == "sent"


async def test_all_that_ended_together_is_written_together(db: Database, account: Account) -> None:
    drafts = [await on_its_way(db, account, name=f"viewer-{n}") for n in range(4)]
    ends = [do.arrived(drafts[0]), do.failed(drafts[1], Outcome.retry), do.failed(drafts[2], Outcome.permanent)]
    given_up = await db.write(do.settle, *ends, do.failed(drafts[3], Outcome.recipient))
    assert [ended.draft.message_id for ended in given_up] == [draft.message_id for draft in drafts[2:]]
    states = [await db.read(do.state, draft.message_id) for draft in drafts]
    assert states == ["sent", "queued", "failed", "failed"]


# -------------------- nothing was taken


@pytest.mark.parametrize("outcome", NOTHING_TAKEN)
async def test_what_was_not_taken_is_tried_again_and_its_place_is_free(
    db: Database, account: Account, outcome: Outcome
) -> None:
    draft = await on_its_way(db, account)
    await db.write(do.settle, do.failed(draft, outcome))
    until = NOW + backoff(1, 0.5)
    assert await db.read(do.waits, draft.message_id) == ("retry", until)
    assert (await db.read(do.state, draft.message_id), await db.read(used)) == ("queued", [(0, False)])
    assert await db.write(do.leave, account, now=until - SECOND) == []
    (again,) = await db.write(do.leave, account, now=until)
    assert (again.reply_to, again.attempts, again.doubtful) == (draft.reply_to, 2, False)


@pytest.mark.parametrize("outcome", NOTHING_TAKEN)
async def test_after_so_many_attempts_it_is_a_dead_job(db: Database, account: Account, outcome: Outcome) -> None:
    draft, now = await on_its_way(db, account), NOW
    for attempt in range(1, ATTEMPTS[outcome]):
        assert draft.attempts == attempt
        assert await db.write(do.settle, do.failed(draft, outcome), now=now) == []
        now += backoff(attempt, 0.5)
        (draft,) = await db.write(do.leave, account, now=now)
    given_up = await db.write(do.settle, do.failed(draft, outcome), now=now)
    dead = await db.read(do.job, draft.message_id)
    assert dead is not None
    assert (dead.state, dead.waits, await db.read(do.state, draft.message_id)) == ("dead", None, "failed")
    assert len(given_up) == 1


async def test_the_platform_may_ask_for_a_longer_wait(db: Database, account: Account) -> None:
    draft = await on_its_way(db, account)
    await db.write(do.settle, do.failed(draft, Outcome.retry, retry_after=90))
    assert await db.read(do.waits, draft.message_id) == ("retry", NOW + 90 * SECOND)


def test_waits_grow_to_a_limit_and_are_spread() -> None:
    waits = [backoff(attempt, 0.5).total_seconds() for attempt in range(1, 13)]
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600, 600]
    assert (backoff(3, 0), backoff(3, 1)) == (4 * SECOND, 12 * SECOND)


# -------------------- it may have arrived


async def test_what_may_have_arrived_without_a_key_is_unknown_at_once(db: Database, unkeyed: Account) -> None:
    draft = await on_its_way(db, unkeyed)
    assert len(await db.write(do.settle, do.failed(draft, Outcome.unknown))) == 1
    assert await db.read(do.state, draft.message_id) == "unknown"
    assert await db.read(do.job, draft.message_id) is None
    assert await db.read(used) == [(1, False)]


async def test_what_may_have_arrived_under_a_key_is_repeated_under_it(db: Database, keyed: Account) -> None:
    draft, now = await on_its_way(db, keyed), NOW
    first = draft.reply_to
    for attempt in range(1, ATTEMPTS[Outcome.unknown]):
        await db.write(do.settle, do.failed(draft, Outcome.unknown), now=now)
        assert await db.read(do.state, draft.message_id) == "queued"
        now += backoff(attempt, 0.5)
        (draft,) = await db.write(do.leave, keyed, now=now)
        assert (draft.reply_to, draft.doubtful) == (first, True)
    assert len(await db.write(do.settle, do.failed(draft, Outcome.unknown), now=now)) == 1
    assert await db.read(do.state, draft.message_id) == "unknown"
    assert await db.read(used) == [(1, False)]


@pytest.mark.parametrize("outcome", [Outcome.permanent, Outcome.recipient, Outcome.window])
async def test_a_doubtful_one_never_fails_but_ends_unknown(db: Database, keyed: Account, outcome: Outcome) -> None:
    draft = await on_its_way(db, keyed)
    await db.write(do.settle, do.failed(draft, Outcome.unknown))
    (again,) = await db.write(do.leave, keyed, now=NOW + MINUTE)
    assert len(await db.write(do.settle, do.failed(again, outcome), now=NOW + MINUTE)) == 1
    assert await db.read(do.state, draft.message_id) == "unknown"
    assert await db.read(do.job, draft.message_id) is None
    assert (await db.read(used))[0][0] == 1


async def test_a_doubtful_one_that_is_refused_for_a_while_keeps_its_place(db: Database, keyed: Account) -> None:
    draft, now = await on_its_way(db, keyed), NOW
    await db.write(do.settle, do.failed(draft, Outcome.unknown))
    for attempt in range(2, ATTEMPTS[Outcome.retry] + 1):
        now += 2 * backoff(attempt - 1, 0.5)
        (again,) = await db.write(do.leave, keyed, now=now)
        assert (again.reply_to, again.doubtful, again.attempts) == (draft.reply_to, True, attempt)
        await db.write(do.settle, do.failed(again, Outcome.retry), now=now)
    assert await db.read(do.state, draft.message_id) == "unknown"
    assert await db.read(used) == [(1, False)]


async def test_a_doubtful_one_that_the_platform_takes_is_sent(db: Database, keyed: Account) -> None:
    draft = await on_its_way(db, keyed)
    await db.write(do.settle, do.failed(draft, Outcome.unknown))
    (again,) = await db.write(do.leave, keyed, now=NOW + MINUTE)
    await db.write(do.settle, do.arrived(again), now=NOW + MINUTE)
    assert await db.read(do.state, draft.message_id) == "sent"


# -------------------- the account as a whole


@pytest.mark.parametrize(
    ("outcome", "retry_after", "waits", "until"),
    [
        (Outcome.later, 90, "rate", NOW + 90 * SECOND),
        (Outcome.later, None, "quota", NOW.replace(hour=16)),
        (Outcome.operator, None, "operator", gates.UNTIL_MENDED),
    ],
)
async def test_what_closes_an_api_closes_it_for_all_and_is_no_attempt(
    db: Database, account: Account, outcome: Outcome, retry_after: float | None, waits: str, until: object
) -> None:
    other = await on_its_way(db, account, name="viewer-2")
    draft = await on_its_way(db, account)
    ends = [do.failed(each, outcome, retry_after=retry_after) for each in (other, draft)]
    assert await db.write(do.settle, *ends) == []
    (gate,) = await db.read(gates.closed, NOW)
    assert (gate.api, gate.waits, gate.closed_until) == (draft.api, waits, until)
    assert await db.read(do.waits, draft.message_id) == (waits, NOW)
    stored = await db.read(do.job, draft.message_id)
    assert stored is not None
    assert (stored.attempts, await db.read(used)) == (0, [(0, False)] * 2)
    assert await db.write(do.leave, account, now=NOW + MINUTE) == []


async def test_a_credential_that_is_refused_shuts_the_whole_channel(db: Database, account: Account) -> None:
    draft = await on_its_way(db, account)
    await db.write(do.settle, do.failed(draft, Outcome.operator, whole=True))
    (gate,) = await db.read(gates.closed, NOW + DAY)
    assert (gate.channel_id, gate.api) == (account.channel_id, gates.WHOLE)
    assert await db.write(do.leave, account, now=NOW + MINUTE) == []
    await db.write(gates.reopen, account.channel_id, now=NOW)
    (again,) = await db.write(do.leave, account, now=NOW + MINUTE)
    assert again.attempts == 1


# -------------------- the window


async def test_a_window_that_the_platform_calls_closed_is_closed(db: Database, unkeyed: Account) -> None:
    draft = await on_its_way(db, unkeyed)
    await db.write(do.settle, do.failed(draft, Outcome.window))
    assert await db.read(do.waits, draft.message_id) == ("window", NEVER)
    assert await db.read(used) == [(0, True)]
    talk = (await db.read(do.message, draft.message_id)).conversation_id
    await db.write(do.writes, talk, NOW + HOUR)
    (again,) = await db.write(do.leave, unkeyed, now=NOW + HOUR)
    assert (again.attempts, again.reply_to and again.reply_to.number) == (1, 1)


async def test_all_windows_up_to_the_viewers_newest_message_are_closed(db: Database, keyed: Account) -> None:
    """Also those of messages in whose windows nothing was sent."""
    talk = await db.write(do.viewer, keyed.channel_id, proactive=False)
    for _ in range(3):
        await db.write(do.writes, talk)
    first = await db.write(do.says, talk)
    (draft,) = await db.write(do.leave, keyed)
    await db.write(do.settle, do.failed(draft, Outcome.window))
    await db.write(lambda session: setattr(do.job(session, first), "not_before", NOW))
    await db.write(lambda session: setattr(do.lane(session, talk), "ready_at", NOW))
    assert await db.write(do.leave, keyed) == []
    await db.write(do.writes, talk)
    assert len(await db.write(do.leave, keyed)) == 1


@pytest.mark.parametrize("in_a_new_conversation", [False, True])
async def test_a_viewer_who_wrote_meanwhile_is_tried_again_at_once(
    db: Database, unkeyed: Account, in_a_new_conversation: bool
) -> None:
    draft = await on_its_way(db, unkeyed)

    def write_again(session: Session) -> None:
        talk = do.message(session, draft.message_id).conversation_id
        if in_a_new_conversation:
            talk = do.next_conversation(session, talk, NOW + SECOND)
        do.writes(session, talk, NOW + SECOND)

    await db.write(write_again)
    await db.write(do.settle, do.failed(draft, Outcome.window), now=NOW + SECOND)
    (again,) = await db.write(do.leave, unkeyed, now=NOW + SECOND)
    assert (again.message_id, again.heard > draft.heard) == (draft.message_id, True)


async def test_a_closed_window_lets_the_notice_leave_and_no_loop_follows(db: Database, unkeyed: Account) -> None:
    talk = await db.write(do.viewer, unkeyed.channel_id)
    await db.write(do.writes, talk)
    await db.write(do.says, talk, fallback=NOTICE)
    (draft,) = await db.write(do.leave, unkeyed)
    await db.write(do.settle, do.failed(draft, Outcome.window))
    (notice,) = await db.write(do.leave, unkeyed)
    assert notice.message == NOTICE
    await db.write(do.settle, do.failed(notice, Outcome.window))
    assert await db.read(do.waits, draft.message_id) == ("window", NEVER)


async def test_one_who_refused_to_be_spoken_to_first_is_not_asked_again_and_again(db: Database, keyed: Account) -> None:
    talk = await db.write(do.viewer, keyed.channel_id)
    await db.write(do.says, talk, fallback=NOTICE)
    (draft,) = await db.write(do.leave, keyed)
    assert draft.api == "speak"
    await db.write(do.settle, do.failed(draft, Outcome.window))
    assert await db.write(do.leave, keyed) == []
    assert await db.read(do.waits, draft.message_id) == ("window", NEVER)


# -------------------- given up


async def test_what_will_never_arrive_is_a_dead_job_and_the_next_has_its_turn(db: Database, account: Account) -> None:
    draft = await on_its_way(db, account, "第一")
    talk = (await db.read(do.message, draft.message_id)).conversation_id
    await db.write(do.says, talk, "第二")
    await db.write(do.settle, do.failed(draft, Outcome.permanent))
    dead = await db.read(do.job, draft.message_id)
    assert dead is not None
    assert (dead.state, dead.error) == (JobState.dead, "refused permanent: as told")
    assert await db.read(do.state, draft.message_id) == MessageState.failed
    (following,) = await db.write(do.leave, account)
    assert (following.message, following.reply_to) == (("第二", ()), draft.reply_to)


async def test_one_who_cannot_be_reached_at_all_leaves_no_job(db: Database, account: Account) -> None:
    draft = await on_its_way(db, account)
    await db.write(do.settle, do.failed(draft, Outcome.recipient))
    assert await db.read(do.job, draft.message_id) is None
    assert await db.read(do.state, draft.message_id) == MessageState.failed


async def test_a_place_that_was_given_back_late_is_not_given_twice(db: Database, unkeyed: Account) -> None:
    """Two are on their way in one window; the earlier one's place stays used when it turns out free."""
    draft = await on_its_way(db, unkeyed)
    assert draft.opened is not None
    identity, anchor = draft.identity_id, draft.opened.anchor.message_id
    window = windows.Opened(draft.opened.anchor, NOW + TALK_TIME, TALK, 1, is_new=False)
    window.take()
    await db.write(windows.write, [window], NOW)
    await db.write(do.settle, do.failed(draft, Outcome.retry))
    assert await db.read(used) == [(2, False)]
    await db.write(windows.give_back, identity, anchor, 2)
    assert await db.read(used) == [(1, False)]


async def test_the_lane_forgets_the_hurry_of_what_left(db: Database, account: Account) -> None:
    talk = await db.write(do.viewer, account.channel_id)
    await db.write(do.writes, talk)
    await db.write(do.says, talk, author="7", priority=Priority.agent)
    await db.write(do.says, talk, priority=Priority.campaign)
    (draft,) = await db.write(do.leave, account)
    await db.write(do.settle, do.arrived(draft))
    lane = await db.read(do.lane, talk)
    assert (lane.priority, lane.ready_at, lane.leased_by) == (Priority.campaign.rank, NOW, None)
