"""Dialogue 1: what it ends with; the rest waits for announcements and compensation."""

from tests.dialogues.stage import Stage

COVERS = {1: "S6"}


async def test_thanks_are_met_with_one_short_line(stage: Stage) -> None:
    viewer = stage.viewer("小林")
    await viewer.says("我那个东西弄不了你给看下")
    ended = await viewer.says("行吧 谢谢")
    assert ended.text
    assert "\n" not in ended.text
    assert not ended.options
    assert not await viewer.tickets()
