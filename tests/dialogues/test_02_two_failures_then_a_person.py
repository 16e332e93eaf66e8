"""Dialogue 2: the bot fails twice, then a human."""

from datetime import UTC, datetime, timedelta

from app.channels.outbound import Text
from app.conversations import routing
from app.desk import context, replies, threads
from app.desk.tickets import changing, closing
from tests.dialogues.stage import Stage
from tests.factories.people import make_agent

COVERS = {2: "S1 S2 S3 A1 A2 S4"}
VAGUE = "我那个东西弄不了你给看下"


async def test_the_second_failure_calls_a_person_and_the_bot_falls_silent(stage: Stage) -> None:
    await stage.viewer("早来一步").says("转人工")
    viewer = stage.viewer("小林")

    first = await viewer.says(VAGUE)
    assert first.asks(3)
    assert all(topic in first for topic in ("播放", "会员", "账号"))
    assert (first.owner, first.failures) == ("bot", 1)
    assert not await viewer.tickets()

    second = await viewer.says("都不是，就是上回那样的")
    assert second.owner == "queue"
    assert second.entry is None
    assert not second.options
    ticket = await viewer.ticket()
    assert f"T-{ticket.number}" in second
    assert "人工" in second
    assert "1 位" in second
    told = [message.text for message in await stage.transcript(ticket)]
    assert told == [VAGUE, first.text, "都不是，就是上回那样的", second.text]

    third = await viewer.says("还要等多久")
    assert third.entry is None
    assert "1 位" in third
    assert third.owner == "queue"
    assert [t.number for t in await viewer.tickets()] == [ticket.number]

    await viewer.is_taken_by_agent()
    merged = await viewer.says("哦就是上次你们帮我把两个号合一起那个，现在又分开了")
    assert merged.silent
    assert merged.owner == "agent"
    released = await viewer.is_left_by_agent()
    assert released.silent
    assert (released.owner, released.failures) == ("bot", 0)
    assert (await viewer.says(VAGUE)).failures == 1


async def test_our_agent_sees_it_all_answers_and_leaves_the_viewer_to_the_bot(stage: Stage) -> None:
    viewer, agent = stage.viewer("小林"), await make_agent(stage.db, "lin")
    await viewer.says("你好")
    now = datetime.now(UTC)
    await viewer.had_ticket(20100, "两个号合并成一个", opened=now - timedelta(days=30))
    first = await viewer.says(VAGUE)
    second = await viewer.says("都不是，就是上回那样的")
    talk, (ticket, _) = second.conversation.id, await viewer.tickets()

    await stage.db.write(routing.take_over, talk, by=agent, now=now)
    seen = await stage.db.read(threads.read, talk, by=agent, now=now)
    told = [getattr(item, "text", None) for item in seen.items]
    assert [text for text in told if text in (VAGUE, first.text)] == [VAGUE, first.text]
    assert "都不是，就是上回那样的" in told
    beside = await stage.db.read(context.read, talk, by=agent, account=None, now=now)
    assert [(line.number, line.here) for line in beside.tickets] == [(ticket.number, True), (20100, False)]

    explained = await viewer.says("哦就是上次你们帮我把两个号合一起那个，现在又分开了")
    assert explained.silent
    assert explained.owner == "agent"
    await stage.db.write(
        replies.send, talk, by=agent, message=Text("已经重新合并好了。"), key="k", now=now,
        seen_seq=explained.conversation.last_seq,
    )  # fmt: skip
    await stage.db.write(
        changing.change, ticket.id, by=agent, changes={"category": "account.bind_wechat"}, now=now
    )  # fmt: skip
    await stage.db.write(closing.close, ticket.id, by=agent, text="重新合并了两个号", now=now)
    await stage.db.write(routing.resolve, talk, by=agent, now=now)
    (solved, _) = await viewer.tickets()
    assert (solved.status, solved.category) == ("closed", "account.bind_wechat")

    again = await viewer.says(VAGUE)
    assert (again.owner, again.failures) == ("bot", 1)  # counted from 0
