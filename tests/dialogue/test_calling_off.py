"""Who was promised a person and does not want to wait; and all of it within one batch."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agents.rights import Actor
from app.conversations import outlook
from app.conversations.callbacks import Callback
from app.conversations.models import Conversation, Message
from app.conversations.outlook import Outlook
from app.desk import recalling
from app.dialogue import batch, phrases
from app.dialogue.push import Answer
from app.tickets.models import Ticket
from tests.db.gates import Gate, until_blocked
from tests.dialogue.conftest import Talk
from tests.factories.counting import counting


@pytest.fixture
def write_limit() -> None:
    """None: rules wait on purpose in one of these."""


@pytest.fixture(autouse=True)
async def unmanned(talk: Talk) -> None:
    await talk.db.write(outlook.put, Outlook(talk.now, 0, 0, None))


def callbacks(session: Session) -> list[int]:
    return list(session.scalars(select(Callback.conversation_id)))


def owner(session: Session) -> str:
    return session.scalars(select(Conversation.owner).where(Conversation.closed_at.is_(None))).one()


async def texts(talk: Talk, *said: str) -> list[str]:
    """What the service says to messages of one viewer in one batch."""
    answers = await talk.bring([talk.push(text) for text in said])
    return ["".join(say.text for say in (answer.decision.says if answer.decision else ())) for answer in answers]


CALLED_OFF = phrases.CALLED_OFF.format(number="T-1")


async def test_he_is_not_called_and_hears_so(talk: Talk) -> None:
    await talk.say("转人工")
    assert (await talk.say("取消排队")).text == CALLED_OFF
    assert await talk.db.read(callbacks) == []
    await talk.db.write(recalling.recall, now=talk.now)
    assert await talk.db.read(owner) == "bot"
    (ticket,) = await talk.db.read(lambda s: s.scalars(select(Ticket)).all())
    assert (ticket.status, ticket.due_at is not None) == ("open", True)  # what he reported is still followed
    assert (await talk.say("取消排队")).text == phrases.NOT_WAITING
    await talk.say("转人工")
    assert await talk.db.read(callbacks) == [1]


async def test_also_from_the_conversation_after_a_silence(talk: Talk) -> None:
    await talk.say("转人工")
    talk.now += timedelta(days=2)
    await talk.db.write(outlook.put, Outlook(talk.now, 0, 0, None))
    assert (await talk.say("不用人工了")).text == CALLED_OFF
    assert await talk.db.read(callbacks) == []


async def test_who_leaves_the_queue_is_not_called_either(talk: Talk) -> None:
    """He asked at night, and once more when somebody had come, a moment before he was called."""
    await talk.say("转人工")
    await talk.db.write(outlook.put, Outlook(talk.now, 1, 0, None))
    await talk.say("转人工")
    assert (await talk.say("取消排队")).text == phrases.LEFT_QUEUE
    await talk.db.write(recalling.recall, now=talk.now)
    assert await talk.db.read(owner) == "bot"


async def test_who_may_be_in_danger_is_called_all_the_same(talk: Talk) -> None:
    await talk.say("我不想活了")
    said = await talk.say("取消排队")
    assert said.text == phrases.CARED_FOR
    assert await talk.db.read(callbacks) == [1]


async def test_within_one_batch_he_hears_the_wait_of_the_ticket_just_opened(talk: Talk) -> None:
    opened, asked = await texts(talk, "转人工", "还要多久")
    assert phrases.TICKET in opened
    assert phrases.TICKET in asked
    said = await talk.db.read(spoken)
    assert "您找人工的请求已经记在工单 T-1 里" in said[-1]
    assert phrases.NOT_WAITING not in said


def spoken(session: Session) -> list[str]:
    return list(session.scalars(select(Message.text).where(Message.direction == "out").order_by(Message.seq)))


async def test_within_one_batch_the_last_word_counts(talk: Talk) -> None:
    await texts(talk, "转人工", "取消排队")
    assert await talk.db.read(callbacks) == []
    assert CALLED_OFF in await talk.db.read(spoken)
    await texts(talk, "转人工", "取消排队", "转人工")
    assert await talk.db.read(callbacks) == [1]


async def test_with_somebody_there_the_place_is_told_within_one_batch(talk: Talk) -> None:
    await talk.db.write(outlook.put, Outlook(talk.now, 1, 0, None))
    _, asked = await texts(talk, "转人工", "还要多久")
    assert "您还在排队" in asked


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("first", ["viewer", "sweep"])
async def test_calling_off_and_calling_at_once(talk: Talk, database_url: str, first: str, lin: Actor) -> None:
    """Whoever comes first: nobody waits for the other for ever, and a viewer who is told so is not called."""
    await talk.say("转人工")
    gate = Gate()

    def cancel(session: Session) -> list[Answer]:
        answers = batch.handle(session, [talk.push("取消排队")], talk.rules, now=talk.now)
        if first == "viewer":
            gate.stop(session)
        return answers

    def sweep(session: Session) -> None:
        recalling.recall(session, now=talk.now)
        if first == "sweep":
            gate.stop(session)

    rules = {"viewer": (cancel, sweep), "sweep": (sweep, cancel)}[first]
    leading = asyncio.create_task(talk.db.write(rules[0]))
    await gate.reached()
    following = asyncio.create_task(talk.db.write(rules[1]))
    await until_blocked(database_url)
    gate.open()
    await asyncio.gather(leading, following)
    assert await talk.db.read(owner) == "bot"
    assert await talk.db.read(callbacks) == []


async def test_it_costs_two_statements(talk: Talk) -> None:
    """One that asks for the promise, one that drops it; other texts pay for neither."""
    await talk.say("转人工")
    handle = counting(batch.handle)
    plain = await talk.db.write(handle, [talk.push("好的谢谢")], talk.rules, now=talk.now)
    assert await talk.db.write(handle, [talk.push("取消排队")], talk.rules, now=talk.now) - plain <= 2
