"""Dialogue 15: unsubscribe."""

from tests.dialogues.stage import Stage

COVERS = {15: "S1 S3 S5"}
PARTLY = {15: "S4"}


async def test_pushes_stop_and_notices_go_on(stage: Stage) -> None:
    viewer = stage.viewer("小林")

    stopped = await viewer.says("退订")
    assert (await viewer.identity()).refused_pushes_at is not None
    assert await viewer.consents() == [("pushes", False)]
    assert len(stopped.text.splitlines()) == 1
    assert "工单" in stopped
    assert not any(words in stopped for words in ("确定", "确认", "为什么", "原因", "？", "吗"))

    prize = await viewer.says("那我中奖了会告诉我吗")
    assert all(words in prize for words in ("推送", "工单", "退款", "中奖"))
    assert await viewer.consents() == [("pushes", False)]

    await viewer.says("追的那部剧更新还是告诉我吧，别的不要")
    assert (await viewer.identity()).refused_pushes_at is not None
    assert await viewer.consents() == [("pushes", False)]

    await viewer.says("恢复推送")  # so that there is something to end
    assert (await viewer.identity()).refused_pushes_at is None
    again = await viewer.says("TD")
    assert (await viewer.identity()).refused_pushes_at is not None
    assert "不再" in again
    assert await viewer.consents() == [("pushes", False), ("pushes", True), ("pushes", False)]
