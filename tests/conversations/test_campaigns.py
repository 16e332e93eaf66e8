"""One message to very many: each gets it once, nobody who does not want it, and nobody waits behind it."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.channels import outbound
from app.conversations import campaigns, outbox
from app.conversations.accounts import Directory
from app.conversations.campaigns import AHEAD, Campaign, CampaignState, Recipient
from app.conversations.models import Conversation, Message
from app.conversations.sending import Sender
from app.db.database import Database
from app.jobs.models import Lane, Priority
from app.viewers.models import Identity
from tests.factories import conversations as make
from tests.factories.conversations import KEYRING, NOW, STORAGE
from tests.fakes.wechat import WeChatApi

NEWS = outbound.Text("第8集推迟到周六 20:00")


@pytest.fixture
async def channel(db: Database) -> int:
    return await make.channel(db)


async def viewers(db: Database, channel: int, count: int) -> list[int]:
    """Conversations of viewers who wrote just now."""
    return [await make.conversation(db, channel, f"openid-{n}") for n in range(count)]


async def begun(db: Database, channel: int) -> int:
    return await db.write(campaigns.begin, channel, "延播公告", NEWS, now=NOW)


async def prepared(db: Database, channel: int, page: int = 3) -> int:
    campaign = await begun(db, channel)
    while await db.write(campaigns.prepare, campaign, page):
        pass
    return campaign


async def fed(db: Database, campaign: int) -> int:
    count = 0
    while more := await db.write(campaigns.feed, campaign, now=NOW):
        count += more
    return count


def recipients(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Recipient)) or 0


async def test_everybody_who_can_be_reached_is_written_down_once(db: Database, channel: int) -> None:
    await viewers(db, channel, 8)
    await make.conversation(db, await make.channel(db, "other"), "elsewhere")

    def leave(session: Session) -> None:
        session.execute(update(Identity).where(Identity.external_id == "openid-2").values(following=False))
        session.execute(update(Identity).where(Identity.external_id == "openid-5").values(refused_pushes_at=NOW))

    await db.write(leave)
    campaign = await prepared(db, channel)
    assert await db.read(recipients) == 6
    assert (await db.read(campaigns.figures, campaign)).recipients == 6


async def test_a_page_that_was_not_committed_is_written_again(db: Database, channel: int) -> None:
    """The cursor and the rows are one transaction."""
    await viewers(db, channel, 5)
    campaign = await begun(db, channel)
    await db.write(campaigns.prepare, campaign, 2)
    with pytest.raises(RuntimeError, match="killed"):
        await db.write(_rolled_back, campaign)
    while await db.write(campaigns.prepare, campaign, 2):
        pass
    assert await db.read(recipients) == 5


def _rolled_back(session: Session, campaign: int) -> None:
    campaigns.prepare(session, campaign, 2)
    raise RuntimeError("killed before the commit")


async def test_who_comes_later_is_not_asked(db: Database, channel: int) -> None:
    await viewers(db, channel, 2)
    campaign = await begun(db, channel)
    await make.conversation(db, channel, "late")
    while await db.write(campaigns.prepare, campaign):
        pass
    assert await db.read(recipients) == 2


async def test_each_gets_it_in_his_conversation(db: Database, api: WeChatApi, channel: int) -> None:
    talks = await viewers(db, channel, 4)
    await db.write(_close, talks[0])  # its viewer gets a new conversation, and his window still counts
    campaign = await prepared(db, channel)
    assert await fed(db, campaign) == 4
    assert await db.write(campaigns.feed, campaign, now=NOW) == 0
    await run(db, api)
    assert sorted(sent.viewer for sent in api.sent) == [f"openid-{n}" for n in range(4)]
    figures = await db.read(campaigns.figures, campaign)
    assert (figures.waiting, figures.messages) == (0, {"sent": 4})
    seqs = await db.read(lambda s: s.execute(select(Message.conversation_id, Message.seq)).all())
    assert len(seqs) == len(set(seqs))


def _close(session: Session, conversation: int) -> None:
    session.get_one(Conversation, conversation).closed_at = NOW


async def run(db: Database, api: WeChatApi) -> None:
    directory = Directory(db, KEYRING, simulated=False)
    sender = Sender(db, directory, KEYRING, STORAGE, base_urls={"wechat": api.url}, clock=lambda: NOW)
    while await sender.round():
        pass
    await sender.close()


async def test_an_agent_overtakes_it(db: Database, api: WeChatApi, channel: int) -> None:
    talks = await viewers(db, channel, 40)
    await fed(db, await prepared(db, channel))
    reply = outbound.Text("我在，您说")
    await db.write(outbox.post, talks[39], reply, author="7", priority=Priority.agent, now=NOW)
    await run(db, api)
    texts = [sent.text for sent in api.sent]
    assert texts.index("我在，您说") <= 33  # behind its own conversation's, before the rest of the campaign
    assert api.texts_to("openid-39") == [NEWS.text, "我在，您说"]


async def test_it_goes_no_further_than_there_is_room(db: Database, channel: int) -> None:
    def crowd(session: Session) -> None:
        rows = [
            {"topic": "conversation", "subject_id": -n, "channel_id": channel, "priority": Priority.campaign.rank,
             "ready_at": NOW}
            for n in range(1, AHEAD - 1)
        ]  # fmt: skip
        session.execute(Lane.__table__.insert(), rows)  # type: ignore[attr-defined]

    await viewers(db, channel, 5)
    campaign = await prepared(db, channel)
    await db.write(crowd)
    assert await fed(db, campaign) == 2
    assert await db.read(campaigns.is_active, campaign)


async def test_it_can_be_stopped_and_resumed(db: Database, channel: int) -> None:
    await viewers(db, channel, 5)
    campaign = await prepared(db, channel)
    await db.write(campaigns.feed, campaign, now=NOW, limit=2)
    await db.write(campaigns.stop, campaign)
    assert await db.write(campaigns.feed, campaign, now=NOW) == 0
    assert not await db.read(campaigns.is_active, campaign)
    await db.write(campaigns.resume, campaign, now=NOW)
    assert not await db.write(campaigns.prepare, campaign)  # all were written down before
    assert await fed(db, campaign) == 3
    assert (await db.read(lambda s: s.get_one(Campaign, campaign))).state == CampaignState.done


async def test_whose_window_is_closed_does_not_get_it_later(db: Database, api: WeChatApi, channel: int) -> None:
    """Old news need not wait for the viewer."""
    await make.conversation(db, channel, "long-ago", wrote_at=NOW - timedelta(days=3))
    campaign = await prepared(db, channel)
    await fed(db, campaign)
    await run(db, api)
    assert (await db.read(campaigns.figures, campaign)).messages == {"failed": 1}
    assert api.asked == []
