"""What changes in a conversation without its viewer is told, once a transaction."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.channels import outbound
from app.channels.delivery import Media, Outcome
from app.conversations import attachments, claiming, outbox, passive, reports, undelivered
from app.conversations.accounts import Account
from app.conversations.attachments import ATTEMPTS, Attachment, AttachmentState, Result
from app.conversations.models import Message, MessageState, Via
from app.conversations.passive import Carried
from app.conversations.reports import Report
from app.db.database import Database
from app.jobs.models import Priority
from tests.factories import conversations as make
from tests.factories import delivering as do
from tests.factories import told
from tests.factories.conversations import NOW
from tests.factories.delivering import SECOND

PICTURE = Media("image", "media-1", "截图.jpg")


@pytest.fixture
async def account(db: Database) -> Account:
    return await db.write(do.account)


@pytest.fixture
async def talks(db: Database, account: Account) -> list[int]:
    """Two conversations whose viewers wrote."""
    made = [await db.write(do.viewer, account.channel_id, name) for name in ("viewer-1", "viewer-2")]
    for talk in made:
        await db.write(do.writes, talk)
    return made


async def test_a_message_that_is_posted_is_told(db: Database, talks: list[int]) -> None:
    await db.write(
        outbox.post, talks[0], outbound.Text("您好"), author="7", priority=Priority.agent, now=NOW
    )  # fmt: skip
    assert await db.write(told.take) == [("conversation", talks[:1])]


async def test_attempts_that_ended_together_are_one_event(db: Database, account: Account, talks: list[int]) -> None:
    for talk in talks:
        await db.write(do.says, talk)
    await db.write(told.take)
    first, second = await db.write(do.leave, account)
    assert await db.write(told.take) == [], "that one is on its way is no news"
    await db.write(do.settle, do.arrived(first), do.failed(second, Outcome.permanent))
    assert await db.write(told.take) == [("conversation", talks)]


async def test_what_is_given_up_without_an_attempt_is_told(db: Database, account: Account, talks: list[int]) -> None:
    await db.write(do.says, talks[0])
    await db.write(do.leave, account)
    await db.write(told.take)
    later = NOW + 2 * do.LEASE
    await db.write(claiming.claim, {account.channel_id: account}, worker="w2", now=later, lease=do.LEASE, limit=5)
    assert await db.read(make.states) == ["unknown"]
    assert await db.write(told.take) == [("conversation", talks[:1])]


async def test_what_becomes_of_passive_replies_is_told(db: Database, talks: list[int]) -> None:
    riding = [
        await make.message(db, talk, state=MessageState.sending, via=Via.passive, sending_at=NOW) for talk in talks
    ]
    await db.write(told.take)
    await db.write(passive.mark_sent, [Carried(riding[0], talks[0], NOW)])
    assert await db.write(told.take) == [("conversation", talks[:1])]
    assert await db.write(passive.mark_unknown, before=NOW + SECOND) == 1
    assert await db.write(told.take) == [("conversation", talks[1:])]
    assert await db.write(passive.mark_unknown, before=NOW + SECOND) == 0
    await db.write(passive.mark_sent, [])
    assert await db.write(told.take) == []


async def test_what_leaves_later_after_all_is_told(db: Database, account: Account, talks: list[int]) -> None:
    riding = await make.message(db, talks[0], state=MessageState.sending, via=Via.passive, sending_at=NOW)
    late = outbox.Queued(riding, talks[0], account.channel_id, NOW)
    await db.write(passive.put_back, [late], carried_at=NOW, now=NOW)
    assert await db.write(told.take) == [("conversation", talks[:1])]
    await db.write(passive.put_back, [late], carried_at=NOW, now=NOW)
    assert await db.write(told.take) == []


async def test_a_report_is_told_when_it_is_entered(db: Database, account: Account, talks: list[int]) -> None:
    message = await make.message(db, talks[0], state=MessageState.sending)
    await db.write(reports.note, [Report(account.channel_id, "p-1", True, "success")], NOW)
    assert await db.write(told.take) == []

    def name(session: Session) -> None:
        session.execute(update(Message).where(Message.id == message).values(platform_id="p-1"))

    await db.write(name)
    assert await db.write(reports.enter_early, NOW) == 1
    assert await db.write(told.take) == [("conversation", talks[:1])]


@pytest.mark.parametrize("state", [AttachmentState.expired, AttachmentState.refused, AttachmentState.waiting])
async def test_a_file_is_told_when_it_came_to_its_end(db: Database, talks: list[int], state: AttachmentState) -> None:
    message = await make.message(db, talks[0])
    (file,) = await db.write(attachments.expect, [(message, [PICTURE])], NOW)
    await db.write(attachments.begin, file, NOW)
    await db.write(told.take)
    assert await db.write(attachments.settle, file, Result(state, "403"), NOW, attempt=1)
    assert await db.write(told.take) == ([] if state is AttachmentState.waiting else [("conversation", talks[:1])])


async def test_a_file_that_ends_its_fetchers_is_told_when_it_is_given_up(db: Database, talks: list[int]) -> None:
    message = await make.message(db, talks[0])
    (file,) = await db.write(attachments.expect, [(message, [PICTURE])], NOW)

    def wear_out(session: Session) -> None:
        session.execute(update(Attachment).values(attempts=ATTEMPTS, state=AttachmentState.fetching))

    await db.write(wear_out)
    assert await db.write(attachments.begin, file, NOW) is None
    assert await db.write(told.take) == [("conversation", talks[:1])]


async def test_what_a_person_decides_about_a_message_is_told(db: Database, account: Account, talks: list[int]) -> None:
    for decide in (undelivered.mark_arrived, undelivered.mark_lost, undelivered.send_again):
        unknown = await make.message(db, talks[0], state=MessageState.unknown)
        await db.write(told.take)
        assert await db.write(decide, unknown, by=None, now=NOW)
        assert await db.write(told.take) == [("conversation", talks[:1])]
        assert not await db.write(decide, unknown, by=None, now=NOW)
        assert await db.write(told.take) == []


async def test_what_a_person_decides_about_dead_messages_is_told(
    db: Database, account: Account, talks: list[int]
) -> None:
    for talk in talks:
        await db.write(do.says, talk)
    drafts = await db.write(do.leave, account)
    await db.write(do.settle, *(do.failed(draft, Outcome.permanent) for draft in drafts))
    await db.write(told.take)
    assert await db.write(undelivered.drop, [drafts[0].message_id], by=None, now=NOW) == 1
    assert await db.write(told.take) == [("conversation", [drafts[0].conversation_id])]
    assert await db.write(undelivered.redrive, by=None, now=NOW + timedelta(hours=1)) == 1
    assert await db.write(told.take) == [("conversation", [drafts[1].conversation_id])]
