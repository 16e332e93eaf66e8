"""The console's page of what has not left, with a platform that fails on demand; on both engines."""

from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.agents import audit, sessions
from app.agents.rights import Actor, Role
from app.channels import outbound
from app.console import cookies
from app.conversations import gates
from app.conversations.models import Conversation, Message, MessageState
from app.jobs.models import Job, JobState, Waits
from tests.factories.people import make_agent, signed_in
from tests.simulator.conftest import Played

PATH = "/outbox"
HTMX = {"hx-request": "true"}


@dataclass(frozen=True, slots=True)
class Looking:
    """A supervisor who has the page open."""

    played: Played
    token: str

    async def post(self, path: str, **fields: str) -> httpx.Response:
        headers = HTMX | {"x-csrf": sessions.csrf(self.token)}
        return await self.played.http.post(f"{PATH}{path}", data=fields, headers=headers)

    async def shown(self, **after: int) -> str:
        return (await self.played.http.get(PATH, params=after, headers=HTMX)).text


@pytest.fixture
async def looking(played: Played) -> Looking:
    chief = await make_agent(played.db, "chief", name="主管", roles=[Role.supervisor])
    return await enter(played, chief)


async def enter(played: Played, who: Actor) -> Looking:
    token = await signed_in(played.db, who.id, now=datetime.now(UTC))
    played.http.cookies.clear()
    played.http.cookies.set(cookies.PLAIN, token)
    return Looking(played, token)


@pytest.fixture
async def stuck(looking: Looking) -> Looking:
    """The viewer was answered; a sent message of an agent is there to be given another state."""
    played = looking.played
    await played.do("text", text="会员怎么退款")
    await played.do("desk/take")
    await played.simulator.desk.reply(played.phone.chat, outbound.Text("查到了"))
    await played.stands("已发送")
    return looking


def newest(session: Session) -> Message:
    return session.scalars(select(Message).order_by(Message.id.desc()).limit(1)).one()


async def fail(played: Played) -> int:
    """A message that the platform will never take."""
    await played.do("trouble", kind="code", code="45002")
    await played.simulator.desk.reply(played.phone.chat, outbound.Text("太长了"))
    await played.stands("未送达")
    return (await played.db.read(newest)).id


async def doubt(played: Played) -> int:
    await played.do("trouble", kind="taken")
    await played.simulator.desk.reply(played.phone.chat, outbound.Text("到了没有"))
    await played.stands("不确定")
    return (await played.db.read(newest)).id


async def test_with_nothing_to_decide_it_says_so(looking: Looking) -> None:
    assert "该送的都送到了" in await looking.shown()


async def test_what_was_given_up_is_sent_again(stuck: Looking) -> None:
    message = await fail(stuck.played)
    page = await stuck.shown()
    assert "文字超过 2048 字节（45002）" in page
    assert f'id="redrive-{message}"' in page
    assert (await stuck.post("/redrive", message=str(message))).status_code == 204
    await stuck.played.stands("已发送")
    again = await stuck.post("/redrive", message=str(message))
    assert (again.status_code, again.json()["error"]) == (409, "这一条已经有人处理过了，页面已更新")


async def test_what_nobody_wants_any_more_is_dropped(stuck: Looking) -> None:
    message = await fail(stuck.played)
    assert (await stuck.post("/drop", message=str(message))).status_code == 204
    assert "太长了" not in await stuck.shown()
    assert (await stuck.played.db.read(newest)).state == MessageState.failed


@pytest.mark.parametrize(("verb", "state"), [("arrived", "已发送"), ("lost", "未送达"), ("again", "已发送")])
async def test_a_person_decides_what_became_of_a_doubtful_one(stuck: Looking, verb: str, state: str) -> None:
    message = await doubt(stuck.played)
    assert "平台没有答复" in await stuck.shown()
    assert (await stuck.post(f"/{verb}", message=str(message))).status_code == 204
    await stuck.played.stands(state)
    assert "到了没有" not in await stuck.shown()
    assert (await stuck.post(f"/{verb}", message=str(message))).status_code == 409


async def test_a_closed_channel_is_reopened_and_what_waited_goes(stuck: Looking) -> None:
    await stuck.played.do("trouble", kind="code", code="48001")
    await stuck.played.simulator.desk.reply(stuck.played.phone.chat, outbound.Text("等权限"))
    await stuck.played.stands("排队中", "要有人先处理")
    page = await stuck.shown()
    assert "客服消息" in page
    assert "公众号没有这个接口的权限" in page
    channel = await stuck.played.db.read(lambda session: session.scalars(select(Conversation.channel_id)).one())
    assert (await stuck.post("/reopen", channel=str(channel))).status_code == 204
    await stuck.played.stands("已发送")
    assert "停了的通道" not in await stuck.shown()


async def test_long_lists_come_in_pages_and_all_can_be_sent_again(stuck: Looking) -> None:
    message = await fail(stuck.played)

    def many(session: Session) -> list[int]:
        job = session.scalars(select(Job).where(Job.state == JobState.dead)).one()
        row = session.get_one(Message, message)
        ids = []
        for number in range(24):
            more = Message(
                conversation_id=row.conversation_id, seq=row.seq + number + 1, direction="out", author="bot",
                kind="text", text=f"第 {number} 条", state=MessageState.failed, via="outbox", created_at=row.created_at,
                error=row.error,
            )  # fmt: skip
            session.add(more)
            session.flush()
            ids.append(more.id)
            session.add(
                Job(
                    lane_id=job.lane_id, kind=job.kind, subject_id=more.id, state=JobState.dead, priority=2,
                    not_before=job.not_before, attempts=1, created_at=job.created_at,
                )
            )  # fmt: skip
        session.execute(update(Conversation).values(last_seq=row.seq + 24))
        return ids

    ids = await stuck.played.db.write(many)
    first = await stuck.shown()
    assert "25 条，不会自己再发" in first
    assert f"dead-{ids[18]}" in first
    assert f"dead-{ids[19]}" not in first
    rest = await stuck.shown(dead=ids[18])
    assert f"dead-{ids[-1]}" in rest
    assert "回到开头" in rest
    assert (await stuck.post("/redrive-all")).status_code == 204
    assert "不会自己再发" not in await stuck.shown()


async def test_what_waits_says_for_what_and_until_when(stuck: Looking) -> None:
    def wait(session: Session) -> None:
        channel = session.scalars(select(Conversation.channel_id)).one()
        until = datetime(2099, 1, 1, tzinfo=UTC)
        gates.close(session, channel, "custom/send", until=until, waits=Waits.quota, reason="45009 later: x",
                    now=datetime.now(UTC))  # fmt: skip

    await stuck.played.db.write(wait)
    await stuck.played.simulator.desk.reply(stuck.played.phone.chat, outbound.Text("明天再发"))
    await stuck.played.stands("排队中", "额度用完")
    page = await stuck.shown()
    assert "01-01 08:00:00" in page
    assert "这个接口今天的次数用完了（45009）" in page


async def test_what_is_decided_is_on_record_and_only_for_those_who_may(stuck: Looking) -> None:
    message = await fail(stuck.played)
    agent = await enter(stuck.played, await make_agent(stuck.played.db, "ling"))
    assert (await agent.post("/drop", message=str(message))).status_code == 403
    assert (await stuck.played.http.get(PATH, headers=HTMX)).status_code == 403
    chief = await enter(stuck.played, await make_agent(stuck.played.db, "boss", name="经理", roles=[Role.supervisor]))
    assert (await chief.post("/drop")).status_code == 422
    assert (await chief.post("/drop", message=str(message))).status_code == 204
    entry = (await stuck.played.db.read(audit.list_entries, by=None, action="outbox."))[0]
    assert (entry.agent, entry.action, entry.detail) == ("经理", "outbox.drop", {"count": 1, "messages": [message]})
