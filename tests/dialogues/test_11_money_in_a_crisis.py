"""Dialogue 11: the refund that is asked for amid a crisis is a matter of its own."""

from tests.dialogues.stage import Stage

COVERS = {11: "S4"}


async def test_a_refund_is_answered_by_its_rule_and_a_ticket_only_if_wanted(stage: Stage) -> None:
    viewer = stage.viewer("小林")
    told = await viewer.says("那我会员为他买的，退钱")
    assert told.entry == "membership.refund"
    assert not await viewer.tickets()
    await viewer.says("好的")
    assert (await viewer.ticket()).category == "membership.refund"
