"""Dialogue 8: an answer that comes days later, when the viewer cannot be reached until he writes again."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.agents.calendars import BEIJING
from app.channels.outbound import Notice, Text
from app.conversations import accounts, claiming, outbox
from app.conversations.models import Conversation, Message
from app.desk import reasons
from app.desk.tickets import reading, telling
from app.desk.tickets.telling import Then
from app.dialogue import phrases
from app.jobs.models import Job, Priority
from app.secrets import load_keyring
from tests.dialogues.stage import Stage
from tests.factories import delivering as do
from tests.factories import ticketing
from tests.factories.people import make_agent

COVERS = {8: "E1 S2 E2 S3"}
PARTLY = {8: "S1"}
ANSWER = "补录的那期定在下周六 20:00 上线"


@pytest.fixture
def hours(closed_now: dict[str, str]) -> dict[str, str]:
    return closed_now


async def test_an_answer_is_kept_until_the_viewer_asks(stage: Stage) -> None:
    viewer = stage.viewer("小林")
    await viewer.says("你们说补录的那期什么时候上，我等着呢")

    promised = await viewer.says("转人工")
    ticket = await viewer.ticket()
    assert f"T-{ticket.number}" in promised
    assert "补录的那期" in ticket.subject
    assert ticket.due_at == stage.calendar.end_of_working_day(ticket.opened_at, 1)
    assert promised.names(ticket.due_at)

    said = len(await viewer.messages())
    written = datetime.now(UTC)
    await stage.staff(ticketing.reply, ticket, ANSWER, at=written)
    assert len(await viewer.messages()) == said  # nothing is sent blindly
    assert (await viewer.ticket()).status == "in_progress"

    told = await viewer.says("处理得怎么样了")
    assert ANSWER in told
    assert told.names(written)
    assert told.entry is None


async def test_an_answer_that_found_the_window_closed_comes_first_with_its_date(stage: Stage) -> None:
    viewer = stage.viewer("小林")
    await viewer.says("你们说补录的那期什么时候上，我等着呢")
    conversation = (await viewer.messages())[0].conversation_id
    written = datetime.now(UTC) - timedelta(days=2)

    await stage.db.write(_pass_days, conversation)
    await stage.db.write(
        outbox.post, conversation, Text(ANSWER), author="7", priority=Priority.agent, now=written
    )  # an agent answers, three days after the viewer wrote
    await stage.db.write(_try_to_send, stage)
    assert await stage.db.read(_why) == ["window"]  # not sent blindly

    back = await viewer.says("在不在")
    day = written.astimezone(BEIJING)
    assert back.text == f"（这是{day.month}月{day.day}日写给您的回复）\n{ANSWER}"
    assert [message.text for message in back.said] == [phrases.ANYTHING_LEFT]  # and no bare greeting


@pytest.mark.parametrize("has_notice", [True, False])
async def test_the_tickets_page_says_whether_a_notice_has_gone_or_it_waits(stage: Stage, has_notice: bool) -> None:
    viewer, agent = stage.viewer("小林"), await make_agent(stage.db, "lin")
    await viewer.says("你们说补录的那期什么时候上，我等着呢")
    talk = (await viewer.says("转人工")).conversation.id
    ticket, now, account = await viewer.ticket(), datetime.now(UTC), await stage.account()
    await stage.db.write(_pass_days, talk)
    notice = Notice("TPL_1", {"thing1": "补录的那期"}) if has_notice else None
    await stage.db.write(
        telling.tell, ticket.id, by=agent, text=ANSWER, then=Then.goes_on, key="k", now=now, announcement=notice
    )  # fmt: skip
    left = await stage.db.write(do.leave, account, now=now)
    assert [draft.message for draft in left] == ([notice] if has_notice else [])
    await stage.db.write(do.settle, *[do.arrived(draft) for draft in left], now=now)
    assert await stage.db.write(do.leave, account, now=now + timedelta(hours=1)) == []  # nothing is sent blindly

    sheet = await stage.db.read(reading.read, ticket.id, by=agent, account=account, now=now)
    assert sheet.is_undelivered  # it is not shown as answered
    assert sheet.window is not None
    assert not sheet.window.is_open
    sent = sheet.lines[-1].sent
    assert sent is not None
    assert sent.state == "queued"
    assert reasons.why(sent.error, account.platform.name, say=str) == ("模板消息已经先发出" if has_notice else "")


def _pass_days(session: Session, conversation: int) -> None:
    """As if all of it had been five days ago."""
    ago = datetime.now(UTC) - timedelta(days=5)
    session.execute(update(Message).values(created_at=ago, platform_at=ago, state="received"))
    session.execute(update(Conversation).where(Conversation.id == conversation).values(viewer_wrote_at=ago))


def _try_to_send(session: Session, stage: Stage) -> None:
    served = [
        accounts.open_account(channel, load_keyring(stage.settings)) for channel in accounts.list_channels(session)
    ]
    claimed = claiming.claim(
        session, {account.channel_id: account for account in served}, worker="w", now=datetime.now(UTC),
        lease=timedelta(minutes=2), limit=8,
    )  # fmt: skip
    assert claimed.drafts == []


def _why(session: Session) -> list[str | None]:
    return list(session.scalars(select(Job.waits).where(Job.priority == Priority.agent.rank)))
