"""What viewers who want a person hear: when one comes, or that nobody is there."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.agents.models import Agent
from app.conversations import outlook
from app.conversations.callbacks import Callback
from app.conversations.models import Conversation
from app.conversations.outlook import VALID, Outlook
from app.db.database import Database
from app.dialogue import phrases
from app.dialogue.rules import mans
from tests.dialogue.conftest import NOW, Talk
from tests.dialogue.test_reports import closed_now
from tests.factories import queueing, ticketing
from tests.factories.people import make_agent, make_team

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        (None, ""),
        (timedelta(), "，马上就有客服接待您"),
        (timedelta(seconds=20), "，马上就有客服接待您"),
        (timedelta(seconds=21), "，大约要等 1 分钟"),
        (timedelta(seconds=61), "，大约要等 2 分钟"),
        (11 * MINUTE, "，大约要等 15 分钟"),
        (30 * MINUTE, "，大约要等 30 分钟"),
        (31 * MINUTE, "，可能要等半小时以上"),
    ],
)
def test_a_wait_is_said_in_coarse_steps(expected: timedelta | None, said: str) -> None:
    assert phrases.wait(expected) == said


def test_of_a_place_that_is_not_counted_only_the_least_wait_is_known() -> None:
    assert phrases.place(100, 40 * MINUTE, most=100) == "前面排队的人比较多（超过 100 位），可能要等半小时以上"
    assert phrases.place(100, 20 * MINUTE, most=100) == "前面排队的人比较多（超过 100 位）"


@pytest.mark.parametrize(
    ("on_duty", "there", "manned"),
    [
        ("auto", None, True), ("auto", 0, False), ("auto", 1, True),
        ("desk", None, False), ("desk", 0, False), ("desk", 1, True),
        ("hours", None, True), ("hours", 0, True),
    ],
)  # fmt: skip
def test_who_counts_as_there(on_duty: str, there: int | None, manned: bool) -> None:
    assert mans(on_duty, Outlook(NOW, there, 0, None)) is manned
    assert mans(on_duty, None)  # no worker tells: the hours alone


async def expect(
    talk: Talk, *, there: int | None = 1, free: int = 0, pace: timedelta | None = None, old: timedelta = timedelta()
) -> None:
    pace_ms = None if pace is None else pace // timedelta(milliseconds=1)
    await talk.db.write(outlook.put, Outlook(talk.now - old, there, free, pace_ms))


async def conversation(talk: Talk, n: int = 0) -> Conversation:
    found = await talk.db.read(lambda s: s.scalars(select(Conversation).order_by(Conversation.id)).all())
    return found[n]


async def callbacks(talk: Talk) -> list[int]:
    return await talk.db.read(lambda s: list(s.scalars(select(Callback.conversation_id))))


async def test_the_place_comes_with_the_wait(talk: Talk) -> None:
    await expect(talk, pace=90 * timedelta(seconds=1))
    first, second = await talk.say("转人工", "a"), await talk.say("转人工", "b")
    assert "您是下一位，大约要等 2 分钟。" in (first.text or "")
    assert "前面还有 1 位，大约要等 3 分钟。" in (second.text or "")
    assert "前面还有 1 位，大约要等 3 分钟" in ((await talk.say("还要等多久", "b")).text or "")
    await expect(talk, free=2)
    assert "您是下一位，马上就有客服接待您" in ((await talk.say("还要等多久", "a")).text or "")
    await expect(talk, pace=9 * MINUTE, old=VALID)  # no worker runs: nothing is known
    assert "前面还有 2 位。" in ((await talk.say("转人工", "c")).text or "")


async def test_coming_and_leaving_stand_in_the_history(talk: Talk) -> None:
    await talk.say("转人工")
    await talk.say("取消排队")
    told = await talk.db.read(queueing.told, (await conversation(talk)).id)
    assert told == [("queued", None), ("left", None)]


async def test_nobody_is_promised_where_nobody_is(talk: Talk) -> None:
    await expect(talk, there=0)
    said = await talk.say("转人工")
    own = await conversation(talk)
    assert own.owner == "bot"
    assert "现在没有客服在线" in (said.text or "")
    assert "T-1" in (said.text or "")
    assert "不在人工服务时间" not in (said.text or "")
    assert "排队" not in (said.text or "")
    assert await callbacks(talk) == [own.id]
    await talk.say("转人工")
    assert await callbacks(talk) == [own.id]
    assert await talk.db.read(queueing.told, own.id) == []


@pytest.mark.parametrize("text", ["我会员被人登了，现在还在看，赶紧", "我不想活了"])
async def test_urgent_matters_call_back_too(talk: Talk, text: str) -> None:
    await expect(talk, there=0)
    await talk.say(text)
    assert (await conversation(talk)).owner == "bot"
    assert await callbacks(talk) == [(await conversation(talk)).id]


async def test_at_night_who_asks_is_called_back_and_who_suggests_is_not(talk: Talk) -> None:
    talk.rules = closed_now(talk)
    await talk.say("转人工", "a")
    await talk.say("建议你们每期片尾放一下歌单，每次都要去搜", "b")
    await talk.say("我要投诉", "c")
    assert await callbacks(talk) == [(await conversation(talk)).id]


async def test_who_was_promised_a_person_hears_that_it_stands_and_when_somebody_is_there(talk: Talk) -> None:
    await expect(talk, there=0)
    await talk.say("转人工")
    said = (await talk.say("还要多久")).text or ""
    assert said == (
        "您找人工的请求已经记在工单 T-1 里，不用排队。现在没有客服在线，客服一上线会先联系您；"
        "人工服务时间是每天 0:00–24:00。"
    )
    await expect(talk, there=1)  # a moment before he comes to the queue
    assert "T-1 里，不用排队。客服已经上线，很快会联系您。" in ((await talk.say("还要多久")).text or "")
    manned, talk.rules = talk.rules, closed_now(talk)
    said = (await talk.say("还要多久")).text or ""
    assert said == (
        "您找人工的请求已经记在工单 T-1 里，不用排队。现在不在人工服务时间（每天 14:00–22:00），"
        "客服今天 14:00 上班，到时会先联系您。"
    )
    talk.rules = manned
    assert "您现在没有在排队" in ((await talk.say("还要多久", "b")).text or "")  # nobody promised him anything


async def test_a_promise_outlives_the_silence_and_ends_with_what_it_was_for(talk: Talk) -> None:
    await expect(talk, there=0)
    await talk.say("转人工")
    await talk.say("建议你们每期片尾放一下歌单，每次都要去搜")  # a newer ticket, of a kind that calls nobody
    talk.now += 2 * talk.rules.silence
    assert "工单 T-1 里" in ((await talk.say("还要多久")).text or "")
    assert (await conversation(talk, 1)).owner == "bot"  # another conversation than that of the promise
    await talk.db.write(ticketing.close, 1, "开好了", by="lin", now=talk.now)
    assert "您现在没有在排队" in ((await talk.say("还要多久")).text or "")


async def test_who_waits_hears_that_those_who_could_come_are_not_there(talk: Talk) -> None:
    await talk.say("转人工")
    own = await conversation(talk)
    await expect(talk, there=0, pace=MINUTE)
    said = (await talk.say("还要等多久")).text or ""
    assert "都不在线" in said
    assert "分钟" not in said
    assert await still_hears(talk, own.id)


async def still_hears(talk: Talk, conversation_id: int) -> bool:
    """Of a team that nobody of is there, and of one that somebody is."""
    refunds = await make_team(talk.db, "退款")
    agent = await make_agent(talk.db, "lin", seen_at=talk.now, skills=["粤语"])
    await expect(talk, there=1)
    await talk.db.write(queueing.change, conversation_id, team_id=refunds)
    alone = "都不在线" in ((await talk.say("还要等多久")).text or "")
    await talk.db.write(queueing.change, conversation_id, team_id=None, skill="粤语")
    await touch(talk.db, agent.id, talk)
    return alone and "都不在线" not in ((await talk.say("还要等多久")).text or "")


async def touch(db: Database, agent_id: int, talk: Talk) -> None:
    await db.write(lambda s: s.execute(update(Agent).where(Agent.id == agent_id).values(seen_at=talk.now)) and None)
