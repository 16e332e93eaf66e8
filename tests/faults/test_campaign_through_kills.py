"""A campaign goes on through kills: everybody gets its message once, or nobody can know whether he did."""

from collections import Counter
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.channels.outbound import Text
from app.conversations import campaigns
from app.conversations.campaigns import Campaign, CampaignState, Recipient
from app.conversations.models import Message
from app.viewers.models import Identity
from tests.faults.desk import WECHAT_TROUBLES, Desk
from tests.faults.filling import talks
from tests.faults.platforms import WECHAT_SEND
from tests.faults.waiting import eventually

PIECEMEAL = ("set@app.conversations.campaigns:PREPARED=20", "set@app.conversations.campaigns:AHEAD=60")
"""So few recipients are written down in one transaction, and so many messages wait at a time."""


async def are_written_down(desk: Desk, count: int) -> bool:
    return await desk.database.read(written_down) >= count


def written_down(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Recipient)) or 0


def recipients(session: Session) -> dict[str, tuple[int | None, str | None]]:
    """By viewer: his message and its state."""
    joined = select(Identity.external_id, Recipient.message_id, Message.state).select_from(Recipient)
    joined = joined.join(Identity, Identity.id == Recipient.identity_id)
    joined = joined.outerjoin(Message, Message.id == Recipient.message_id)
    return {row[0]: (row[1], row[2]) for row in session.execute(joined)}


async def is_done(desk: Desk, campaign: int) -> bool:
    state = await desk.database.read(lambda session: session.get_one(Campaign, campaign).state)
    return state == CampaignState.done


async def test_everybody_gets_it_once_or_nobody_can_know(desk: Desk, full: bool) -> None:
    now, count = datetime.now(UTC), 10_000 if full else 160
    viewers = [f"oFollower{number:05}" for number in range(count)]
    await talks(desk.database, desk.channels.wechat, viewers, now)
    await desk.platforms.tell(latency=0.02, shares={WECHAT_SEND: WECHAT_TROUBLES})
    campaign = await desk.database.write(campaigns.begin, desk.channels.wechat, "news", Text("第8集推迟"), now=now)
    await desk.start(*PIECEMEAL, count=1 if desk.installation.embedded else 2)
    await eventually("some are written down", partial(are_written_down, desk, count // 3))
    await desk.kill_one()
    assert await desk.database.read(written_down) < count, "the kill came too late"
    await desk.start(*PIECEMEAL)
    for moment in desk.moments(count, 6 if full else 1):
        await desk.settled(moment)
        await desk.kill_one()
        await desk.start(*PIECEMEAL)
    await eventually("all are fed", lambda: is_done(desk, campaign), within=300)
    await desk.all_done()

    found, account = await desk.database.read(recipients), (await desk.platforms.look())["wechat"]
    assert sorted(found) == viewers, "somebody is missed"
    assert len({message for message, _ in found.values()}) == count
    shown = Counter({viewer: len(phone) for viewer, phone in account.phones.items()})
    assert max(shown.values()) == 1, [viewer for viewer, times in shown.items() if times > 1]
    assert not [viewer for viewer, (_, state) in found.items() if state == "sent" and not shown[viewer]]
    unknown = {message for message, state in found.values() if state == "unknown"}
    assert len(found) == len(unknown) + sum(state == "sent" for _, state in found.values())
    unanswered = sum(not call.answered for call in account.calls)
    assert len(unknown - desk.held) <= unanswered, "unknown without a reason"
