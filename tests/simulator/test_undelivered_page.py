"""What has not left, on a page of its own: the reasons, and what a person decides; on both engines."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.channels import outbound
from app.conversations import gates
from app.conversations.models import Conversation, Message, MessageState
from app.jobs.models import Job, JobState, Waits
from tests.simulator.conftest import Played
from tests.simulator.test_simulator_pages import FOREIGN

PATH = "/outbox"


@pytest.fixture
async def stuck(played: Played) -> Played:
    """The viewer was answered; a sent message of an agent is there to be given another state."""
    await played.do("text", text="会员怎么退款")
    await played.do("desk/take")
    await played.simulator.desk.reply(played.phone.chat, outbound.Text("查到了"))
    await played.stands("已发送")
    return played


def newest(session: Session) -> Message:
    return session.scalars(select(Message).order_by(Message.id.desc()).limit(1)).one()


async def shown(played: Played) -> str:
    return (await played.http.get(f"/simulator{PATH}/list")).text


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


async def test_with_nothing_to_decide_it_says_so(played: Played) -> None:
    assert "该送的都送到了" in await shown(played)


async def test_what_was_given_up_is_sent_again(stuck: Played) -> None:
    message = await fail(stuck)
    page = await shown(stuck)
    assert "文字超过 2048 字节（45002）" in page
    assert f'id="redrive-{message}"' in page
    assert (await stuck.post(f"{PATH}/redrive", message=str(message))).status_code == 204
    await stuck.stands("已发送")
    again = await stuck.post(f"{PATH}/redrive", message=str(message))
    assert (again.status_code, again.json()["error"]) == (409, "这一条已经有人处理过了，页面已更新")


async def test_what_nobody_wants_any_more_is_dropped(stuck: Played) -> None:
    message = await fail(stuck)
    assert (await stuck.post(f"{PATH}/drop", message=str(message))).status_code == 204
    assert "太长了" not in await shown(stuck)
    assert (await stuck.db.read(newest)).state == MessageState.failed


@pytest.mark.parametrize(("verb", "state"), [("arrived", "已发送"), ("lost", "未送达"), ("again", "已发送")])
async def test_a_person_decides_what_became_of_a_doubtful_one(stuck: Played, verb: str, state: str) -> None:
    message = await doubt(stuck)
    assert "平台没有答复" in await shown(stuck)
    assert (await stuck.post(f"{PATH}/{verb}", message=str(message))).status_code == 204
    await stuck.stands(state)
    assert "到了没有" not in await shown(stuck)
    assert (await stuck.post(f"{PATH}/{verb}", message=str(message))).status_code == 409


async def test_a_closed_channel_is_reopened_and_what_waited_goes(stuck: Played) -> None:
    await stuck.do("trouble", kind="code", code="48001")
    await stuck.simulator.desk.reply(stuck.phone.chat, outbound.Text("等权限"))
    await stuck.stands("排队中", "要有人先处理")
    page = await shown(stuck)
    assert "客服消息" in page
    assert "公众号没有这个接口的权限" in page
    channel = await stuck.db.read(lambda session: session.scalars(select(Conversation.channel_id)).one())
    assert (await stuck.post(f"{PATH}/reopen", channel=str(channel))).status_code == 204
    await stuck.stands("已发送")
    assert "停了的通道" not in await shown(stuck)


async def test_long_lists_come_in_pages_and_all_can_be_sent_again(stuck: Played) -> None:
    message = await fail(stuck)

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

    ids = await stuck.db.write(many)
    first = await shown(stuck)
    assert "25 条，不会自己再发" in first
    assert f"dead-{ids[18]}" in first
    assert f"dead-{ids[19]}" not in first
    rest = (await stuck.http.get(f"/simulator{PATH}/list", params={"dead": ids[18]})).text
    assert f"dead-{ids[-1]}" in rest
    assert "回到开头" in rest
    assert (await stuck.post(f"{PATH}/redrive-all")).status_code == 204
    assert "不会自己再发" not in await shown(stuck)


async def test_what_waits_says_for_what_and_until_when(stuck: Played) -> None:
    def wait(session: Session) -> None:
        channel = session.scalars(select(Conversation.channel_id)).one()
        until = datetime(2099, 1, 1, tzinfo=UTC)
        gates.close(session, channel, "custom/send", until=until, waits=Waits.quota, reason="45009 later: x",
                    now=datetime.now(UTC))  # fmt: skip

    await stuck.db.write(wait)
    await stuck.simulator.desk.reply(stuck.phone.chat, outbound.Text("明天再发"))
    await stuck.stands("排队中", "额度用完")
    page = await shown(stuck)
    assert "01-01 08:00:00" in page
    assert "这个接口今天的次数用完了（45009）" in page


async def test_other_websites_decide_nothing(stuck: Played) -> None:
    message = await fail(stuck)
    for headers in FOREIGN:
        path = f"/simulator{PATH}/drop"
        answer = await stuck.http.post(path, data={"message": str(message)}, headers=headers)
        assert answer.status_code == 403, headers
    assert f"dead-{message}" in await shown(stuck)
    assert (await stuck.post(f"{PATH}/drop")).status_code == 422
