"""What became of a call is pushed to the webhook, signed and sealed, and our codec reads it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from app.channels import outbound
from app.channels.base import Inbound, Request
from app.channels.content import ArticlePublished, Content, MassSendReported, NoticeReported
from app.channels.delivery import Delivery
from app.channels.wechat import mass
from app.channels.wechat.account import Account, Mode
from app.channels.wechat.platform import WeChat
from app.simulator.wechat import pushing
from app.simulator.wechat.apis.articles import finish
from tests.fakes.played_wechat import APP_ID, SECRET, TOKEN, VIEWER, Standing, serving

wechat = WeChat()
KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
NOTICE = outbound.Notice("tmpl_0001", {"thing1": "退款"})
SUBSCRIBED = outbound.Notice("tmpl_0002", {"thing1": "第 9 集"}, subscribed=True)


@dataclass
class Webhook:
    """Ours, as far as it understands pushes; answers with the ``statuses`` first."""

    account: Account
    statuses: list[int] = field(default_factory=list)
    heard: list[Content] = field(default_factory=list)
    called: asyncio.Event = field(default_factory=asyncio.Event)

    async def hear(self, request: HttpRequest) -> Response:
        status = self.statuses.pop(0) if self.statuses else 200
        if status == 200:
            push = Request(dict(request.query_params), await request.body())
            inbound = wechat.parse(self.account, push, datetime.now(UTC))
            assert isinstance(inbound, Inbound)
            self.heard.append(inbound.content)
            self.called.set()
        return Response("success", status)


@asynccontextmanager
async def listening(stands: Standing, mode: Mode = Mode.plain) -> AsyncIterator[Webhook]:
    account = Account(APP_ID, TOKEN, () if mode is Mode.plain else (KEY,), mode, app_secret=SECRET)
    webhook = Webhook(account)
    async with serving(Starlette(routes=[Route("/wx", webhook.hear, methods=["POST"])])) as url:
        stands.account.pushed, stands.account.webhook = account, f"{url}/wx"
        yield webhook


async def send(stands: Standing, notice: outbound.Notice, key: str = "m-1") -> str | None:
    return (await wechat.send(stands.line, stands.account.pushed, Delivery(VIEWER, notice, key))).platform_id


@pytest.mark.parametrize("mode", [Mode.plain, Mode.safe])
async def test_a_notice_is_reported_by_its_id(stands: Standing, mode: Mode) -> None:
    stands.viewer.accepted["tmpl_0002"] = 1
    async with listening(stands, mode) as webhook:
        arrived, subscribed = await send(stands, NOTICE), await send(stands, SUBSCRIBED)
        stands.viewer.blocks_notices = True
        blocked = await send(stands, NOTICE, "m-2")
        assert await pushing.push_due(stands.account, stands.platform.clock) == [200] * 3
    reports = [content for content in webhook.heard if isinstance(content, NoticeReported)]
    assert [(report.message_id, report.delivered) for report in reports] == [
        (arrived, True),
        (subscribed, True),
        (blocked, False),
    ]


async def test_a_mass_send_and_a_publication_are_reported(stands: Standing) -> None:
    stands.account.publications["2247500001"] = {"publish_id": "2247500001", "of": [{}]}
    stands.account.automatic = True
    async with listening(stands) as webhook:
        job = await mass.send_to_tag(stands.line, content=mass.text("开播了"), key="m-1")
        await asyncio.wait_for(webhook.called.wait(), 10)
        finish(stands.account, "2247500001", stands.platform.clock.now(), "https://example.com")
        await pushing.push_due(stands.account, stands.platform.clock)
    assert webhook.heard == [
        MassSendReported(job.id, "send success", 1, 1, 1, 0),
        ArticlePublished("2247500001", "0", "ARTICLE_2247500001"),
    ]


async def test_a_push_that_is_not_taken_is_repeated_twice(stands: Standing) -> None:
    async with listening(stands) as webhook:
        await send(stands, NOTICE)
        await send(stands, NOTICE, "m-2")
        webhook.statuses = [500, 500, 200, 500, 500, 500]
        assert await pushing.push_due(stands.account, stands.platform.clock) == [200, 500]
    assert len(webhook.heard) == 1


async def test_without_a_webhook_they_are_kept(stands: Standing) -> None:
    await send(stands, NOTICE)
    assert await pushing.push_due(stands.account, stands.platform.clock) == []
    stands.account.webhook = "http://127.0.0.1:1/"
    assert await pushing.push_due(stands.account, stands.platform.clock) == [None]
