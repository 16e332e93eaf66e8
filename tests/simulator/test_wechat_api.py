"""The played platform refuses what the platform refuses."""

import json
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.conversations.models import InboundEvent
from app.simulator.addresses import WECHAT_API
from app.simulator.exchanges import CallExchange
from app.simulator.richtext import parts
from app.simulator.trouble import Kind, Trouble
from tests.faults.waiting import eventually
from tests.simulator.conftest import Played

SECRET = {"grant_type": "client_credential", "appid": "wxdemo0000000000", "secret": "demosecret"}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


async def token(played: Played, **changes: str) -> dict[str, Any]:
    answer = await played.http.post(f"{WECHAT_API}/cgi-bin/stable_token", json=SECRET | changes)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


async def send(played: Played, access_token: str | None = None, raw: bytes | None = None, **changes: Any) -> int:
    """The errcode; without ``raw`` for a good message to the first phone with ``changes``."""
    message = {"touser": played.phone.chat.openid, "msgtype": "text", "text": {"content": "您好"}} | changes
    body = json.dumps(message, ensure_ascii=False).encode() if raw is None else raw
    given = (await token(played))["access_token"] if access_token is None else access_token
    url = f"{WECHAT_API}/cgi-bin/message/custom/send"
    answer = await played.http.post(url, params={"access_token": given}, content=body)
    assert answer.status_code == 200
    return int(answer.json()["errcode"])


async def test_the_same_token_until_its_last_minutes(played: Played) -> None:
    first = await token(played)
    assert await token(played) == first | {"expires_in": (await token(played))["expires_in"]}
    assert 7100 < first["expires_in"] <= 7200


async def test_a_wrong_request_for_a_token(played: Played) -> None:
    assert (await token(played, appid="wxother"))["errcode"] == 40013
    assert (await token(played, secret="guess"))["errcode"] == 40125
    assert (await token(played, secret="é"))["errcode"] == 40125
    assert (await token(played, grant_type="x"))["errcode"] == 40002


async def test_credentials_are_checked_first(played: Played) -> None:
    assert await send(played, access_token="") == 41001
    assert await send(played, access_token="guess") == 40001
    stale = (await token(played))["access_token"]
    played.simulator.wechat.expire_tokens()
    assert await send(played, access_token=stale) == 42001
    assert (await token(played))["access_token"] != stale


async def test_a_message_needs_an_open_window(played: Played) -> None:
    assert await send(played) == 45015
    chat = await played.do("text", text="在吗")
    assert [await send(played) for _ in range(6)] == [0, 0, 0, 0, 0, 45047]
    assert [bubble.text for bubble in chat.bubbles][-5:] == ["您好"] * 5
    await played.do("unfollow")
    assert await send(played) == 43004


async def test_a_wrong_message(played: Played) -> None:
    await played.do("text", text="在吗")
    assert await send(played, touser="oNobody") == 40003
    assert await send(played, msgtype="hologram") == 40008
    assert await send(played, text={"content": " "}) == 44004
    assert await send(played, text="在吗") == 44004
    assert await send(played, text={"content": "长" * 683}) == 45002
    assert await send(played, text={"content": "长" * 682}) == 0


async def test_bodies_that_are_no_message(played: Played) -> None:
    assert await send(played, raw=b"") == 44002
    assert await send(played, raw=b"<xml/>") == 47001
    escaped = json.dumps({"touser": played.phone.chat.openid, "msgtype": "text", "text": {"content": "你"}}).encode()
    assert await send(played, raw=escaped) == 40033


async def test_an_account_without_that_right(played: Played) -> None:
    await played.do("settings", channel="demo-sub")
    given = (await token(played, appid="wxdemosub0000000"))["access_token"]
    assert await send(played, access_token=given) == 48001


async def test_an_openid_of_another_account_is_unknown(played: Played) -> None:
    openid = played.phone.chat.openid
    await played.do("settings", channel="demo-safe")
    given = (await token(played, appid="wxdemosafe000000"))["access_token"]
    assert await send(played, access_token=given, touser=openid) == 40003


# -------------------- what stands on the phone and on its wire


MENU = {"head_content": "有用吗？", "list": [{"id": "a:1", "content": "有用"}], "tail_content": ""}
NEWS = {"articles": [{"title": "开播啦", "description": "八点", "url": "https://example.com", "picurl": ""}]}


async def call(played: Played, path: str, body: dict[str, Any]) -> int:
    query = {"access_token": (await token(played))["access_token"]}
    content = json.dumps(body, ensure_ascii=False).encode()
    return int(
        (await played.http.post(f"{WECHAT_API}/cgi-bin/{path}", params=query, content=content)).json()["errcode"]
    )


async def test_a_menu_and_an_article_can_be_tapped(played: Played) -> None:
    chat = await played.do("text", text="在吗")
    assert await send(played, msgtype="msgmenu", msgmenu=MENU) == 0
    assert await send(played, msgtype="news", news=NEWS) == 0
    menu, news = [parts(bubble.text) for bubble in chat.bubbles][-2:]
    assert [(part.tap, part.menu_id) for part in menu if part.tap] == [("有用", "a:1")]
    assert [(part.text, part.address) for part in news if part.address] == [("开播啦", "https://example.com")]


async def test_a_notice_arrives_without_a_window(played: Played) -> None:
    chat = played.phone.chat
    notice = {"touser": chat.openid, "template_id": "t", "data": {"thing1": {"value": "退款已到账"}}}
    assert await call(played, "message/template/send", notice) == 0
    assert [bubble.text for bubble in chat.bubbles] == ["thing1：退款已到账"]
    assert "已经送达观众的手机" in await played.wire()

    async def is_reported() -> bool:
        return await played.db.read(has_report)

    await eventually("the service hears that the notice arrived", is_reported)


def has_report(session: Session) -> bool:
    keys = session.scalars(select(InboundEvent.dedupe_key))
    return any("templatesendjobfinish" in key for key in keys)


async def test_a_mass_send_reaches_every_phone_of_the_account(played: Played) -> None:
    await played.post("/phones")
    first, second = played.simulator.stage
    assert first.chat.face == second.chat.face
    body = {"filter": {"is_to_all": True}, "msgtype": "text", "text": {"content": "今晚开播"}}
    assert await call(played, "message/mass/sendall", body) == 0
    assert [[bubble.text for bubble in phone.chat.bubbles] for phone in (first, second)] == [["今晚开播"]] * 2


async def test_a_refusal_stands_on_the_wire_with_its_meaning(played: Played) -> None:
    chat = await played.do("text", text="在吗")
    played.simulator.wechat.troubles.plan("custom/send", Trouble(Kind.code, 43019))
    assert await send(played, msgtype="image", image={"media_id": "x"}) == 43019
    assert await send(played, msgtype="image", image={"media_id": "x"}) == 40007
    exchanges = [exchange for exchange in chat.exchanges if isinstance(exchange, CallExchange)]
    assert [exchange.title for exchange in exchanges] == ["[图片]"] * 2
    wire = await played.wire()
    assert "没有这个文件，或者已经过了 3 天" in wire
    assert "access_token=…" in wire


async def test_what_concerns_no_viewer_stands_on_no_wire(played: Played) -> None:
    await call(played, "message/mass/speed/get", {})
    assert not played.phone.chat.exchanges
