"""Dialogue 17: a survey after the ticket; a low score reopens it."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agents.rights import Role
from app.desk.tickets import assigning, closing, surveying, telling
from app.desk.tickets.telling import Then
from app.tickets import satisfaction
from app.tickets.models import Satisfaction, TicketEvent, TicketNotice
from tests.dialogues.stage import Stage
from tests.factories.people import make_agent

COVERS = {17: "E1 S1 S2 S3 A1 S4 S5"}
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
REASON = "根本没解决就给我关了，还问我满不满意"


async def test_a_low_score_opens_the_ticket_again(stage: Stage) -> None:
    viewer = stage.viewer("小林")
    await viewer.says("你好")
    agent, other = await make_agent(stage.db, "lin"), await make_agent(stage.db, "chen")
    leader = await make_agent(stage.db, "zhou", roles=[Role.supervisor])
    now, account = datetime.now(UTC), await stage.account()
    ticket = await viewer.had_ticket(20733, "第8集没有字幕", opened=now - DAY)
    await stage.db.write(closing.close, ticket.id, by=agent, text="已经修复", now=now)

    asks_at = satisfaction.by_day(now + HOUR)
    night = asks_at.replace(hour=18, minute=30)  # 2:30 in Beijing
    assert satisfaction.by_day(night) > night
    assert await stage.db.read(surveying.list_due, now=asks_at - timedelta(seconds=1)) == []
    assert await stage.db.read(surveying.list_due, now=asks_at) == [(ticket.id, account.channel_id)]
    assert await stage.db.write(surveying.ask, ticket.id, account=account, now=asks_at)
    question = (await viewer.messages())[-1]
    assert question.author == "bot"
    assert "T-20733" in question.text
    assert "回复数字" in question.text

    scored = await viewer.says("1")
    assert scored.entry is None
    assert not scored.options
    assert "谢谢" in scored.said[-1].text
    assert "哪里没有解决好" in scored.said[-1].text
    assert (await stage.db.read(survey_of, ticket.id)).score == 1

    told = await viewer.says(REASON)
    reopened = await viewer.ticket()
    assert (reopened.closed_at, reopened.priority, reopened.reopened) == (None, "high", 1)
    assert "T-20733" in told.said[-1].text
    assert "重新打开" in told.said[-1].text
    assert (await stage.db.read(survey_of, ticket.id)).reason == REASON
    assert await stage.db.read(heard_by, leader.id) == ["scored", "reopened"]
    kinds = [line.kind for line in await stage.history(ticket)]
    assert kinds == ["opened", "closed", "scored", "reopened"]  # the whole history, where the leader is led to

    await stage.db.write(assigning.give, ticket.id, by=leader, owner_id=other.id, now=now)
    await stage.db.write(
        telling.tell, ticket.id, by=other, text="重新压制了字幕", then=Then.closes, key="k", now=now
    )  # fmt: skip
    assert await stage.db.read(surveying.list_due, now=now + 3 * DAY) == []  # no second one
    confirm = (await viewer.messages())[-1].text
    assert "解决了吗" in confirm
    assert not any(words in confirm for words in ("满意", "回复数字"))

    for _ in range(9):  # where nothing leaves by itself, what was said before it comes first
        if confirm in await viewer.says("继续"):
            break
    await viewer.says("这次行了，4分吧")
    kept = await stage.db.read(survey_of, ticket.id)
    assert (kept.score, kept.later_score) == (1, 4)
    assert (await viewer.ticket()).status == "closed"


def survey_of(session: Session, ticket_id: int) -> Satisfaction:
    return session.get_one(Satisfaction, ticket_id)


def heard_by(session: Session, agent_id: int) -> list[str]:
    """The kinds of lines that somebody was told of."""
    rows = select(TicketEvent.kind).join(TicketNotice, TicketNotice.event_id == TicketEvent.id)
    return list(session.scalars(rows.where(TicketNotice.agent_id == agent_id).order_by(TicketEvent.id)))
