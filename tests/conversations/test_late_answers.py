"""An answer that is written when the viewer cannot be reached: kept, and first when he writes again (dialogue 8)."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.channels import outbound
from app.conversations import outbox
from app.conversations.accounts import Directory
from app.conversations.models import Conversation, Message
from app.conversations.sending import Sender
from app.db.database import Database
from app.jobs.models import Job, Priority
from tests.factories import conversations as make
from tests.factories.conversations import KEYRING, NOW, STORAGE
from tests.fakes.wechat import WeChatApi

WINDOW = timedelta(hours=48)
LATER = NOW + timedelta(days=3)


@pytest.fixture
async def conversation(db: Database) -> int:
    return await make.conversation(db, await make.channel(db), "openid-1", owner="agent")


async def say(db: Database, conversation: int, text: str, fallback: outbound.Notice | None = None) -> int:
    return await db.write(
        outbox.post, conversation, outbound.Text(text), author="7", priority=Priority.agent, now=LATER,
        fallback=fallback,
    )  # fmt: skip


async def run(db: Database, api: WeChatApi, now: datetime) -> None:
    sender = Sender(
        db, Directory(db, KEYRING, simulated=False), KEYRING, STORAGE, base_urls={"wechat": api.url}, clock=lambda: now
    )
    while await sender.round():
        pass
    await sender.close()


def why(session: Session) -> list[str | None]:
    return list(session.scalars(select(Job.waits).order_by(Job.id)))


async def test_it_is_not_sent_blindly_and_says_why_it_waits(db: Database, api: WeChatApi, conversation: int) -> None:
    await say(db, conversation, "周六上线")
    await run(db, api, LATER)
    assert (api.asked, await db.read(make.states), await db.read(why)) == ([], ["queued"], ["window"])


async def test_when_the_viewer_writes_it_rides_first_with_its_date(
    db: Database, api: WeChatApi, conversation: int
) -> None:
    for text in ("周六上线", "还有一件事"):
        await say(db, conversation, text)
    await run(db, api, LATER)
    back = LATER + timedelta(days=2)

    def write_again(session: Session) -> str:
        talk = session.get_one(Conversation, conversation)
        make.hear(session, talk, back)
        lane = outbox.lanes_with_work(session, [conversation])[conversation]
        riding = outbox.take_first(session, lane, event_id=7, now=back)
        outbox.reopen(session, lane, back)
        assert riding is not None
        return riding.text

    assert await db.write(write_again) == "（这是11月26日写给您的回复）\n周六上线"
    await db.write(_arrived)
    await run(db, api, back)
    assert api.texts_to("openid-1") == ["还有一件事"]  # behind one that says the date


def _arrived(session: Session) -> None:
    """What rode on the response has left."""
    for message in session.scalars(select(Message).where(Message.via == "passive")):
        message.state = "sent"


async def test_the_window_of_five_is_counted(db: Database, api: WeChatApi, conversation: int) -> None:
    def write_again(session: Session) -> None:
        make.hear(session, session.get_one(Conversation, conversation), LATER)

    await db.write(write_again)
    for number in range(7):
        await say(db, conversation, f"第{number + 1}条")
    await run(db, api, LATER)
    assert len(api.texts_to("openid-1")) == 5
    assert await db.read(why) == ["window", None]
    await db.write(write_again)
    await db.write(lambda s: outbox.reopen(s, outbox.lanes_with_work(s, [conversation])[conversation], LATER))
    await run(db, api, LATER)
    assert api.texts_to("openid-1")[5:] == ["第6条", "第7条"]


@pytest.mark.parametrize(("hours", "sent"), [(-0.01, ["周六上线"]), (0.01, [])])
async def test_a_window_ends_to_the_minute(
    db: Database, api: WeChatApi, conversation: int, hours: float, sent: list[str]
) -> None:
    await say(db, conversation, "周六上线")
    await db.write(_due_before, NOW)
    await run(db, api, NOW + WINDOW + timedelta(hours=hours))
    assert api.texts_to("openid-1") == sent


def _due_before(session: Session, now: datetime) -> None:
    for job in session.scalars(select(Job)):
        job.not_before = now
    for lane in outbox.lanes_with_work(session, [1]).values():
        lane.ready_at = now
