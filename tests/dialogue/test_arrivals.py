"""The beginning of a batch: what one statement does on PostgreSQL and three on SQLite must be the same."""

import asyncio

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.conversations.models import Conversation, Message
from app.dialogue import batch
from app.dialogue.push import Answer, Fate, Push
from app.dialogue.turn import Said
from app.viewers.models import Identity
from tests.db.gates import Gate, until_blocked
from tests.dialogue.conftest import Talk

REFUND = "会员可以退款吗？"
STALL = "播放卡顿、一直缓冲怎么办？"
VAGUE = "我想问会员"


def seqs(session: Session) -> list[int]:
    return list(session.scalars(select(Message.seq).order_by(Message.conversation_id, Message.seq)))


async def test_what_was_asked_back_is_remembered_in_the_next_batch(talk: Talk) -> None:
    asked = await talk.say(VAGUE)
    assert asked.said is Said.clarified
    chosen = await talk.say("1")
    assert chosen.said is Said.answered
    assert chosen.conversation_id == asked.conversation_id


async def test_only_who_asks_something_gets_a_conversation(talk: Talk) -> None:
    again = talk.push(REFUND, "asks")
    await talk.bring([again])
    await talk.bring([again, talk.push(STALL, "asks")])
    names = await talk.db.read(lambda s: list(s.scalars(select(Identity.external_id))))
    assert names == ["asks"]
    assert await talk.db.read(seqs) == [1, 2, 3, 4]


async def _behind(talk: Talk, url: str, first: list[Push], second: list[Push]) -> tuple[list[Answer], list[Answer]]:
    """Two processes: the second brings its pushes while the first has decided its own but not committed."""
    gate = Gate()

    def handle_and_stop(session: Session, pushes: list[Push]) -> list[Answer]:
        answers = batch.handle(session, pushes, talk.rules, now=talk.now)
        gate.stop(session)
        return answers

    leading = asyncio.ensure_future(talk.db.write(handle_and_stop, first))
    await gate.reached()
    following = asyncio.ensure_future(talk.bring(second))
    await until_blocked(url)
    gate.open()
    return await leading, await following


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("known", [True, False])
async def test_a_repeat_and_a_new_question_wait_for_the_first_attempt(
    talk: Talk, database_url: str, known: bool
) -> None:
    if known:
        await talk.say(STALL)
    question = talk.push(REFUND)
    first, second = await _behind(talk, database_url, [question], [question, talk.push(STALL)])
    assert [answer.fate for answer in second] == [Fate.repeated, Fate.decided]
    assert second[0].text == first[0].text
    assert await talk.db.read(seqs) == list(range(1, 7 if known else 5))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_the_state_after_the_wait_counts_not_the_one_before(talk: Talk, database_url: str) -> None:
    await talk.say("你好")
    asked, chosen = await _behind(talk, database_url, [talk.push(VAGUE)], [talk.push("1")])
    assert (asked[0].said, chosen[0].said) == (Said.clarified, Said.answered)
    assert await talk.db.read(seqs) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_conversation_closed_meanwhile_is_followed_by_a_new_one(talk: Talk, database_url: str) -> None:
    old = (await talk.say(REFUND)).conversation_id
    gate = Gate()

    def close(session: Session) -> None:
        session.execute(update(Conversation).values(closed_at=talk.now))
        gate.stop(session)

    closing = asyncio.ensure_future(talk.db.write(close))
    await gate.reached()
    following = asyncio.ensure_future(talk.bring([talk.push(STALL)]))
    await until_blocked(database_url)
    gate.open()
    await closing
    answer = (await following)[0]
    assert answer.said is Said.answered
    assert answer.conversation_id != old
