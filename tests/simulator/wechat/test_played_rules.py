"""The played platform refuses what the platform refuses, with its codes and for its causes."""

import json
from datetime import timedelta
from typing import Any

import pytest

from app.channels.delivery import Rate
from app.channels.wechat.meanings import WORDS, meaning
from app.simulator.trouble import ANY, Kind, Trouble
from app.simulator.wechat.accounts import Kind as AccountKind
from app.simulator.wechat.files import File
from tests.fakes.played_wechat import VIEWER, Standing

TEXT = {"touser": VIEWER, "msgtype": "text", "text": {"content": "您好"}}
NOTICE = {"touser": VIEWER, "template_id": "tmpl_1", "data": {"thing1": {"value": "退款"}}}


async def post(stands: Standing, api: str, body: object = None, *, raw: bytes | None = None) -> dict[str, Any]:
    content = json.dumps(body, ensure_ascii=False).encode() if raw is None else raw
    answer = await stands.http.post(
        f"{stands.url}/cgi-bin/{api}", params={"access_token": stands.line.token}, content=content
    )
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


async def code(stands: Standing, api: str, body: object = None, *, raw: bytes | None = None) -> int:
    return int((await post(stands, api, body, raw=raw)).get("errcode", 0))


async def send(stands: Standing, raw: bytes | None = None, **changes: object) -> int:
    return await code(stands, "message/custom/send", TEXT | changes, raw=raw)


async def test_bodies_that_are_no_message(stands: Standing) -> None:
    assert await send(stands, b"") == 44002
    assert await send(stands, b"<xml/>") == 47001
    assert await send(stands, b"[1]") == 47001
    assert await send(stands, json.dumps(TEXT).encode()) == 40033
    assert await send(stands, text={"content": r"写作 \u4f60"}) == 0
    assert stands.viewer.texts == [r"写作 \u4f60"]


async def test_messages_that_are_refused(stands: Standing) -> None:
    stands.account.agents = frozenset({"zhou@gh"})
    file = stands.account.files.put(File("voice", "x", "x/y", b"x", stands.platform.clock.now(), False))
    article = {"title": "x", "url": "https://example.com"}
    assert await send(stands, touser=["x"]) == 40003
    assert await send(stands, msgtype="hologram") == 40008
    assert await send(stands, text="不是对象") == 44004
    assert await send(stands, text={"content": "长" * 683}) == 45002
    assert await send(stands, msgtype="news", news={"articles": [article, article]}) == 45008
    assert await send(stands, msgtype="news", news={}) == 44004
    assert await send(stands, msgtype="image", image={"media_id": file}) == 40007
    assert await send(stands, msgtype="msgmenu", msgmenu={"list": [{"id": "1"}]}) == 44004
    assert await send(stands, msgtype="miniprogrampage", miniprogrampage={"title": "x"}) == 45064
    assert await send(stands, customservice={"kf_account": "nobody@gh"}) == 65401
    assert await send(stands, customservice={"kf_account": "zhou@gh"}) == 0
    assert len(stands.viewer.phone) == 1


async def test_five_in_two_days_and_three_in_a_minute(stands: Standing) -> None:
    assert [await send(stands) for _ in range(6)] == [0, 0, 0, 0, 0, 45047]
    stands.viewer.note("message", stands.platform.clock.now())
    stands.platform.clock.advance(timedelta(hours=48))
    await stands.renew()
    assert await send(stands) == 45015
    stands.viewer.note("menu", stands.platform.clock.now())
    assert [await send(stands) for _ in range(4)] == [0, 0, 0, 45047]
    stands.platform.clock.advance(timedelta(minutes=1))
    assert await send(stands) == 45015


async def test_a_refusal_costs_nothing(stands: Standing) -> None:
    assert [await send(stands, msgtype="hologram") for _ in range(6)] == [40008] * 6
    assert [await send(stands) for _ in range(5)] == [0] * 5


async def test_typing(stands: Standing) -> None:
    async def typing(command: str = "Typing") -> int:
        return await code(stands, "message/custom/typing", {"touser": VIEWER, "command": command})

    assert [await typing(), await typing(), await typing("CancelTyping"), await typing()] == [0, 45081, 0, 0]
    assert await typing("Dancing") == 45072
    stands.platform.clock.advance(timedelta(seconds=31))
    assert await typing() == 45080


async def test_notices(stands: Standing) -> None:
    async def notice(**changes: object) -> int:
        return await code(stands, "message/template/send", NOTICE | changes)

    stands.account.templates = {"tmpl_1": ("thing1",)}
    assert await notice(template_id="tmpl_9") == 40037
    assert await notice(data={}) == 47003
    assert await notice(data={"thing1": {"value": "长" * 21}}) == 47003
    assert await notice(data={"thing1": {"value": "长" * 20}}) == 0
    stands.viewer.leave()
    assert await notice() == 43004
    stands.account.kind = AccountKind.subscription
    assert await notice() == 48001


async def test_a_notice_s_key_is_known_for_ten_minutes(stands: Standing) -> None:
    async def message_id() -> int:
        return int((await post(stands, "message/template/send", NOTICE | {"client_msg_id": "m-1"}))["msgid"])

    first = await message_id()
    stands.platform.clock.advance(timedelta(minutes=9))
    assert await message_id() == first
    stands.platform.clock.advance(timedelta(minutes=1))
    assert await message_id() != first
    assert len(stands.viewer.phone) == 2


async def upload(stands: Standing, kind: str, name: str | None = "x.png", content: bytes = b"x") -> int:
    part = {"media": (name, content)} if name else {"other": ("x.png", content)}
    query = {"access_token": stands.line.token, "type": kind}
    answer = await stands.http.post(f"{stands.url}/cgi-bin/media/upload", params=query, files=part)
    return int(answer.json().get("errcode", 0))


async def test_files_that_are_refused(stands: Standing) -> None:
    assert await upload(stands, "hologram") == 40004
    assert await upload(stands, "image", name=None) == 41005
    assert await upload(stands, "image", "x.webp") == 40005
    assert await upload(stands, "image", content=b"") == 40006
    assert await upload(stands, "image", content=bytes(10 * 1024 * 1024 + 1)) == 40009
    assert await upload(stands, "voice", "x.amr", bytes(2 * 1024 * 1024 + 1)) == 45001
    assert await upload(stands, "image", "x.JPEG") == 0


async def test_a_stranger_may_not_send_much(stands: Standing) -> None:
    answer = await stands.http.post(f"{stands.url}/cgi-bin/media/upload?type=image", content=bytes(70_000))
    assert answer.status_code == 413


async def test_methods_and_paths(stands: Standing) -> None:
    token = {"access_token": stands.line.token}
    assert (await stands.http.get(f"{stands.url}/cgi-bin/menu/create", params=token)).json()["errcode"] == 43002
    assert await code(stands, "user/info", {}) == 43001
    assert (await stands.http.get(f"{stands.url}/cgi-bin/nothing", params=token)).status_code == 404
    assert (await stands.http.get(f"{stands.url}/played/file?app=x&id=y")).status_code == 404


async def test_minutes_and_days_are_counted(stands: Standing) -> None:
    stands.account.quotas.rates["custom/send"] = Rate(per_minute=2, per_day=3)
    assert [await send(stands) for _ in range(3)] == [0, 0, 45011]
    stands.platform.clock.advance(timedelta(minutes=1))
    assert [await send(stands) for _ in range(2)] == [0, 45009]
    stands.platform.clock.advance(timedelta(days=1))
    await stands.renew()
    assert await send(stands) == 0


# -------------------- what goes wrong on demand


@pytest.mark.parametrize("errcode", sorted(set(WORDS) - {0}))
async def test_every_code_can_be_had(stands: Standing, errcode: int) -> None:
    stands.platform.troubles.plan("custom/send", Trouble(Kind.code, errcode))
    assert await send(stands) == errcode
    assert await send(stands) == 0
    assert meaning(errcode) != meaning(1)
    assert [(each.code, each.accepted) for each in stands.platform.log][1:] == [(errcode, False), (0, True)]


async def test_the_log_tells_what_was_taken_and_what_was_answered(stands: Standing) -> None:
    kinds = [None, Trouble(Kind.code, -1), Trouble(Kind.status, 502), Trouble(Kind.status_taken, 504)]
    stands.platform.troubles.plan("template/send", *kinds)
    for number in range(4):
        await stands.http.post(
            f"{stands.url}/cgi-bin/message/template/send",
            params={"access_token": stands.line.token},
            json=NOTICE | {"client_msg_id": f"m-{number}", "data": {"thing1": {"value": "x"}}},
        )
    seen = [(each.api, each.openid, each.key, each.accepted, each.answered) for each in stands.platform.log][1:]
    assert seen == [
        ("template/send", VIEWER, "m-0", True, True),
        ("template/send", VIEWER, "m-1", False, True),
        ("template/send", VIEWER, "m-2", False, False),
        ("template/send", VIEWER, "m-3", True, False),
    ]
    assert [arrival.key for arrival in stands.viewer.phone] == ["m-0", "m-3"]


async def test_a_share_of_all_calls_may_fail(stands: Standing) -> None:
    stands.platform.troubles.shares[ANY] = {Trouble(Kind.code, -1): 0.5}
    codes = [await send(stands, msgtype="hologram") for _ in range(40)]
    assert set(codes) == {-1, 40008}


async def test_strangers_are_welcome_where_nobody_tells_of_them(stands: Standing) -> None:
    assert await send(stands, touser="oStranger") == 40003
    stands.account.welcoming = True
    assert [await send(stands, touser="oStranger") for _ in range(6)] == [0, 0, 0, 0, 0, 45047]
    assert stands.account.contacts["oStranger"].texts == ["您好"] * 5
