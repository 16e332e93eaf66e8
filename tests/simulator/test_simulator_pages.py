"""The simulator's doors: who may come in, what is refused in which words, what the pages hear."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from app.main import create_app
from app.settings import Settings
from app.simulator.scenarios import SCENARIOS
from app.simulator.stage import PHONES
from tests.demo_knowledge import brain_of
from tests.simulator.conftest import Played


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
async def production(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    own = settings.model_copy(update={"mode": "production"})
    app = create_app(own, brain=brain_of(own))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            yield client


async def test_outside_demo_mode_there_is_no_simulator(production: httpx.AsyncClient) -> None:
    for path in ("", "/events", "/roster", "/phones/p1/wire", "/pictures/receipt.svg", "/outbox", "/qq/left/x"):
        assert (await production.get(f"/simulator{path}")).status_code == 404
    for path in ("/wechat/cgi-bin/stable_token", "/qq/app/getAppAccessToken", "/outbox/drop", "/phones/p1/desk/reply"):
        assert (await production.post(f"/simulator{path}")).status_code == 404


async def test_who_signs_in_is_shown_the_way_to_it(played: Played) -> None:
    answer = await played.http.get("/signin", headers={"accept": "text/html"})
    assert answer.status_code == 503 or 'href="/simulator"' in answer.text  # the page's assets may not be built


FOREIGN = [
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"host": "evil.example"},
]


async def test_other_websites_cannot_act(played: Played) -> None:
    for headers in FOREIGN:
        answer = await played.http.post("/simulator/phones/p1/text", data={"text": "在吗"}, headers=headers)
        assert (answer.status_code, answer.json()) == (403, {"error": "这个操作只能从服务自己的页面发起"}), headers
    assert not played.phone.chat.bubbles


async def test_a_name_that_merely_resolves_to_this_machine_reads_nothing(played: Played) -> None:
    assert (await played.http.get("/simulator/roster", headers={"host": "evil.example"})).status_code == 403
    assert (await played.http.get("/simulator/roster", headers={"host": "localhost"})).status_code == 200


WRONG: list[tuple[str, dict[str, str], int, str]] = [
    ("/phones/p1/text", {}, 422, "消息没有填"),
    ("/phones/p1/text", {"text": " \n"}, 422, "消息是空的"),
    ("/phones/p1/text", {"text": "长" * 6001}, 422, "消息太长了"),
    ("/phones/p1/text", {"text": "长" * 20000}, 413, "内容太长了，请分几次发"),
    ("/phones/p1/recall", {"bubble": "x"}, 422, "消息填得不对"),
    ("/phones/p1/settings", {"network": "smoke"}, 422, "网络填得不对"),
    ("/phones/p1/settings", {"channel": "main"}, 404, "没有这个账号"),
    ("/phones/p1/send/image", {"name": "../../secret"}, 404, "没有准备这样的内容"),
    ("/phones/p1/menu", {"name": "nothing"}, 404, "菜单里没有这一项"),
    ("/phones/p99/text", {"text": "在吗"}, 404, "这部手机已经收起来了，请刷新页面"),
    ("/scenarios/none/play", {}, 404, "没有这个剧本"),
]


async def test_wrong_forms_are_refused_in_words(played: Played) -> None:
    for path, fields, status, sentence in WRONG:
        answer = await played.post(path, **fields)
        assert (answer.status_code, answer.json()["error"]) == (status, sentence), path


async def test_phones_come_and_go_within_bounds(played: Played) -> None:
    for _ in range(PHONES - 1):
        assert (await played.post("/phones")).status_code == 204
    refused = await played.post("/phones")
    assert (refused.status_code, refused.json()["error"]) == (409, f"最多同时有 {PHONES} 部手机，请先收起一部")
    ids = (await played.http.get("/simulator/roster")).json()
    assert len(ids) == len(set(ids)) == PHONES
    await played.post(f"/phones/{ids[0]}/remove")
    assert (await played.http.get("/simulator/roster")).json() == ids[1:]
    await played.post("/reset")
    assert len((await played.http.get("/simulator/roster")).json()) == 1


async def test_the_stream_names_what_changed(played: Played) -> None:
    async with asyncio.timeout(5), played.http.stream("GET", "/simulator/events") as stream:
        lines = stream.aiter_lines()
        assert await anext(lines) == "event: ping"
        await played.post("/phones/p1/settings", network="lost")
        heard = [line async for line in _until_data(lines)]
    assert json.loads(heard[-1].removeprefix("data: ")) == {"kind": "phone", "id": "p1"}


async def _until_data(lines: AsyncIterator[str]) -> AsyncIterator[str]:
    async for line in lines:
        yield line
        if line.startswith("data: {"):
            return


async def test_texts_are_shown_as_text(played: Played) -> None:
    nasty = "<script>alert(1)</script>'\" & </pre>"
    await played.do("text", text=nasty)
    for fragment in ("screen", "wire"):
        shown = (await played.http.get(f"/simulator/phones/p1/{fragment}")).text
        assert "<script>" not in shown
        assert "&lt;script&gt;" in shown


async def test_an_exchange_has_an_address_of_its_own(played: Played) -> None:
    chat = await played.do("text", text="会员怎么退款")
    first = chat.exchanges[0].number
    await played.do("text", text="我要投诉")
    newest, pinned = await played.wire(), await played.wire(exchange=first)
    assert "记入工单" in newest
    assert "记入工单" not in pinned
    assert "membership.refund" in pinned
    assert "回到最新的一条" in pinned


async def test_every_scenario_can_be_looked_at_by_its_address(played: Played) -> None:
    for name in SCENARIOS:
        shown = (await played.http.get(f"/simulator/scenarios?scenario={name}")).text
        assert f'chosen" id="scene-{name}"' in shown
