"""What a platform reports later of messages that it took."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.conversations import reports
from app.conversations.models import Message, MessageState
from app.conversations.reports import KEPT, EarlyReport, Report
from app.db.database import Database
from tests.factories import conversations as make
from tests.factories.conversations import NOW

NAME = "200228332000000001"


@pytest.fixture
async def channel(db: Database) -> int:
    return await make.channel(db)


@pytest.fixture
async def notice(db: Database, channel: int) -> int:
    """A message that the platform took, whose receipt is not written yet."""
    return await make.message(db, await make.conversation(db, channel), state=MessageState.sending)


def name(session: Session, message_id: int) -> None:
    sent = {"platform_id": NAME, "state": MessageState.sent}
    session.execute(update(Message).where(Message.id == message_id).values(sent))


def early(session: Session) -> int:
    return len(session.scalars(select(EarlyReport)).all())


@pytest.mark.parametrize(("delivered", "state"), [(True, "delivered"), (False, "failed")])
async def test_a_report_says_what_became_of_a_message(
    db: Database, channel: int, notice: int, delivered: bool, state: str
) -> None:
    await db.write(name, notice)
    await db.write(reports.note, [Report(channel, NAME, delivered, "failed:user block")], NOW)
    message = await db.read(make.get_message, notice)
    assert message.state == state
    assert (message.error is None) == delivered
    assert await db.read(early) == 0


async def test_a_report_that_comes_before_the_receipt_waits_for_it(db: Database, channel: int, notice: int) -> None:
    for _ in range(2):  # a repeat of the push
        await db.write(reports.note, [Report(channel, NAME, True, "success")], NOW)
    assert await db.write(reports.enter_early, NOW) == 0
    await db.write(name, notice)
    assert await db.write(reports.enter_early, NOW) == 1
    assert (await db.read(make.get_message, notice)).state == "delivered"
    assert await db.read(early) == 0


async def test_another_channels_report_changes_nothing(db: Database, notice: int) -> None:
    other = await make.channel(db, "other")
    await db.write(name, notice)
    await db.write(reports.note, [Report(other, NAME, False, "failed")], NOW)
    assert await db.write(reports.enter_early, NOW) == 0
    assert (await db.read(make.get_message, notice)).state == "sent"


async def test_what_is_delivered_does_not_fail_any_more(db: Database, channel: int, notice: int) -> None:
    await db.write(name, notice)
    await db.write(reports.note, [Report(channel, NAME, True, "success")], NOW)
    await db.write(reports.note, [Report(channel, NAME, False, "failed")], NOW)
    assert (await db.read(make.get_message, notice)).state == "delivered"


async def test_a_report_of_nothing_of_ours_is_forgotten(db: Database, channel: int) -> None:
    await db.write(reports.note, [Report(channel, NAME, True, "success")], NOW)
    await db.write(reports.enter_early, NOW + KEPT)
    assert await db.read(early) == 1
    await db.write(reports.enter_early, NOW + KEPT + timedelta(seconds=1))
    assert await db.read(early) == 0
