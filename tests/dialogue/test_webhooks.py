"""The door: a whole service, real HTTP requests as a platform sends them, both engines."""

from collections.abc import AsyncIterator, Mapping
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from app.conversations.models import InboundEvent
from app.settings import Settings
from tests.demo_knowledge import brain_of
from tests.factories.webhook import add_channel, client, serving, signed, text_of
from tests.factories.webhook import text as push

REFUND = "会员可以退款吗？"


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    async with serving(settings, brain_of(settings)) as application:
        yield application


@pytest.fixture
async def http(app: FastAPI, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    await add_channel(app, settings, "test")
    async with client(app) as http:
        yield http


async def send(http: httpx.AsyncClient, body: bytes, query: Mapping[str, str] | None = None) -> httpx.Response:
    return await http.post("/webhooks/wechat/test", params=query or signed(), content=body)


async def test_the_platform_verifies_the_address(http: httpx.AsyncClient) -> None:
    response = await http.get("/webhooks/wechat/test", params=signed() | {"echostr": "4375120948345356249"})
    assert (response.status_code, response.text) == (200, "4375120948345356249")
    refused = await http.get("/webhooks/wechat/test", params=signed() | {"echostr": "1", "signature": "0" * 40})
    assert refused.status_code == 403


async def test_a_question_is_answered_in_the_response(http: httpx.AsyncClient) -> None:
    response = await send(http, push(REFUND))
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("application/xml")
    assert "退" in text_of(response)
    root = ElementTree.fromstring(response.content)
    assert (root.findtext("ToUserName"), root.findtext("FromUserName")) == ("viewer", "gh_test")


async def test_a_repeat_is_answered_the_same(http: httpx.AsyncClient) -> None:
    body = push(REFUND, msg_id=7)
    assert text_of(await send(http, body)) == text_of(await send(http, body))


@pytest.mark.parametrize(
    ("query", "body", "status"),
    [
        ({"signature": "0" * 40}, b"<xml/>", 403),
        ({"timestamp": "1"}, b"<xml/>", 403),
        ({}, b"x" * (64 * 1024 + 1), 413),
    ],
)
async def test_the_door_is_closed_to(http: httpx.AsyncClient, query: dict[str, str], body: bytes, status: int) -> None:
    given = signed(**query) if "signature" not in query else signed() | query
    assert (await send(http, body, given)).status_code == status


@pytest.mark.parametrize(
    "body", [b"", b"not xml", b'<!DOCTYPE x [<!ENTITY a "b">]><xml>&a;</xml>', b"<xml></xml>", b"\xff"]
)
async def test_signed_garbage_is_acknowledged(http: httpx.AsyncClient, body: bytes) -> None:
    response = await send(http, body)
    assert (response.status_code, response.text) == (200, "success")


async def test_parameters_may_be_escaped(http: httpx.AsyncClient) -> None:
    query = "&".join(f"%{ord(name[0]):02x}{name[1:]}={value}+" for name, value in signed(nonce="a b ").items())
    plus = query.removesuffix("+").replace("+&", "&").replace("a b ", "a+b+")
    response = await http.post(f"/webhooks/wechat/test?{plus}", content=push(REFUND))
    assert "退" in text_of(response)


@pytest.mark.parametrize("query", ["", "&&=&", "a=1&" * 2000, "%61=1&" * 2000, "signature=%ff&timestamp=+&nonce"])
async def test_odd_queries_are_refused(http: httpx.AsyncClient, query: str) -> None:
    response = await http.post(f"/webhooks/wechat/test?{query}", content=push(REFUND))
    assert response.status_code == 403


async def test_a_body_that_breaks_off_is_not_kept(app: FastAPI, http: httpx.AsyncClient) -> None:
    parts = [{"type": "http.request", "body": push(REFUND)[:50], "more_body": True}, {"type": "http.disconnect"}]
    sent: list[Any] = []

    async def receive() -> Any:
        return parts.pop(0)

    async def send_on(message: Any) -> None:
        sent.append(message)

    query = "&".join(f"{name}={value}" for name, value in signed().items()).encode()
    scope = {"type": "http", "path": "/webhooks/wechat/test", "method": "POST", "query_string": query}
    await app(scope, receive, send_on)
    assert sent[0]["status"] == 400
    stored = await app.state.service.db.read(lambda s: s.scalar(select(func.count()).select_from(InboundEvent)))
    assert stored == 0


async def test_strangers_find_nothing(http: httpx.AsyncClient) -> None:
    assert (await http.post("/webhooks/wechat/other", params=signed(), content=push(REFUND))).status_code == 404
    assert (await http.post("/webhooks/nowhere/test", params=signed(), content=push(REFUND))).status_code == 404
    assert (await http.put("/webhooks/wechat/test", params=signed(), content=push(REFUND))).status_code == 405


async def test_a_channel_added_beside_the_running_service_is_served(
    app: FastAPI, http: httpx.AsyncClient, settings: Settings
) -> None:
    await add_channel(app, settings, "second")
    response = await http.post("/webhooks/wechat/second", params=signed(), content=push(REFUND))
    assert "退" in text_of(response)


async def test_where_nothing_can_be_stored_the_platform_is_asked_to_repeat(
    app: FastAPI, http: httpx.AsyncClient
) -> None:
    await app.state.service.db.write(
        lambda session: session.connection().exec_driver_sql("ALTER TABLE inbound_events RENAME TO gone") and None
    )
    assert (await send(http, push(REFUND))).status_code == 503


async def test_health(app: FastAPI, http: httpx.AsyncClient) -> None:
    assert (await http.get("/healthz")).text == "ok"
    ready = await http.get("/readyz")
    served = app.state.service.ingest.rules.brain
    assert (ready.status_code, ready.json()) == (200, {"database": True, "schema": True, "knowledge": {
        "version": served.knowledge.version, "index_version": served.index.version,
        "loaded_at": app.state.service.keeper.loaded_at.isoformat(timespec="seconds"), "problems": [],
    }})  # fmt: skip
    await send(http, push(REFUND))
    shown = (await http.get("/metrics")).text
    assert 'viewerdesk_turns_total{outcome="answered"}' in shown
    assert "viewerdesk_backlog 0.0" in shown
    await app.state.service.db.write(lambda s: s.connection().exec_driver_sql("DROP TABLE alembic_version") and None)
    assert (await http.get("/readyz")).status_code == 503
