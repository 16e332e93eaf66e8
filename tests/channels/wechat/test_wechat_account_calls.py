"""The account's menu, its followers and their tags, and what the platform tells of our use of it."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.channels.delivery import DeliveryError, Line, Outcome
from app.channels.wechat import account_menu, articles, diagnosis, followers, mass
from app.channels.wechat.account_menu import Button
from app.channels.wechat.followers import Follower, Tag
from app.simulator.wechat.apis import people
from tests.fakes.played_wechat import APP_ID, VIEWER, Standing, serving

MENU = (
    Button(
        "看剧帮助", buttons=(Button("播放卡顿", key="playback.buffering"), Button("片单", url="https://example.com"))
    ),
    Button("签到", key="daily_check_in"),
    Button("小程序", url="https://example.com/old", mini_program=("wxmini", "pages/i")),
)


async def failure(call: Awaitable[object]) -> DeliveryError:
    with pytest.raises(DeliveryError) as failed:
        await call
    return failed.value


# -------------------- the menu


async def test_the_menu_is_as_it_was_made(stands: Standing) -> None:
    assert await account_menu.get_menu(stands.line) == ()
    await account_menu.create_menu(stands.line, buttons=MENU)
    assert await account_menu.get_menu(stands.line) == MENU
    await account_menu.delete_menu(stands.line)
    assert await account_menu.get_menu(stands.line) == ()


@pytest.mark.parametrize(
    ("buttons", "code"),
    [
        ((), "40016"),
        (MENU * 2, "40016"),
        ((Button("太长的名字超过十六个字节了", key="k"),), "40018"),
        ((Button("没有键"),), "40017"),
        ((Button("太多", buttons=(Button("一", key="k"),) * 6),), "40016"),
    ],
)
async def test_a_menu_that_is_refused(stands: Standing, buttons: tuple[Button, ...], code: str) -> None:
    error = await failure(account_menu.create_menu(stands.line, buttons=buttons))
    assert (error.code, error.outcome) == (code, Outcome.permanent)


# -------------------- followers and tags


async def test_who_a_follower_is(stands: Standing) -> None:
    since = datetime(2026, 3, 1, 4, tzinfo=UTC)
    stands.account.add("oKnown", union_id="uKnown", followed_at=since, tags={101}, remark="老陈")
    known = await followers.get_follower(stands.line, openid="oKnown")
    assert known == Follower("oKnown", True, "uKnown", since, "ADD_SCENE_SEARCH", (101,), "老陈")
    stands.account.contacts["oKnown"].leave()
    assert await followers.get_follower(stands.line, openid="oKnown") == Follower("oKnown", False, "uKnown")
    assert (await failure(followers.get_follower(stands.line, openid="oNobody"))).code == "40003"


async def test_all_followers_page_by_page(stands: Standing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "PAGE", 2)
    for number in range(4):
        stands.account.add(f"o{number}")
    stands.account.contacts["o1"].leave()
    assert [openid async for openid in followers.every_openid(stands.line)] == [VIEWER, "o0", "o2", "o3"]
    assert (await followers.list_openids(stands.line)).total == 4


async def test_tags(stands: Standing) -> None:
    tag = await followers.create_tag(stands.line, name="追剧")
    assert (await failure(followers.create_tag(stands.line, name="追剧"))).code == "45157"
    await followers.tag(stands.line, tag_id=tag.id, openids=[VIEWER])
    assert await followers.list_tags(stands.line) == (Tag(tag.id, "追剧", 1),)
    assert (await followers.list_tagged(stands.line, tag_id=tag.id)).openids == (VIEWER,)
    await followers.untag(stands.line, tag_id=tag.id, openids=[VIEWER])
    assert (await followers.list_tagged(stands.line, tag_id=tag.id)).openids == ()
    assert (await failure(followers.tag(stands.line, tag_id=999, openids=[VIEWER]))).code == "45159"
    assert (await failure(followers.tag(stands.line, tag_id=tag.id, openids=["oNobody"]))).code == "49003"
    with pytest.raises(ValueError, match="51 openids"):
        await followers.tag(stands.line, tag_id=tag.id, openids=[VIEWER] * 51)


# -------------------- diagnosis


async def test_quotas_are_read_and_cleared(stands: Standing) -> None:
    await followers.get_follower(stands.line, openid=VIEWER)
    quota = await diagnosis.get_quota(stands.line, path="/cgi-bin/user/info")
    assert quota == (5_000_000, 1, 4_999_999)
    await diagnosis.clear_quota(stands.line, app_id=APP_ID)
    assert (await diagnosis.get_quota(stands.line, path="/cgi-bin/user/info")).used == 0
    for _ in range(9):
        await diagnosis.clear_quota(stands.line, app_id=APP_ID)
    assert (await failure(diagnosis.clear_quota(stands.line, app_id=APP_ID))).code == "48006"
    assert (await failure(diagnosis.get_quota(stands.line, path="user/info"))).code == "76021"


async def test_a_failed_request_is_looked_up_by_its_rid(stands: Standing) -> None:
    error = await failure(followers.get_follower(stands.line, openid="oNobody"))
    found = await diagnosis.get_failed_request(stands.line, rid=error.detail.rpartition("rid: ")[2])
    assert (found.url, found.client_ip) == ("/cgi-bin/user/info", "127.0.0.1")
    assert "40003" in found.response
    assert (await failure(diagnosis.get_failed_request(stands.line, rid="1-2-3"))).code == "76001"


async def test_the_platform_tells_its_addresses(stands: Standing) -> None:
    assert await diagnosis.list_api_addresses(stands.line) == ("203.0.113.1", "198.51.100.0/24")
    assert await diagnosis.list_push_addresses(stands.line) == ("203.0.113.1", "198.51.100.0/24")


# -------------------- answers of something else

LOOK_UPS: list[Callable[[Line], Awaitable[object]]] = [
    account_menu.get_menu,
    followers.list_tags,
    followers.list_openids,
    lambda line: followers.get_follower(line, openid=VIEWER),
    lambda line: followers.create_tag(line, name="追剧"),
    diagnosis.list_api_addresses,
    lambda line: diagnosis.get_quota(line, path="/cgi-bin/user/info"),
    lambda line: diagnosis.get_failed_request(line, rid="1-2-3"),
    lambda line: articles.get_draft(line, draft_id="D"),
    lambda line: articles.get_publication(line, publish_id="1"),
    lambda line: mass.get_state(line, job_id="1"),
    mass.get_speed,
    lambda line: mass.send_to_tag(line, content=mass.text("x"), key="m-1"),
]
WRONG: dict[str, object] = {
    "menu": [], "tags": {}, "total": "many", "tag": {"id": "1"}, "ip_list": "203.0.113.1",
    "quota": {"daily_limit": None}, "request": {"invoke_time": "now"}, "news_item": [1], "publish_status": "soon",
    "msg_status": "LOST", "speed": "fast",
}  # fmt: skip


@pytest.mark.parametrize("answer", [b"", b"<html>", b"[]", b"{}", b"\xff", json.dumps(WRONG).encode()])
async def test_garbage_is_tried_again(stands: Standing, answer: bytes) -> None:
    async def say(_: Request) -> Response:
        return Response(answer, media_type="text/plain")

    async with serving(Starlette(routes=[Route("/{path:path}", say, methods=["GET", "POST"])])) as url:
        errors = [await failure(look_up(Line(stands.http, url, "T"))) for look_up in LOOK_UPS]
    assert {(error.code, error.outcome) for error in errors} == {("bad_answer", Outcome.retry)}
