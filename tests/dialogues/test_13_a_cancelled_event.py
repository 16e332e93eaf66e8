"""Dialogue 13: questions about an event that is cancelled, as far as they need no record of it."""

from tests.dialogues.stage import Stage

COVERS = {13: "S3 S4"}


async def test_travel_costs_are_neither_promised_nor_refused(stage: Stage) -> None:
    viewer = stage.viewer("小林")
    told = await viewer.says("那高铁票和酒店你们赔不赔")
    assert told.entry == "event.cancelled"
    assert "专人答复" in told
    assert not any(words in told for words in ("不赔", "可以赔", "会赔", "报销"))
    await viewer.says("好的")
    assert (await viewer.ticket()).category == "event.cancelled"


async def test_the_money_goes_back_to_the_account_that_paid(stage: Stage) -> None:
    told = await stage.viewer("小林").says("票是我朋友帮我买的，钱退给谁")
    assert told.entry == "event.cancelled"
    assert "付款的账户" in told
