"""The agent's side of a phone: replies, how they fare, time that passes, a platform that misbehaves."""

import httpx
import pytest

from app.simulator.faces import AGENT_PICTURES
from app.simulator.mischief import CODES, KINDS
from app.simulator.person import NAME
from app.simulator.phones import Chat
from app.simulator.props import picture_bytes
from tests.demo_knowledge import answer_of
from tests.simulator.conftest import Played, texts, until

REFUND = "会员怎么退款"
PLATFORMS = ("demo", "demo-qq")
HOUR, DAYS = "1", "48"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Phones are in memory, and what they reach is tried on both engines elsewhere."""
    return sqlite_url


async def talked(played: Played, channel: str = "demo") -> Chat:
    """The viewer has asked something, and an agent has taken over."""
    await played.do("settings", channel=channel)
    chat = await played.do("text", text=REFUND)
    await played.said(chat, 1)
    await played.do("desk/take")
    return chat


async def send(played: Played, **form: str | bytes) -> httpx.Response:
    files = {
        name: (None, value) if isinstance(value, str) else (f"{name}.png", value, "image/png")
        for name, value in form.items()
    }
    return await played.http.post(f"/simulator/phones/{played.phone.id}/desk/reply", files=files)


async def reply(played: Played, text: str) -> None:
    answer = await send(played, text=text)
    assert answer.status_code == 204, answer.text


# -------------------- who speaks


async def test_an_agent_speaks_once_he_has_taken_over(played: Played) -> None:
    assert (await send(played, text="您好")).json()["error"] == "这位观众还没有说过话，没有会话可以接入"
    await played.do("text", text=REFUND)
    assert (await send(played, text="您好")).json()["error"] == "请先接入会话，再以客服身份回复"
    await played.do("desk/take")
    assert (await played.post(f"/phones/{played.phone.id}/desk/take")).status_code == 409
    await reply(played, "您好，我是客服小周")
    assert (await played.said(played.phone.chat, 2))[-1] == "您好，我是客服小周"


async def test_the_bot_keeps_silent_until_it_is_given_back(played: Played) -> None:
    chat = await talked(played)
    await played.do("text", text=REFUND)
    assert len(texts(chat)) == 1
    await played.do("desk/release")
    await played.do("text", text="看视频老是卡顿怎么办")
    assert (await played.said(chat, 2))[-1] == answer_of("playback.buffering")
    assert (await played.post(f"/phones/{played.phone.id}/desk/release")).status_code == 409


async def test_the_desk_tells_who_said_what_and_how_it_fares(played: Played) -> None:
    await talked(played)
    await reply(played, "查到了")
    await played.stands("已发送")
    shown = (await played.http.get(f"/simulator/phones/{played.phone.id}/desk")).text
    assert f"客服 {NAME}" in shown
    assert "查到了" in shown
    assert "机器人" in shown


# -------------------- pictures


@pytest.mark.parametrize("channel", PLATFORMS)
async def test_a_picture_goes_by_the_storage_and_the_platforms_upload(played: Played, channel: str) -> None:
    chat = await talked(played, channel)
    assert (await send(played, text="请看图", picture="steps")).status_code == 204
    said = await played.said(chat, 3)
    assert said[1] == "请看图"
    shown = await played.http.get(said[2])
    assert (shown.headers["content-type"], shown.content) == ("image/png", picture_bytes("steps"))


async def test_an_uploaded_picture_leaves_and_anything_else_is_refused(played: Played) -> None:
    chat = await talked(played)
    for content in (b"<svg/>", b"\x89PNG\r\n\x1a\n" + bytes(2 << 20)):
        assert (await send(played, file=content)).json()["error"] == "图片要是 2 MB 以内的 PNG 或 JPG"
    assert (await send(played, text=" ")).status_code == 422
    assert (await send(played, picture="../secret")).status_code == 422
    assert (await send(played, file=bytes(4 << 20))).status_code == 413
    assert (await send(played, file=picture_bytes("receipt"))).status_code == 204
    assert len(await played.said(chat, 2)) == 2


def test_what_an_agent_can_send_is_there() -> None:
    assert [name for name in AGENT_PICTURES if not picture_bytes(name).startswith(b"\x89PNG")] == []


# -------------------- time


async def test_a_closed_window_is_said_and_the_reply_comes_first_with_its_date(played: Played) -> None:
    chat = await talked(played)
    await played.do("time", hours="49")
    await reply(played, "周六 20:00 上线")
    await played.stands("排队中", "窗口已关闭，等观众再说话")
    await played.do("time", hours="24")
    await played.do("text", text="你们回我了吗")
    said = await played.said(chat, 2)
    assert said[-1].startswith("（这是")
    assert said[-1].endswith("写给您的回复）\n周六 20:00 上线")
    await played.stands("已发送")


async def test_on_qq_the_window_is_an_hour_and_then_the_bot_may_speak_first(played: Played) -> None:
    chat = await talked(played, "demo-qq")
    await played.do("time", hours=HOUR)
    await reply(played, "主动告诉您")
    await played.said(chat, 2)
    await played.do("proactive", on="false")
    await reply(played, "这条要等")
    await played.stands("排队中", "窗口已关闭，等观众再说话")
    await played.do("text", text="在吗")
    assert (await played.said(chat, 3))[-1] == "这条要等"


async def test_a_window_that_is_used_up_is_told_from_one_that_is_closed(played: Played) -> None:
    chat = await talked(played, "demo-qq")
    await played.do("proactive", on="false")
    for number in range(4):
        await reply(played, f"第 {number + 1} 条")
    await played.said(chat, 4)
    await played.stands("排队中", "这个窗口的条数用完")


async def test_both_sides_count_alike_after_time_has_passed(played: Played) -> None:
    """What the service still sends, the platform still takes: no call was refused."""
    chat = await talked(played)
    await played.do("time", hours=DAYS)
    await reply(played, "等着")
    await played.stands("排队中", "窗口已关闭")
    await played.do("text", text="我来了")
    await played.said(chat, 2)
    assert not [exchange for exchange in chat.exchanges if getattr(exchange, "errcode", 0)]


# -------------------- trouble


@pytest.mark.parametrize(
    ("channel", "code", "state", "why"),
    [
        ("demo", 45015, "排队中", "窗口已关闭，等观众再说话"),
        ("demo", 45009, "排队中", "额度用完"),
        ("demo", 45002, "未送达", "文字超过 2048 字节（45002）"),
        ("demo", 48001, "排队中", "要有人先处理"),
        ("demo-qq", 40034005, "排队中", "窗口已关闭，等观众再说话"),
        ("demo-qq", 1100101, "未送达", "内容有敏感词（1100101）"),
        ("demo-qq", 11298, "排队中", "要有人先处理"),
        ("demo-qq", 40034004, "已发送", ""),
    ],
)
async def test_an_error_of_the_platform_is_a_state_with_its_reason(
    played: Played, channel: str, code: int, state: str, why: str
) -> None:
    await talked(played, channel)
    await played.do("trouble", kind="code", code=str(code))
    assert f"第 1 次：{code} " in (await played.http.get(f"/simulator/phones/{played.phone.id}/desk")).text
    await reply(played, "您好")
    await played.stands(state, why)
    assert str(code) in await played.wire()


async def test_an_answer_that_is_lost_leaves_doubt_on_wechat_and_none_on_qq(played: Played) -> None:
    """QQ knows a repeat by its number; WeChat does not, so nothing is repeated there."""
    chat = await talked(played)
    await played.do("trouble", kind="taken")
    await reply(played, "收下却断线")
    await played.stands("不确定", "平台没有答复")
    assert texts(chat)[-1] == "收下却断线"
    assert "服务不知道它到了没有" in await played.wire()
    chat = await talked(played, "demo-qq")
    await played.do("trouble", kind="taken")
    await reply(played, "收下却断线")
    await played.stands("已发送")
    assert texts(chat)[1:] == ["收下却断线"]
    assert "这个 msg_id 和 msg_seq 已经收下过" in await played.wire()


async def test_trouble_can_be_called_off(played: Played) -> None:
    await talked(played)
    for kind in KINDS:
        await played.do("trouble", kind=kind)
    await played.do("slow", on="true")
    path = f"/simulator/phones/{played.phone.id}/desk"
    assert "第 4 次" in (await played.http.get(path)).text
    await played.do("calm")
    assert "已安排" not in (await played.http.get(path)).text
    await reply(played, "一切正常")
    await played.stands("已发送")


async def test_only_what_the_platform_can_do_wrong_is_planned(played: Played) -> None:
    for kind, code in (("code", next(iter(CODES["qq"]))), ("code", 1), ("smoke", 0)):
        answer = await played.post(f"/phones/{played.phone.id}/trouble", kind=kind, code=str(code))
        assert (answer.status_code, answer.json()["error"]) == (404, "平台不会出这样的错"), kind


async def test_an_open_page_hears_of_a_state_that_changes_by_itself(played: Played) -> None:
    await talked(played)
    async with played.http.stream("GET", "/simulator/events") as stream:
        lines = stream.aiter_lines()
        assert await anext(lines) == "event: ping"
        await until(lambda: played.simulator.changes.watched)
        await played.do("trouble", kind="code", code="45002")
        await reply(played, "太长了")
        async for line in lines:
            if '"kind": "phone"' in line:
                break
