"""Dialogue 13: questions about an event that is cancelled, as far as they need no record of it."""

from datetime import UTC, datetime, timedelta

from app.desk.tickets import surveying, telling
from app.desk.tickets.telling import Then
from app.tickets import satisfaction
from tests.dialogues.stage import Stage
from tests.factories.people import make_agent

COVERS = {13: "S3 S4 A1 S6"}


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


async def test_the_refund_is_confirmed_and_later_one_question_asked(stage: Stage) -> None:
    viewer, agent = stage.viewer("小林"), await make_agent(stage.db, "lin")
    await viewer.says("你好")
    now = datetime.now(UTC)
    ticket = await viewer.had_ticket(20900, "武汉见面会的票没有退款", opened=now - timedelta(days=8), kind="refund")
    settled = "票款 380 元已于 12月3日 退到您新登记的账户"
    await stage.db.write(telling.tell, ticket.id, by=agent, text=settled, then=Then.closes, key="k", now=now)
    assert settled in (await viewer.messages())[-1].text
    assert (await viewer.ticket()).status == "closed"

    asks_at = satisfaction.by_day(now + satisfaction.AFTER)
    account = await stage.account()
    assert await stage.db.read(surveying.list_due, now=now) == []
    assert await stage.db.write(surveying.ask, ticket.id, account=account, now=asks_at)
    assert not await stage.db.write(surveying.ask, ticket.id, account=account, now=asks_at)
    (question,) = [message.text for message in await viewer.messages() if "满意吗" in message.text]
    assert "T-20900" in question
