"""Dialogue 21: a fan-made video, as far as it goes without submissions; on WeChat, as there is no QQ yet."""

from tests.dialogues.stage import Stage

PARTLY = {21: "S1"}


async def test_the_way_to_submit_is_told_and_nothing_asked_for(stage: Stage) -> None:
    reply = await stage.viewer("小林").says("我剪了个男二的混剪，你们收不收")
    assert reply.entry == "community.submit"
    assert "格式" in reply
    assert "期限" in reply
    assert not reply.conversation.awaiting
