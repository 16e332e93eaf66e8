"""Who comes first, by force: an agent and the bot, two agents, an end and a viewer who writes on.

The interleavings are those of PostgreSQL, where transactions run beside each other; on SQLite one follows the other.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agents.rights import Actor, Role
from app.channels.outbound import Text
from app.conversations import routing
from app.conversations.models import Conversation, Message
from app.conversations.refusals import ConversationTaken, NewerConversation
from app.db.database import Database
from app.desk import replies
from app.desk.replies import NewMessages
from app.dialogue import batch
from app.dialogue.push import Answer
from tests.db.gates import Gate, until_blocked
from tests.dialogue.conftest import Talk
from tests.factories import desk
from tests.factories.people import make_agent

REFUND = "会员可以退款吗？"
Rule = Callable[..., Any]


@pytest.fixture
def write_limit() -> None:
    """None: rules wait on purpose here."""


def held(rule: Rule, gate: Gate) -> Rule:
    """The rule, stopped before it commits."""

    def stopped(session: Session, *args: Any, **kwargs: Any) -> Any:
        result = rule(session, *args, **kwargs)
        session.flush()
        gate.stop(session)
        return result

    return stopped


async def beside(db: Database, url: str, first: Awaitable[Any], gate: Gate, second: Awaitable[Any]) -> list[Any]:
    """``second`` begins while ``first`` has done its work but not committed; what both came to."""
    earlier = asyncio.ensure_future(first)
    await gate.reached()
    later = asyncio.ensure_future(second)
    if db.dialect == "postgresql":
        await until_blocked(url)
    gate.open()
    return list(await asyncio.gather(earlier, later, return_exceptions=True))


def said(session: Session) -> list[tuple[str, str]]:
    """(author, state) of all messages, in their order."""
    rows = session.execute(select(Message.author, Message.state).order_by(Message.conversation_id, Message.seq))
    return [(row[0], row[1]) for row in rows]


def talks(session: Session) -> list[Conversation]:
    return list(session.scalars(select(Conversation).order_by(Conversation.id)))


async def first_words(talk: Talk) -> int:
    """The viewer is known and has a conversation."""
    answer = await talk.say(REFUND)
    assert answer.conversation_id is not None
    return answer.conversation_id


# -------------------- the bot and an agent never both speak


async def test_the_bot_keeps_silent_where_an_agent_takes_over_after_the_text_was_understood(
    talk: Talk, lin: Actor, database_url: str
) -> None:
    conversation = await first_words(talk)
    push, gate = talk.push(REFUND), Gate()
    taking = talk.db.write(held(routing.take_over, gate), conversation, by=lin, now=talk.now)
    answering = talk.db.write(batch.handle, [push], talk.rules, now=talk.now)
    _, answers = await beside(talk.db, database_url, taking, gate, answering)
    (answer,) = answers
    assert isinstance(answer, Answer)
    assert answer.text is None
    assert await talk.db.read(said) == [("viewer", "received"), ("bot", "sent"), ("viewer", "received")]
    row = await talk.db.read(desk.talk_of, conversation)
    assert (row.owner, row.agent_id, row.waits_since) == ("agent", lin.id, talk.now)


async def test_an_agent_who_takes_over_while_the_bot_answers_sees_what_it_said(
    talk: Talk, lin: Actor, database_url: str
) -> None:
    conversation = await first_words(talk)
    push, gate = talk.push(REFUND), Gate()
    answering = talk.db.write(held(batch.handle, gate), [push], talk.rules, now=talk.now)
    taking = talk.db.write(routing.take_over, conversation, by=lin, now=talk.now)
    answers, _ = await beside(talk.db, database_url, answering, gate, taking)
    assert answers[0].text is not None
    happened = await talk.db.read(desk.happened, conversation)
    assert [kind for kind, *_ in happened] == ["taken"]
    row = await talk.db.read(desk.talk_of, conversation)
    assert (row.owner, row.agent_id, row.last_seq) == ("agent", lin.id, 4)


async def test_a_reply_and_what_the_viewer_writes_meanwhile(talk: Talk, lin: Actor, database_url: str) -> None:
    """Whoever answers learns that there is more to read."""
    conversation = await first_words(talk)
    await talk.db.write(routing.take_over, conversation, by=lin, now=talk.now)
    gate = Gate()
    writing = talk.db.write(held(batch.handle, gate), [talk.push("还在吗")], talk.rules, now=talk.now)
    replying = talk.db.write(
        replies.send, conversation, by=lin, message=Text("在的"), seen_seq=2, key="k1", now=talk.now
    )  # fmt: skip
    _, outcome = await beside(talk.db, database_url, writing, gate, replying)
    assert isinstance(outcome, NewMessages)
    assert (await talk.db.read(said))[-1] == ("viewer", "received")


# -------------------- two agents


async def test_of_two_who_take_over_the_first_has_it(talk: Talk, lin: Actor, chen: Actor, database_url: str) -> None:
    conversation, gate = await first_words(talk), Gate()
    first = talk.db.write(held(routing.take_over, gate), conversation, by=lin, now=talk.now)
    second = talk.db.write(routing.take_over, conversation, by=chen, now=talk.now)
    _, outcome = await beside(talk.db, database_url, first, gate, second)
    assert isinstance(outcome, ConversationTaken)
    assert outcome.name == "林小满"


async def test_who_hands_on_what_is_taken_from_him_hands_on_nothing(
    talk: Talk, lin: Actor, chen: Actor, database_url: str
) -> None:
    """And the other way round: who takes from him who has just handed it on, takes nothing."""
    conversation = await first_words(talk)
    zhou = await make_agent(talk.db, "zhou", roles=[Role.supervisor])
    await talk.db.write(routing.take_over, conversation, by=lin, now=talk.now)
    gate = Gate()
    taking = talk.db.write(held(routing.take_from, gate), conversation, by=zhou, expected=lin.id, now=talk.now)
    handing = talk.db.write(routing.transfer, conversation, by=lin, to_agent=chen.id, now=talk.now)
    _, outcome = await beside(talk.db, database_url, taking, gate, handing)
    assert isinstance(outcome, ConversationTaken)
    assert (await talk.db.read(desk.talk_of, conversation)).agent_id == zhou.id
    again = Gate()
    handing = talk.db.write(held(routing.transfer, again), conversation, by=zhou, to_agent=chen.id, now=talk.now)
    taking = talk.db.write(routing.take_from, conversation, by=zhou, expected=zhou.id, now=talk.now)
    _, outcome = await beside(talk.db, database_url, handing, again, taking)
    assert isinstance(outcome, ConversationTaken)
    assert (await talk.db.read(desk.talk_of, conversation)).agent_id == chen.id


# -------------------- an end, and a viewer who writes on


async def test_who_writes_while_it_is_ended_begins_a_new_one(talk: Talk, lin: Actor, database_url: str) -> None:
    conversation, gate = await first_words(talk), Gate()
    await talk.db.write(routing.take_over, conversation, by=lin, now=talk.now)
    ending = talk.db.write(held(routing.resolve, gate), conversation, by=lin, now=talk.now)
    writing = talk.db.write(batch.handle, [talk.push(REFUND)], talk.rules, now=talk.now)
    _, answers = await beside(talk.db, database_url, ending, gate, writing)
    old, new = await talk.db.read(talks)
    assert (old.closed_by, old.last_seq) == (lin.id, 2)
    assert (new.owner, new.last_seq, answers[0].conversation_id) == ("bot", 2, new.id)


async def test_what_is_written_while_it_is_about_to_be_ended_is_in_it(
    talk: Talk, lin: Actor, database_url: str
) -> None:
    conversation, gate = await first_words(talk), Gate()
    await talk.db.write(routing.take_over, conversation, by=lin, now=talk.now)
    writing = talk.db.write(held(batch.handle, gate), [talk.push("谢谢")], talk.rules, now=talk.now)
    ending = talk.db.write(routing.resolve, conversation, by=lin, now=talk.now)
    await beside(talk.db, database_url, writing, gate, ending)
    (row,) = await talk.db.read(talks)
    assert (row.closed_by, row.last_seq, row.waits_since) == (lin.id, 3, None)


async def test_it_is_not_opened_again_beside_the_one_that_the_viewer_begins(
    talk: Talk, lin: Actor, database_url: str
) -> None:
    conversation, gate = await first_words(talk), Gate()
    await talk.db.write(routing.take_over, conversation, by=lin, now=talk.now)
    await talk.db.write(routing.resolve, conversation, by=lin, now=talk.now)
    writing = talk.db.write(held(batch.handle, gate), [talk.push(REFUND)], talk.rules, now=talk.now)
    opening = talk.db.write(routing.reopen, conversation, by=lin, now=talk.now)
    _, outcome = await beside(talk.db, database_url, writing, gate, opening)
    assert isinstance(outcome, NewerConversation)
    rows = await talk.db.read(talks)
    assert [row.closed_at is None for row in rows] == [False, True]
    assert outcome.conversation_id == rows[1].id
