"""Dialogue 18: making-of material, as far as it goes without subscriptions."""

from tests.dialogues.stage import Stage

COVERS = {18: "S5 S6"}
PARTLY = {18: "S1"}


async def test_what_exists_is_told_and_nothing_is_subscribed(stage: Stage) -> None:
    viewer = stage.viewer("小林")
    assert (await viewer.says("有没有幕后花絮啥的，每周发我一下")).entry == "content.behind"
    await viewer.says("好")
    assert await viewer.consents() == []
    assert not await viewer.tickets()


async def test_what_was_pushed_to_others_is_answered_plainly(stage: Stage) -> None:
    assert (await stage.viewer("小林").says("你们推的那个徽章哪买")).entry == "event.merch"


async def test_times_cannot_be_chosen_and_that_is_said(stage: Stage) -> None:
    viewer = stage.viewer("小林")
    said = await viewer.says("周三别发了，周末发吧")
    assert "还不能自己选" in said
    assert await viewer.consents() == []
