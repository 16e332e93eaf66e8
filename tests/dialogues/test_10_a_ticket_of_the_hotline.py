"""Dialogue 10: the ticket of a call, asked for by an account of which nobody knows that it is the caller's."""

from datetime import UTC, datetime, timedelta

from tests.dialogues.stage import Stage

PARTLY = {10: "S2"}
ASKED = ("我前天打电话说的那个退款怎么样了", "处理得怎么样了", "T-20688 怎么样了", "所有工单")


async def test_nothing_of_the_callers_ticket_is_told(stage: Stage) -> None:
    caller = stage.viewer("来电")
    await caller.says("你好")
    two_days_ago = datetime.now(UTC) - timedelta(days=2)
    ticket = await caller.had_ticket(20688, "给妈妈买重了一份会员，要退一份", opened=two_days_ago, kind="refund")

    for number, words in enumerate(ASKED):
        reply = await stage.viewer(f"微信{number}").says(words)
        assert reply.text
        assert not any(detail in reply for detail in ("妈妈", "买重", "退一份"))
        assert "20688" in words or "20688" not in reply
    assert len(await stage.history(ticket)) == 1
