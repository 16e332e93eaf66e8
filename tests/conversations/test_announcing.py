"""The notice that leaves before its message, once, while the window is closed."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from app.channels import outbound
from app.channels.delivery import Outcome
from app.conversations import announcing, outbox
from app.conversations.accounts import Account
from app.conversations.pending import NEVER
from app.db.database import Database
from app.jobs.models import Priority
from tests.factories import delivering as do
from tests.factories.conversations import NOW
from tests.factories.delivering import LEASE, NOTICE

SECOND = timedelta(seconds=1)
LATER = NOW + timedelta(days=3)


@pytest.fixture
async def account(db: Database) -> Account:
    return await db.write(do.account)


@pytest.fixture
async def talk(db: Database, account: Account) -> int:
    """Its window is closed by ``LATER``."""
    found = await db.write(do.viewer, account.channel_id)
    await db.write(do.writes, found)
    return found


def says(session: Session, talk: int, text: str, announcement: outbound.Notice | None = None) -> int:
    return outbox.post(
        session, talk, outbound.Text(text), author="1", priority=Priority.agent, now=NOW, announcement=announcement
    )


async def announced(db: Database, account: Account, talk: int) -> tuple[int, int]:
    """A text of two pieces whose notice is on its way: the ids of its messages."""
    first = await db.write(says, talk, "上半段", NOTICE)
    second = await db.write(says, talk, "下半段")
    return first, second


async def test_the_notice_goes_once_and_the_whole_text_when_he_writes(
    db: Database, account: Account, talk: int
) -> None:
    first, second = await announced(db, account, talk)
    (notice,) = await db.write(do.leave, account, now=LATER)
    assert (notice.message, notice.message_id) == (NOTICE, first)
    await db.write(do.settle, do.arrived(notice, "platform-1"), now=LATER)
    assert await db.write(do.leave, account, now=LATER + SECOND) == []
    row = await db.read(do.message, first)
    assert (row.state, row.sent_at, row.platform_id, row.error) == ("queued", None, None, announcing.ANNOUNCED)
    assert await db.read(do.waits, first) == ("window", NEVER)
    back = LATER + timedelta(days=2)
    await db.write(do.writes, talk, back)
    texts = []
    while drafts := await db.write(do.leave, account, now=back):
        texts += [str(getattr(draft.message, "text", draft.message)) for draft in drafts]
        await db.write(do.settle, *[do.arrived(draft) for draft in drafts], now=back)
    assert [text.splitlines()[-1] for text in texts] == ["上半段", "下半段"]
    assert [await db.read(do.state, one) for one in (first, second)] == ["sent", "sent"]
    assert (await db.read(do.message, first)).error is None


async def test_in_an_open_window_nothing_is_announced(db: Database, account: Account, talk: int) -> None:
    first, _ = await announced(db, account, talk)
    (draft,) = await db.write(do.leave, account)
    await db.write(do.settle, do.arrived(draft))
    assert (draft.announces, await db.read(do.state, first)) == (False, "sent")


@pytest.mark.parametrize("outcome", [Outcome.permanent, Outcome.unknown, Outcome.window])
async def test_where_no_notice_can_be_sent_the_text_waits_and_says_why(
    db: Database, account: Account, talk: int, outcome: Outcome
) -> None:
    first, _ = await announced(db, account, talk)
    (notice,) = await db.write(do.leave, account, now=LATER)
    assert await db.write(do.settle, do.failed(notice, outcome), now=LATER) == []
    assert (await db.read(do.state, first), await db.read(do.waits, first)) == ("queued", ("window", NEVER))
    await db.write(do.writes, talk, LATER + SECOND)
    (draft,) = await db.write(do.leave, account, now=LATER + SECOND)
    assert (draft.message_id, draft.announces) == (first, False)


async def test_a_viewer_who_has_left_gets_neither(db: Database, account: Account, talk: int) -> None:
    first, _ = await announced(db, account, talk)
    (notice,) = await db.write(do.leave, account, now=LATER)
    await db.write(do.settle, do.failed(notice, Outcome.recipient), now=LATER)
    assert await db.read(do.state, first) == "failed"


async def test_who_writes_while_the_notice_is_on_its_way_gets_the_text_at_once(
    db: Database, account: Account, talk: int
) -> None:
    first, _ = await announced(db, account, talk)
    (notice,) = await db.write(do.leave, account, now=LATER)
    await db.write(do.writes, talk, LATER)
    await db.write(do.settle, do.arrived(notice), now=LATER)
    (draft,) = await db.write(do.leave, account, now=LATER)
    assert (draft.message_id, draft.announces) == (first, False)


async def test_a_notice_that_died_with_its_sender_is_not_repeated_and_the_text_still_waits(
    db: Database, account: Account, talk: int
) -> None:
    first, _ = await announced(db, account, talk)
    await db.write(do.leave, account, now=LATER)
    after = LATER + LEASE + SECOND
    assert await db.write(do.leave, account, worker="w2", now=after) == []
    assert (await db.read(do.state, first), await db.read(do.waits, first)) == ("queued", ("window", NEVER))
    await db.write(do.writes, talk, after)
    (draft,) = await db.write(do.leave, account, worker="w2", now=after)
    assert draft.message_id == first
