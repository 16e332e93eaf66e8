from datetime import timedelta

from sqlalchemy.orm import Session

from app.conversations import routing
from app.conversations.models import Conversation
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


def of(session: Session, conversation_id: int) -> tuple[str, object]:
    talk = session.get_one(Conversation, conversation_id)
    return talk.owner, talk.queued_at


async def test_of_two_agents_who_take_over_one_speaks(db: Database) -> None:
    talk = await make.conversation(db, await make.channel(db), owner="queue", queued_at=NOW)
    assert [await db.write(routing.take_over, talk) for _ in range(2)] == [True, False]
    assert await db.read(of, talk) == ("agent", None)
    assert await db.read(routing.queue_length, most=9) == 0


async def test_what_an_agent_gives_back_is_the_bots(db: Database) -> None:
    talk = await make.conversation(db, await make.channel(db), owner="agent")
    assert [await db.write(routing.release, talk) for _ in range(2)] == [True, False]
    assert await db.read(of, talk) == ("bot", None)


async def test_nobody_speaks_in_what_is_closed(db: Database) -> None:
    talk = await make.conversation(db, await make.channel(db), owner="agent", closed_at=NOW)
    assert not await db.write(routing.take_over, talk)
    assert not await db.write(routing.release, talk)
    assert await db.read(of, talk) == ("agent", None)
