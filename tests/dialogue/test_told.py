"""What the way in tells: a row a batch, and one more where somebody came into the queue."""

from datetime import timedelta

from app.channels.content import Recalled
from app.conversations import routing
from app.dialogue.push import Fate
from tests.dialogue.conftest import Talk
from tests.factories import told
from tests.factories.people import make_agent

REFUND = "会员怎么申请退款"


async def test_a_batch_is_one_event(talk: Talk) -> None:
    answers = await talk.bring([talk.push(REFUND, name) for name in ("a", "b", "a")])
    talks = sorted({answer.conversation_id or 0 for answer in answers})
    assert len(talks) == 2
    assert await talk.db.write(told.take) == [("conversation", talks)]


async def test_who_comes_into_the_queue_is_told(talk: Talk) -> None:
    answer = await talk.say("转人工")
    events = await talk.db.write(told.take)
    assert events[:2] == [("conversation", [answer.conversation_id]), ("queue", [])]
    await talk.say("还要等多久")
    assert {kind for kind, _ in await talk.db.write(told.take)} == {"conversation"}
    await talk.say("取消排队")
    assert ("queue", []) in await talk.db.write(told.take)


async def test_a_repeat_tells_nothing_new(talk: Talk) -> None:
    push = talk.push(REFUND)
    await talk.bring([push])
    await talk.db.write(told.take)
    assert (await talk.bring([push]))[0].fate is Fate.repeated
    assert await talk.db.write(told.take) == []


async def test_the_conversation_that_a_silence_ended_is_told_of_too(talk: Talk) -> None:
    before = await talk.say(REFUND)
    await talk.db.write(told.take)
    talk.now += timedelta(days=2)
    (after,) = await talk.bring([talk.push(REFUND)])
    assert await talk.db.write(told.take) == [("conversation", [before.conversation_id, after.conversation_id])]


async def test_what_was_taken_back_is_told(talk: Talk) -> None:
    (answer,) = await talk.bring([talk.push(REFUND, key="m:77")])
    await talk.db.write(told.take)
    await talk.bring([talk.push(Recalled("m:77"))])
    events = await talk.db.write(told.take)
    assert ("conversation", [answer.conversation_id]) in events


async def test_a_viewer_who_writes_to_an_agent_is_told_of(talk: Talk) -> None:
    answer = await talk.say("转人工")
    lin = await make_agent(talk.db)
    await talk.db.write(routing.take_over, answer.conversation_id or 0, by=lin, now=talk.now)
    await talk.db.write(told.take)
    await talk.bring([talk.push("在吗")])
    assert await talk.db.write(told.take) == [("conversation", [answer.conversation_id])]
