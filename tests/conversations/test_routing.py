from datetime import timedelta

from app.conversations import routing
from app.db.database import Database
from tests.factories import conversations as make
from tests.factories.conversations import NOW

MINUTE = timedelta(minutes=1)


async def test_the_queue_is_who_waits_for_a_person(db: Database) -> None:
    channel = await make.channel(db)
    await make.conversation(db, channel, "bot")
    await make.conversation(db, channel, "agent", owner="agent", queued_at=NOW)
    await make.conversation(db, channel, "closed", owner="queue", queued_at=NOW, closed_at=NOW)
    for n in range(3):
        await make.conversation(db, channel, f"waits-{n}", owner="queue", queued_at=NOW + n * MINUTE)
    assert await db.read(routing.queue_length, most=100) == 3
    assert await db.read(routing.queue_length, most=2) == 2
    assert [await db.read(routing.ahead_of, NOW + n * MINUTE, most=100) for n in range(4)] == [0, 1, 2, 3]
    assert await db.read(routing.ahead_of, NOW + 3 * MINUTE, most=2) == 2


async def test_an_empty_queue_has_no_length(db: Database) -> None:
    assert await db.read(routing.queue_length, most=100) == 0
    assert await db.read(routing.ahead_of, NOW, most=100) == 0
