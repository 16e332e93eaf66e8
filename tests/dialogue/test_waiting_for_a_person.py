"""What the way in tells the desk: since when a viewer waits for a person, what it is about, how urgent it is."""

from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.channels.content import AgentSession, Followed
from app.conversations import routing
from app.conversations.models import Conversation
from app.viewers.models import Viewer
from tests.dialogue.conftest import NOW, Talk
from tests.factories.people import make_agent

SECOND = timedelta(seconds=1)


def row(session: Session) -> Conversation:
    return session.scalars(select(Conversation)).one()


async def test_a_viewer_waits_from_his_first_word_that_nobody_answered(talk: Talk) -> None:
    await talk.say("会员可以退款吗？")
    assert (await talk.db.read(row)).waits_since is None
    came = talk.now
    await talk.say("转人工")
    await talk.say("快一点")
    waiting = await talk.db.read(row)
    assert (waiting.owner, waiting.queued_at, waiting.waits_since) == ("queue", came, came)
    by = await make_agent(talk.db)
    await talk.db.write(routing.take_over, waiting.id, by=by, now=talk.now)
    await talk.say("在吗")
    assert (await talk.db.read(row)).waits_since == came


async def test_who_was_answered_waits_again_once_he_writes(talk: Talk) -> None:
    await talk.say("你好")
    by = await make_agent(talk.db)
    await talk.db.write(routing.take_over, 1, by=by, now=talk.now)
    await talk.say(Followed())
    assert (await talk.db.read(row)).waits_since is None
    came = talk.now
    await talk.say("我的订单呢")
    assert (await talk.db.read(row)).waits_since == came


async def test_who_leaves_the_queue_waits_for_nobody(talk: Talk) -> None:
    await talk.say("转人工")
    await talk.say("取消排队")
    left = await talk.db.read(row)
    assert (left.owner, left.waits_since, left.queued_at) == ("bot", None, None)


async def test_an_agent_of_ours_goes_on_whatever_the_platforms_console_does(talk: Talk) -> None:
    await talk.say("你好")
    by = await make_agent(talk.db)
    await talk.db.write(routing.take_over, 1, by=by, now=talk.now)
    for action in ("opened", "closed"):
        await talk.say(AgentSession(action, "agent1@gh"))
        held = await talk.db.read(row)
        assert (held.owner, held.agent_id, held.waits_since) == ("agent", by.id, None)


async def test_what_is_urgent_comes_first_and_a_complaint_before_the_rest(talk: Talk) -> None:
    found = {}
    for sender, text in (("a", "转人工"), ("b", "我要投诉你们"), ("c", "孩子用我的手机充了好多钱，我不想活了")):
        await talk.say(text, sender)
        await talk.say("转人工", sender)
    for talk_row in await talk.db.read(lambda session: list(session.scalars(select(Conversation)))):
        found[talk_row.id] = (talk_row.owner, talk_row.priority)
    assert found == {1: ("queue", 0), 2: ("queue", 1), 3: ("queue", 2)}


async def test_whose_viewer_goes_first_has_his_place_from_the_start(talk: Talk) -> None:
    await talk.say("你好")

    def favour(session: Session) -> None:
        session.execute(update(Viewer).values(vip=True))

    await talk.db.write(favour)
    await talk.say("转人工")
    assert (await talk.db.read(row)).vip


async def test_what_it_is_about_is_kept_for_lists(talk: Talk) -> None:
    await talk.say("《长风渡》第二集看不了")
    known = await talk.db.read(row)
    assert known.title == "长风渡"
    assert known.opened_at == NOW
