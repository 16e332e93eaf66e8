"""What may leave, and what becomes of what may not: owners, refusals, windows, groups, rates and quotas."""

from datetime import datetime

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.orm import Session

from app.channels.delivery import Outcome, Rate
from app.conversations import claiming, gates, outbox
from app.conversations.accounts import VERSION, Account
from app.conversations.models import Conversation, InboundEvent, MessageState, Owner, Via
from app.conversations.models import Message as Row
from app.conversations.pending import NEVER
from app.db.database import Database
from app.db.sql import counter
from app.jobs.models import Lane, Priority, Waits
from tests.factories import conversations as make
from tests.factories import delivering as do
from tests.factories.conversations import NOW
from tests.factories.delivering import DAY, HOUR, LEASE, MINUTE, NOTICE, SECOND
from tests.factories.stand_ins import ANSWER_TIME, ANSWERS, TALK, TALK_TIME

BUSY = Rate(per_minute=10)
"""One call every six seconds."""


@pytest.fixture
async def account(db: Database) -> Account:
    """Without keys, as WeChat."""
    return await db.write(do.account)


@pytest.fixture
async def keyed(db: Database) -> Account:
    return await db.write(do.account, keyed=True, name="keyed")


@pytest.fixture
async def talk(db: Database, account: Account) -> int:
    """Of a viewer who has just written."""
    talk = await db.write(do.viewer, account.channel_id)
    await db.write(do.writes, talk)
    return talk


def hand_to_agent(session: Session, conversation_id: int) -> None:
    session.get_one(Conversation, conversation_id).owner = Owner.agent


def close_talk(session: Session, conversation_id: int, at: datetime) -> None:
    session.get_one(Conversation, conversation_id).closed_at = at


def next_talk(session: Session, conversation_id: int, at: datetime) -> int:
    """The viewer was silent for so long that his next message begins another conversation."""
    new = do.next_conversation(session, conversation_id, at)
    do.writes(session, new, at)
    return new


# -------------------- who must not hear it


async def test_the_bot_keeps_silent_once_an_agent_has_taken_over(db: Database, account: Account, talk: int) -> None:
    by_bot = await db.write(do.says, talk, "机器人的话")
    by_agent = await db.write(do.says, talk, "客服的话", author="7", priority=Priority.agent)
    await db.write(hand_to_agent, talk)
    assert await db.write(do.leave, account) == []
    (draft,) = await db.write(do.leave, account)
    assert draft.message_id == by_agent
    withheld = await db.read(do.message, by_bot)
    assert (withheld.state, withheld.error) == ("failed", "an agent has taken over: the bot keeps silent")
    assert await db.read(do.job, by_bot) is None


async def test_a_notice_of_the_bot_leaves_though_an_agent_has_taken_over(
    db: Database, account: Account, talk: int
) -> None:
    await db.write(do.says, talk, priority=Priority.notice)
    await db.write(hand_to_agent, talk)
    assert len(await db.write(do.leave, account)) == 1


@pytest.mark.parametrize(("priority", "leaves"), [(p, p not in (Priority.notice, Priority.campaign)) for p in Priority])
async def test_who_wants_no_pushes_gets_none(db: Database, account: Account, priority: Priority, leaves: bool) -> None:
    talk = await db.write(do.viewer, account.channel_id, refused_pushes_at=NOW)
    await db.write(do.writes, talk)
    message_id = await db.write(do.says, talk, priority=priority)
    assert len(await db.write(do.leave, account)) == leaves
    assert await db.read(do.state, message_id) == ("sending" if leaves else "failed")
    assert (await db.read(do.job, message_id) is None) == (not leaves)


async def test_what_an_unfollower_did_not_get_can_be_driven_again(db: Database, account: Account) -> None:
    talk = await db.write(do.viewer, account.channel_id, following=False)
    await db.write(do.writes, talk)
    message_id = await db.write(do.says, talk)
    assert await db.write(do.leave, account) == []
    dead = await db.read(do.job, message_id)
    assert dead is not None
    assert (dead.state, await db.read(do.state, message_id)) == ("dead", "failed")


async def test_a_row_of_a_newer_version_is_kept_for_it(db: Database, account: Account, talk: int) -> None:
    message_id = await db.write(do.says, talk)
    await db.write(lambda session: setattr(session.get_one(Row, message_id), "kind", "hologram"))
    assert await db.write(do.leave, account) == []
    dead = await db.read(do.job, message_id)
    assert dead is not None
    assert (dead.state, dead.error) == ("dead", "this version cannot read the message: KeyError")


# -------------------- the window to the viewer


async def test_a_message_takes_the_next_place_in_the_window(db: Database, account: Account, talk: int) -> None:
    for number in range(1, TALK + 1):
        message_id = await db.write(do.says, talk)
        (draft,) = await db.write(do.leave, account)
        assert draft.reply_to is not None
        assert draft.reply_to.number == number
        row = await db.read(do.message, message_id)
        assert (row.reply_to_id, row.reply_number) == (draft.heard, number)
        await db.write(do.settle, do.arrived(draft))
    one_more = await db.write(do.says, talk)
    assert await db.write(do.leave, account) == []
    assert await db.read(do.waits, one_more) == ("window", NEVER)


async def test_what_waits_for_the_viewer_leaves_first_when_he_writes_again(
    db: Database, account: Account, talk: int
) -> None:
    later = NOW + TALK_TIME
    waiting = await db.write(do.says, talk, "等着的", at=later)
    assert await db.write(do.leave, account, now=later) == []
    newer = await db.write(do.says, talk, "新的", at=later)
    assert await db.write(do.leave, account, now=later + HOUR) == []
    await db.write(do.writes, talk, later + HOUR)
    (first,) = await db.write(do.leave, account, now=later + HOUR)
    await db.write(do.settle, do.arrived(first))
    (second,) = await db.write(do.leave, account, now=later + HOUR)
    assert [first.message_id, second.message_id] == [waiting, newer]


async def test_it_leaves_also_when_he_begins_a_new_conversation(db: Database, account: Account, talk: int) -> None:
    """After so long a silence his next message always does."""
    later = NOW + TALK_TIME
    waiting = await db.write(do.says, talk, at=later)
    assert await db.write(do.leave, account, now=later) == []
    new = await db.write(next_talk, talk, later + HOUR)
    (draft,) = await db.write(do.leave, account, now=later + HOUR)
    assert (draft.message_id, draft.reply_to and draft.reply_to.number) == (waiting, 1)
    newest = await db.read(do.message, draft.heard)
    assert newest.conversation_id == new


async def test_one_who_never_wrote_here_is_reached_where_he_wrote(db: Database, account: Account, talk: int) -> None:
    """A conversation that we began after the one in which he wrote was closed."""
    identity = (await db.read(lambda session: session.get_one(Conversation, talk))).identity_id
    await db.write(close_talk, talk, NOW)
    ours = await db.write(do.conversation, account.channel_id, identity)
    await db.write(do.says, ours)
    (draft,) = await db.write(do.leave, account)
    assert (await db.read(do.message, draft.heard)).conversation_id == talk


async def test_two_conversations_of_a_viewer_never_share_a_place(db: Database, keyed: Account) -> None:
    """What waits in his closed conversation and in his open one goes through the same window, one after the other."""
    old = await db.write(do.viewer, keyed.channel_id)
    await db.write(do.writes, old)
    await db.write(do.says, old, "旧会话的")
    new = await db.write(next_talk, old, NOW)
    await db.write(do.says, new, "新会话的")
    places = []
    for _ in range(2):
        (draft,) = await db.write(do.leave, keyed)
        places.append((draft.lane_id, draft.reply_to))
        await db.write(do.settle, do.arrived(draft))
    assert len({lane for lane, _ in places}) == 2
    assert [reply.number for _, reply in places if reply] == [1, 2]
    assert len({reply.key for _, reply in places if reply}) == 1


async def test_a_notice_leaves_in_place_of_what_the_closed_window_holds_back(
    db: Database, account: Account, talk: int
) -> None:
    with_notice = await db.write(do.says, talk, fallback=NOTICE)
    later = NOW + TALK_TIME
    (draft,) = await db.write(do.leave, account, now=later)
    assert (draft.message, draft.api, draft.reply_to) == (NOTICE, "notice", None)
    assert (await db.read(do.message, with_notice)).reply_number is None


async def test_in_an_open_window_the_message_itself_leaves(db: Database, account: Account, talk: int) -> None:
    await db.write(do.says, talk, "全文", fallback=NOTICE)
    (draft,) = await db.write(do.leave, account)
    assert (draft.message, draft.api) == (("全文", ()), "custom")


async def test_a_notice_needs_no_window(db: Database, account: Account) -> None:
    talk = await db.write(do.viewer, account.channel_id)
    await db.write(outbox.post, talk, NOTICE, author="bot", priority=Priority.notice, now=NOW)
    (draft,) = await db.write(do.leave, account)
    assert (draft.api, draft.reply_to, draft.heard) == ("notice", None, 0)


async def test_nothing_leaves_behind_a_reply_that_is_on_its_way_on_a_response(
    db: Database, account: Account, talk: int
) -> None:
    riding = await make.message(db, talk, state=MessageState.sending, via=Via.passive, sending_at=NOW)
    behind = await db.write(do.says, talk)
    assert await db.write(do.leave, account) == []
    assert await db.read(do.waits, behind) == (None, NOW + SECOND)
    await db.write(lambda session: session.execute(update(Row).where(Row.id == riding).values(state="sent")) and None)
    assert await db.write(do.leave, account) == []
    assert len(await db.write(do.leave, account, now=NOW + SECOND)) == 1


# -------------------- speaking first


@pytest.mark.parametrize(("proactive", "leaves"), [(None, True), (True, True), (False, False)])
async def test_we_speak_first_unless_the_viewer_refuses(
    db: Database, keyed: Account, proactive: bool | None, leaves: bool
) -> None:
    talk = await db.write(do.viewer, keyed.channel_id, proactive=proactive)
    message_id = await db.write(do.says, talk)
    drafts = await db.write(do.leave, keyed)
    assert [(d.api, d.reply_to, d.keyed) for d in drafts] == [("speak", None, False)] * leaves
    assert await db.read(do.waits, message_id) == ((None, NOW) if leaves else ("window", NEVER))


@pytest.mark.parametrize(("proactive", "leaves"), [(None, False), (True, True), (False, False)])
async def test_in_a_group_we_speak_first_only_by_its_owners_leave(
    db: Database, keyed: Account, proactive: bool | None, leaves: bool
) -> None:
    """What the member himself told does not count there."""
    await db.write(do.viewer, keyed.channel_id, "group-1", proactive=proactive)
    talk = await db.write(do.viewer, keyed.channel_id, "group-1/member", proactive=True)
    await db.write(do.says, talk)
    assert len(await db.write(do.leave, keyed)) == leaves


async def test_another_channels_group_of_the_same_name_gives_no_leave(db: Database, keyed: Account) -> None:
    other = await db.write(do.account, keyed=True, name="other")
    await db.write(do.viewer, other.channel_id, "group-1", proactive=True)
    talk = await db.write(do.viewer, keyed.channel_id, "group-1/member")
    await db.write(do.says, talk)
    assert await db.write(do.leave, keyed, other) == []


async def test_while_the_viewers_message_can_be_answered_it_is_answered(db: Database, keyed: Account) -> None:
    talk = await db.write(do.viewer, keyed.channel_id)
    await db.write(do.writes, talk, key="push-1")
    for number in range(1, ANSWERS + 2):
        await db.write(do.says, talk)
        (draft,) = await db.write(do.leave, keyed)
        await db.write(do.settle, do.arrived(draft))
        expected = ("reply", ("push-1", number), True) if number <= ANSWERS else ("speak", None, False)
        assert (draft.api, draft.reply_to, draft.keyed) == expected


# -------------------- a worker that died


async def test_what_a_dead_worker_sent_under_a_key_is_repeated_under_the_same(db: Database, keyed: Account) -> None:
    talk = await db.write(do.viewer, keyed.channel_id)
    await db.write(do.writes, talk)
    await db.write(do.says, talk)
    (lost,) = await db.write(do.leave, keyed)
    assert await db.write(do.leave, keyed, worker="w2", now=NOW + LEASE) == []
    (again,) = await db.write(do.leave, keyed, worker="w2", now=NOW + LEASE + SECOND)
    assert (again.reply_to, again.place, again.opened) == (lost.reply_to, lost.place, None)
    assert (again.doubtful, again.keyed, again.attempts) == (True, True, 2)


async def test_what_a_dead_worker_sent_without_a_key_is_never_repeated(
    db: Database, account: Account, talk: int
) -> None:
    message_id = await db.write(do.says, talk)
    await db.write(do.leave, account)
    assert await db.write(do.leave, account, worker="w2", now=NOW + LEASE + SECOND) == []
    assert await db.read(do.state, message_id) == "unknown"
    assert await db.read(do.job, message_id) is None


async def test_a_repeat_whose_key_is_erased_is_not_sent_under_another(db: Database, keyed: Account) -> None:
    talk = await db.write(do.viewer, keyed.channel_id)
    await db.write(do.writes, talk)
    message_id = await db.write(do.says, talk)
    await db.write(do.leave, keyed)
    await db.write(do.writes, talk, NOW + LEASE)
    await db.write(lambda session: session.execute(delete(InboundEvent).where(InboundEvent.id == 1)) and None)
    assert await db.write(do.leave, keyed, now=NOW + LEASE + SECOND) == []
    assert await db.read(do.state, message_id) == "unknown"


async def test_a_repeat_that_must_wait_for_the_rate_waits_as_queued(db: Database) -> None:
    keyed = await db.write(do.account, keyed=True, rates={"reply": BUSY})
    talks = [await db.write(do.viewer, keyed.channel_id, f"viewer-{n}") for n in range(2)]
    for talk in talks:
        await db.write(do.writes, talk)
    lost = await db.write(do.says, talks[0])
    await db.write(do.leave, keyed)
    later = NOW + LEASE + SECOND
    await db.write(do.says, talks[1], priority=Priority.urgent)
    assert len(await db.write(do.leave, keyed, worker="w2", now=later)) == 1
    assert await db.read(do.state, lost) == "queued"
    assert await db.write(do.leave, keyed, now=later) == []
    (again,) = await db.write(do.leave, keyed, worker="w2", now=later + 6 * SECOND)
    assert (again.message_id, again.doubtful) == (lost, True)


async def test_a_repeat_stays_in_its_window_though_the_count_is_used_up(db: Database, keyed: Account) -> None:
    talk = await db.write(do.viewer, keyed.channel_id)
    await db.write(do.writes, talk)
    for _ in range(ANSWERS):
        await db.write(do.says, talk)
        (draft,) = await db.write(do.leave, keyed)
        if draft.reply_to and draft.reply_to.number < ANSWERS:
            await db.write(do.settle, do.arrived(draft))
    (again,) = await db.write(do.leave, keyed, now=NOW + LEASE + SECOND)
    assert again.reply_to == draft.reply_to
    await db.write(do.settle, do.failed(again, Outcome.window), now=NOW + ANSWER_TIME)
    assert await db.read(do.state, again.message_id) == "unknown"


# -------------------- rates and quotas


async def test_a_class_whose_rate_is_used_up_is_paused_and_its_rows_are_left_alone(db: Database) -> None:
    account = await db.write(do.account, rates={"custom": BUSY})
    made = []
    for n in range(3):
        talk = await db.write(do.viewer, account.channel_id, f"viewer-{n}")
        await db.write(do.writes, talk)
        made.append(await db.write(do.says, talk))
    before = [await db.read(do.lane, n) for n in range(1, 4)]
    claimed = await db.write(do.claim, account)
    assert [draft.message_id for draft in claimed.drafts] == made[:1]
    assert claimed.paused == {(account.channel_id, Priority.bot): NOW + SECOND}
    after = [await db.read(do.lane, n) for n in range(1, 4)]
    assert [as_stored(lane) for lane in after[1:]] == [as_stored(lane) for lane in before[1:]]
    assert await db.read(do.waits, made[1]) == (None, NOW)
    again = await db.write(do.claim, account, paused=list(claimed.paused))
    assert (again.drafts, again.looked_at) == ([], 0)


def as_stored(lane: Lane) -> tuple[datetime | None, str | None, int]:
    return lane.ready_at, lane.leased_by, lane.priority


async def test_what_stands_before_something_urgent_is_as_urgent(db: Database) -> None:
    """Else its class would be paused and its lane be looked at again without end."""
    account = await db.write(do.account, rates={"custom": BUSY})
    for n in range(2):
        talk = await db.write(do.viewer, account.channel_id, f"viewer-{n}")
        await db.write(do.writes, talk)
        await db.write(do.says, talk, priority=Priority.campaign)
        await db.write(do.says, talk, author="7", priority=Priority.agent)
    claimed = await db.write(do.claim, account)
    assert len(claimed.drafts) == 1
    assert set(claimed.paused) == {(account.channel_id, Priority.agent)}


async def test_a_campaign_that_finds_no_window_is_over_also_where_an_agent_waits_behind_it(
    db: Database, account: Account, talk: int
) -> None:
    later = NOW + TALK_TIME
    news = await db.write(do.says, talk, priority=Priority.campaign, at=later)
    reply = await db.write(do.says, talk, author="7", priority=Priority.agent, at=later)
    for _ in range(2):
        assert await db.write(do.leave, account, now=later) == []
    assert (await db.read(do.state, news), await db.read(do.job, news)) == ("failed", None)
    assert await db.read(do.waits, reply) == ("window", NEVER)


async def test_a_quota_that_is_used_up_puts_rows_off_until_midnight_in_beijing(db: Database) -> None:
    account = await db.write(do.account, rates={"custom": Rate(per_day=1)})
    made = []
    for n in range(3):
        talk = await db.write(do.viewer, account.channel_id, f"viewer-{n}")
        await db.write(do.writes, talk)
        made.append(await db.write(do.says, talk))
    claimed = await db.write(do.claim, account)
    midnight = NOW.replace(hour=16)
    assert ([draft.message_id for draft in claimed.drafts], claimed.paused) == (made[:1], {})
    assert [await db.read(do.waits, message_id) for message_id in made[1:]] == [("quota", midnight)] * 2
    assert await db.write(do.leave, account, now=midnight - SECOND) == []
    assert len(await db.write(do.leave, account, now=midnight)) == 1


async def test_what_nobody_waits_for_leaves_a_fifth_of_the_quota(db: Database) -> None:
    account = await db.write(do.account, rates={"custom": Rate(per_day=10)})
    for n in range(12):
        talk = await db.write(do.viewer, account.channel_id, f"viewer-{n}")
        await db.write(do.writes, talk)
        await db.write(do.says, talk, priority=Priority.urgent if n < 9 else Priority.campaign)
    claimed = await db.write(do.claim, account)
    assert len(claimed.drafts) == 9
    assert (await db.read(gates.closed, NOW)) == []


async def test_the_most_urgent_gets_what_the_rate_leaves(db: Database) -> None:
    account = await db.write(do.account, rates={"custom": BUSY})
    made = {}
    for priority in (Priority.bot, Priority.agent, Priority.urgent):
        talk = await db.write(do.viewer, account.channel_id, f"viewer-{priority}")
        await db.write(do.writes, talk)
        made[priority] = await db.write(do.says, talk, priority=priority)
    (draft,) = await db.write(do.leave, account)
    assert draft.message_id == made[Priority.urgent]


async def test_channels_use_up_rates_of_their_own(db: Database) -> None:
    accounts = [await db.write(do.account, name=name, rates={"custom": BUSY}) for name in ("one", "two")]
    for each in accounts:
        for n in range(2):
            talk = await db.write(do.viewer, each.channel_id, f"viewer-{n}")
            await db.write(do.writes, talk)
            await db.write(do.says, talk)
    assert len(await db.write(do.leave, *accounts)) == 2


async def test_a_channel_that_is_shut_is_not_looked_at(db: Database, account: Account, talk: int) -> None:
    message_id = await db.write(do.says, talk)
    await db.write(
        gates.close, account.channel_id, gates.WHOLE, until=gates.UNTIL_MENDED, waits=Waits.operator, reason="密钥错误",
        now=NOW,
    )  # fmt: skip
    claimed = await db.write(do.claim, account, now=NOW + DAY)
    assert (claimed.drafts, claimed.looked_at) == ([], 0)
    assert await db.read(do.waits, message_id) == (None, NOW)


async def test_with_outdated_accounts_nothing_is_claimed(db: Database, account: Account, talk: int) -> None:
    """Who has just mended a secret must not be told that it is wrong."""
    message_id = await db.write(do.says, talk)
    version = await db.read(counter, VERSION)
    await make.channel(db, "another")
    given = {account.channel_id: account}
    claimed = await db.write(claiming.claim, given, worker="w1", now=NOW, lease=LEASE, limit=9, version=version)
    assert (claimed.outdated, claimed.drafts, await db.read(do.state, message_id)) == (True, [], "queued")
    claimed = await db.write(claiming.claim, given, worker="w1", now=NOW, lease=LEASE, limit=9, version=version + 1)
    assert (claimed.outdated, len(claimed.drafts)) == (False, 1)


async def test_an_unserved_channels_messages_wait(db: Database, account: Account, keyed: Account, talk: int) -> None:
    await db.write(do.says, talk)
    assert await db.write(do.leave, keyed, now=NOW + MINUTE) == []
    assert len(await db.write(do.leave, account, keyed, now=NOW + MINUTE)) == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_look_reads_one_row_of_a_class_however_much_is_due(db: Database, account: Account) -> None:
    """Planned with the time at hand, as the first looks of each connection are: see ``lanes.is_due``."""

    def crowd(session: Session) -> None:
        crowding = (
            "INSERT INTO lanes (topic, subject_id, channel_id, priority, ready_at) "
            f"SELECT 'conversation', -n, {account.channel_id}, 4, now() - n * interval '1 us' "
            "FROM generate_series(1, 50000) AS g(n)"
        )
        session.execute(text(crowding))
        session.execute(text("ANALYZE lanes"))

    def plan(session: Session) -> str:
        look = claiming._LOOK.replace("?1", "now()")
        return "\n".join(row[0] for row in session.execute(text(f"EXPLAIN {look}")))

    await db.write(crowd)
    found = await db.write(plan)
    assert "ix_lanes_ready" in found
