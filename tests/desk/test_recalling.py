"""Who asked at night is at the head of the queue in the morning."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.agents.rights import Actor
from app.conversations import callbacks
from app.conversations.callbacks import Callback
from app.conversations.models import Conversation
from app.db.database import Database
from app.desk import assigning, recalling
from app.tickets.models import Ticket
from app.viewers.models import Identity
from tests.factories import conversations as make
from tests.factories import queueing
from tests.factories.conversations import NOW

NIGHT = NOW - timedelta(hours=7)
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def channel(db: Database) -> int:
    return await make.channel(db)


async def asked(
    db: Database, talk: int, *, at: timedelta = timedelta(), kind: str = "inquiry", priority: str = "normal"
) -> int:
    """A ticket of this conversation, made at night, with the wish for a person; its id."""

    def add(session: Session) -> int:
        identity = session.get_one(Identity, session.get_one(Conversation, talk).identity_id)
        ticket = Ticket(
            number=talk, viewer_id=identity.viewer_id, conversation_id=talk, kind=kind, status="open",
            priority=priority, subject="转人工", opened_at=NIGHT + at, updated_at=NIGHT + at,
        )  # fmt: skip
        session.add(ticket)
        callbacks.note(session, [talk, talk], now=NIGHT + at)
        callbacks.note(session, [talk], now=NOW)
        session.flush()
        return ticket.id

    return await db.write(add)


async def recall(db: Database) -> None:
    while await db.write(recalling.recall, now=NOW):
        pass


async def test_the_night_comes_before_the_morning_the_urgent_first(db: Database, channel: int, lin: Actor) -> None:
    morning = await queueing.waiting(db, channel, "morning", at=NOW - MINUTE)
    late = await make.conversation(db, channel, "late")
    early = await make.conversation(db, channel, "early")
    urgent = await make.conversation(db, channel, "urgent")
    await asked(db, late, at=2 * MINUTE)
    await asked(db, early)
    await asked(db, urgent, at=3 * MINUTE, kind="fault", priority="high")
    assert await db.read(recalling.is_due)
    await recall(db)
    assert not await db.read(recalling.is_due)
    first = await db.read(queueing.find, urgent)
    assert (first.owner, first.queued_at, first.waits_since, first.priority) == ("queue", NIGHT + 3 * MINUTE, NOW, 2)
    given = [each.conversation_id for _ in range(4) for each in await db.write(assigning.assign, now=NOW, limit=1)]
    assert given == [urgent, early, late, morning]
    told = await db.read(queueing.told, urgent)
    assert told[0] == ("queued", {"why": "asked", "since": (NIGHT + 3 * MINUTE).isoformat()})
    assert told[1][1]["waited"] == 0.0  # what counts for the service level begins when somebody could come
    await recall(db)
    assert (await db.read(queueing.find, urgent)).agent_id == lin.id


async def test_nobody_is_called_back_about_what_is_settled_or_answered_otherwise(db: Database, channel: int) -> None:
    solved, complains, closed, taken = [
        await make.conversation(db, channel, name, **more)
        for name, more in (
            ("solved", {}), ("complains", {}), ("closed", {"closed_at": NOW}), ("taken", {"owner": "agent"}),
        )
    ]  # fmt: skip
    ticket = await asked(db, solved)
    await db.write(
        lambda s: s.execute(update(Ticket).where(Ticket.id == ticket).values(status="closed", closed_at=NOW)) and None
    )
    await asked(db, complains, kind="complaint", priority="high")
    await asked(db, closed)
    await asked(db, taken)
    await recall(db)
    assert [(await db.read(queueing.find, talk)).owner for talk in (solved, complains, closed, taken)] == [
        "bot", "bot", "bot", "agent",
    ]  # fmt: skip
    assert await db.read(lambda s: s.scalars(select(Callback)).all()) == []


async def test_after_a_long_silence_it_is_the_conversation_that_is_open(db: Database, channel: int) -> None:
    talk = await make.conversation(db, channel, "friday")
    await asked(db, talk)

    def begin_anew(session: Session) -> int:
        old = session.get_one(Conversation, talk)
        old.closed_at = NOW
        session.flush()
        new = Conversation(
            identity_id=old.identity_id, channel_id=channel, owner="bot", last_seq=0, failures=0, opened_at=NOW,
            viewer_wrote_at=NOW, acknowledged=False,
        )  # fmt: skip
        session.add(new)
        session.flush()
        return new.id

    new = await db.write(begin_anew)
    await recall(db)
    assert (await db.read(queueing.find, new)).queued_at == NIGHT


async def test_who_waits_already_keeps_the_place_of_the_night(db: Database, channel: int) -> None:
    talk = await queueing.waiting(db, channel, "v", at=NOW - MINUTE)
    await asked(db, talk)
    await recall(db)
    found = await db.read(queueing.find, talk)
    assert (found.queued_at, found.waits_since) == (NIGHT, NOW - MINUTE)
    assert await db.read(queueing.told, talk) == []
