"""Dialogue 2: the bot fails twice, then a human."""

from tests.dialogues.stage import Stage

COVERS = {2: "S1 S2 S3"}
PARTLY = {2: "S4"}
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
