"""Every kind of message, all the way: outbox, sender, storage, the played platform, the viewer's phone."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.channels import outbound
from app.channels.outbound import Choice
from app.conversations import accounts, outbox
from app.conversations.accounts import Directory
from app.conversations.ledgers import UploadedFile
from app.conversations.models import Conversation, Message
from app.conversations.sending import Sender
from app.db.database import Database
from app.jobs.models import Job, Priority
from app.settings import Settings
from app.simulator.trouble import Kind, Trouble
from app.storage.opening import open_storage
from app.storage.storage import Storage
from tests.factories import conversations as make
from tests.factories.conversations import KEYRING
from tests.fakes.played_wechat import APP_ID, SECRET, TOKEN, VIEWER, Standing, standing

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(200)
COVER = b"\xff\xd8\xff\xe0" + bytes(200)
CLIP = b"\x00\x00\x00\x18ftypmp42" + bytes(200)
RECORDING = b"#!AMR\n" + bytes(200)


@dataclass
class Way:
    db: Database
    storage: Storage
    stands: Standing
    conversation: int
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    async def keep(self, content: bytes) -> str:
        async def chunks() -> AsyncIterator[bytes]:
            yield content

        return (await self.storage.put(chunks(), limit=1000)).key

    async def say(self, message: outbound.Message, **more: Any) -> int:
        return await self.db.write(
            outbox.post, self.conversation, message, author="7", priority=Priority.agent, now=self.now, **more
        )

    async def run(self) -> None:
        directory = Directory(self.db, KEYRING, simulated=False)
        sender = Sender(
            self.db, directory, KEYRING, self.storage, base_urls={"wechat": self.stands.url}, clock=lambda: self.now
        )
        while await sender.round():
            pass
        await sender.close()

    @property
    def seen(self) -> list[str]:
        return [arrival.kind for arrival in self.stands.viewer.phone]

    def uploads(self) -> int:
        return sum(logged.api == "media/upload" for logged in self.stands.platform.log)


@pytest.fixture
async def way(db: Database, tmp_path: Path) -> AsyncIterator[Way]:
    settings = {"app_id": APP_ID, "mode": "plain"}
    secrets = {"token": TOKEN, "app_secret": SECRET}
    now = datetime.now(UTC)
    channel = await db.write(
        accounts.save, platform="wechat", name="main", settings=settings, secrets=secrets, keyring=KEYRING, now=now
    )
    async with standing() as stands:
        talk = await make.conversation(db, channel, VIEWER, owner="agent", wrote_at=now)
        yield Way(db, open_storage(Settings(data_dir=tmp_path), KEYRING), stands, talk, now)


async def test_each_kind_arrives_as_itself_and_in_order(way: Way) -> None:
    choices = (Choice("101", "有用"), Choice("102", "没用"))
    await way.say(outbound.Text("您好"))
    await way.say(outbound.Image(await way.keep(PICTURE)))
    await way.say(outbound.Voice(await way.keep(RECORDING)))
    await way.say(outbound.Video(await way.keep(CLIP), "预告片", thumb=await way.keep(COVER)))
    await way.say(outbound.Menu("有用吗？", choices))
    await way.run()
    assert way.seen == ["text", "image", "voice", "video", "msgmenu"]
    assert await way.db.read(make.states) == ["sent"] * 5
    assert way.uploads() == 4


async def test_cards_arrive(way: Way) -> None:
    await way.say(outbound.Article("延播说明", "第8集", "https://example.com/8", "https://example.com/8.jpg"))
    await way.say(outbound.MiniProgram("领取补偿", "wx0000000000000001", "pages/i", await way.keep(COVER)))
    await way.run()
    assert way.seen == ["news", "miniprogrampage"]


async def test_a_named_agent_is_shown(way: Way) -> None:
    await way.say(outbound.Text("我是小王"), agent="wang@gh_desk")
    await way.run()
    assert [arrival.agent for arrival in way.stands.viewer.phone] == ["wang@gh_desk"]


async def test_a_file_is_uploaded_once_for_all_who_get_it(way: Way) -> None:
    picture = await way.keep(PICTURE)
    for _ in range(3):
        await way.say(outbound.Image(picture))
    await way.run()
    assert (way.seen, way.uploads()) == (["image"] * 3, 1)


async def test_a_file_that_the_platform_forgot_is_uploaded_again(way: Way) -> None:
    """After three days, or sooner than it says."""
    picture = await way.keep(PICTURE)
    await way.say(outbound.Image(picture))
    await way.run()
    way.stands.platform.troubles.plan("custom/send", Trouble(Kind.code, 40007))
    await way.say(outbound.Image(picture))
    await way.run()
    assert (await way.db.read(lambda s: s.scalars(select(Job)).one())).waits == "retry"
    way.now += timedelta(minutes=1)
    await way.run()
    assert (way.seen, way.uploads()) == (["image"] * 2, 2)


async def test_an_upload_near_its_end_is_not_used(way: Way) -> None:
    picture = await way.keep(PICTURE)
    await way.say(outbound.Image(picture))
    await way.run()

    def age(session: Session) -> None:
        session.scalars(select(UploadedFile)).one().valid_until = way.now + timedelta(minutes=59)

    await way.db.write(age)
    await way.say(outbound.Image(picture))
    await way.run()
    assert way.uploads() == 2


async def test_a_file_that_we_do_not_have_fails_visibly_and_holds_nobody_up(way: Way) -> None:
    lost = await way.say(outbound.Image("ab/" + "ab" * 32))
    await way.say(outbound.Text("在吗"))
    await way.run()
    assert await way.db.read(make.states) == ["failed", "sent"]
    assert "no_file" in ((await way.db.read(make.get_message, lost)).error or "")


async def test_a_kind_that_the_platform_lacks_fails_before_it_leaves(way: Way) -> None:
    await way.say(outbound.File(await way.keep(PICTURE), "合同.pdf"))
    await way.run()
    assert (await way.db.read(make.states), way.seen) == (["failed"], [])


async def test_a_notice_leaves_by_its_template_where_the_window_is_closed(way: Way) -> None:
    """What was to be said waits no longer: the notice stands for it, and has the platform's id for its report."""

    def long_ago(session: Session) -> None:
        for message in session.scalars(select(Message).where(Message.direction == "in")):
            message.platform_at = message.created_at = way.now - timedelta(days=3)

    await way.db.write(long_ago)
    way.stands.viewer.ledger.close()
    said = await way.say(
        outbound.Text("您的退款到账了"), fallback=outbound.Notice("tmpl_0001", {"thing1": "退款", "time2": "10:00"})
    )
    await way.run()
    message = await way.db.read(make.get_message, said)
    assert (message.state, way.seen) == ("sent", ["template"])
    assert message.platform_id


async def test_the_platforms_word_on_the_window_counts(way: Way) -> None:
    """Our ledger thought that there was room: 45047 closes it, and nothing is tried again until the viewer writes."""
    for _ in range(5):
        way.stands.viewer.ledger.take(way.stands.platform.clock.now())
    await way.say(outbound.Text("第六条"))
    await way.run()
    way.now += timedelta(hours=1)
    await way.run()
    sends = [logged for logged in way.stands.platform.log if logged.api == "custom/send"]
    assert ([logged.code for logged in sends], way.seen) == ([45047], [])

    def write_again(session: Session) -> None:
        talk = session.get_one(Conversation, way.conversation)
        make.hear(session, talk, way.now)
        outbox.reopen(session, outbox.lanes_with_work(session, [talk.id])[talk.id], way.now)

    await way.db.write(write_again)
    way.stands.account.wrote(VIEWER, way.stands.platform.clock.now())
    await way.run()
    assert way.seen == ["text"]
