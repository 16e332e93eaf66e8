"""Dialogue 18: making-of material, as far as it goes without subscriptions."""

from tests.dialogues.stage import Stage

PARTLY = {18: "S1"}


async def test_what_exists_is_told_and_nothing_is_subscribed(stage: Stage) -> None:
    viewer = stage.viewer("小林")
    assert (await viewer.says("有没有幕后花絮啥的，每周发我一下")).entry == "content.behind"
    await viewer.says("好")
    assert await viewer.consents() == []
    assert not await viewer.tickets()
