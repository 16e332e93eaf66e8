"""What an agent writes does not stand behind a campaign, however many messages of it wait."""

from datetime import UTC, datetime, timedelta
from functools import partial

from app.channels.outbound import Text
from app.conversations import outbox
from app.conversations.sending import PLACES
from app.jobs.models import Priority
from tests.faults.desk import Desk
from tests.faults.filling import Talk, campaign, talks
from tests.faults.waiting import eventually

REPLIES = 3
AT_ONCE = timedelta(seconds=1)


async def test_an_agents_reply_overtakes_what_waits(desk: Desk, full: bool) -> None:
    now = datetime.now(UTC)
    waiting = await campaign(desk.database, desk.channels.wechat, 1_000_000 if full else 20_000, now)
    alone = await talks(desk.database, desk.channels.wechat, [f"oViewer{n}" for n in range(REPLIES)], now)
    await desk.platforms.tell(latency=0.05)
    await desk.start()
    for talk in [*alone, waiting[-1]]:  # the last one's stands behind his own message of the campaign
        accepted = await desk.platforms.accepted()
        await eventually("the campaign leaves", partial(reached, desk, accepted + PLACES))
        wrote, arrived, between = await reply(desk, talk)
        assert between <= 4 * PLACES, f"{between} messages of the campaign came first"
        if full:
            assert arrived - wrote < AT_ONCE, f"after {arrived - wrote}"


async def reached(desk: Desk, count: int) -> bool:
    return await desk.platforms.accepted() >= count


async def reply(desk: Desk, talk: Talk) -> tuple[datetime, datetime, int]:
    """When it was written and when it was on the phone, and how much else came to phones after it was enqueued."""
    wrote, text = datetime.now(UTC), f"reply to {talk.viewer}"
    await desk.database.write(
        outbox.post, talk.conversation_id, Text(text), author="agent-1", priority=Priority.agent, now=wrote
    )
    enqueued = datetime.now(UTC)
    call = await eventually("the reply arrives", partial(desk.platforms.find, text))
    assert call is not None
    calls = (await desk.platforms.look())["wechat"].calls
    return wrote, call.at, sum(enqueued < other.at < call.at for other in calls)
