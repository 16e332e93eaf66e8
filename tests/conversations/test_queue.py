from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.conversations import queue
from app.conversations.models import Conversation
from app.db.database import Database
from app.viewers.models import Viewer
from tests.factories import conversations as make
from tests.factories import desk
from tests.factories.conversations import NOW

MINUTE = timedelta(minutes=1)


async def waiting(db: Database, channel: int, viewer: str, since: datetime, **values: object) -> int:
    talk = await make.conversation(db, channel, viewer, owner="queue", queued_at=since)
    if values:
        await desk.change(db, talk, **values)
    return talk


async def test_the_queue_is_who_waits_for_a_person(db: Database) -> None:
    channel = await make.channel(db)
    await make.conversation(db, channel, "bot")
    await make.conversation(db, channel, "agent", owner="agent", queued_at=NOW)
    await make.conversation(db, channel, "closed", owner="queue", queued_at=NOW, closed_at=NOW)
    talks = [await waiting(db, channel, f"waits-{n}", NOW + n * MINUTE) for n in range(3)]
    assert await db.read(queue.queue_length, most=100) == 3
    assert await db.read(queue.queue_length, most=2) == 2
    assert [await db.read(queue.ahead_of, talk, most=100) for talk in talks] == [0, 1, 2]
    assert await db.read(queue.ahead_of, talks[2], most=1) == 1


async def test_an_empty_queue_has_no_length(db: Database) -> None:
    assert await db.read(queue.queue_length, most=100) == 0
    assert await db.read(queue.ahead_of, 1, most=100) == 0


async def test_the_urgent_come_first_then_whose_viewers_go_first(db: Database) -> None:
    channel = await make.channel(db)
    longest = await waiting(db, channel, "longest", NOW)
    later = await waiting(db, channel, "later", NOW + MINUTE)
    vip = await waiting(db, channel, "vip", NOW + 2 * MINUTE, vip=True)
    urgent = await waiting(db, channel, "urgent", NOW + 3 * MINUTE, priority=2)
    places = [await db.read(queue.ahead_of, talk, most=100) for talk in (urgent, vip, longest, later)]
    assert places == [0, 1, 2, 3]
    assert await db.read(queue.ahead_of, later, most=2) == 2


async def test_who_comes_to_the_queue_gets_his_place_and_no_lower_priority(db: Database) -> None:
    channel = await make.channel(db)
    plain = await waiting(db, channel, "plain", NOW)
    raised = await waiting(db, channel, "raised", NOW, priority=2)

    def make_vip(session: Session) -> None:
        session.execute(update(Viewer).where(Viewer.id == 2).values(vip=True))

    await db.write(make_vip)
    await db.write(queue.rank, [plain, raised], priority=1)
    assert await db.read(places, [plain, raised]) == [(1, False), (2, True)]


def places(session: Session, talks: list[int]) -> list[tuple[int, bool]]:
    found = [session.get_one(Conversation, talk) for talk in talks]
    return [(each.priority, each.vip) for each in found]
