"""Whatever a caller sends, the played platform answers with a code of its own and goes on."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from app.channels.wechat.account import Account, Mode
from app.simulator.wechat.accounts import PlayedAccount
from app.simulator.wechat.calling import Call
from app.simulator.wechat.files import File
from app.simulator.wechat.paths import api_of
from app.simulator.wechat.platform import Logged, PlayedWeChat
from app.simulator.wechat.table import APIS, RID, STABLE_TOKEN
from tests.fakes.played_wechat import APP_ID, SECRET, VIEWER
from tests.fakes.played_wechat import TOKEN as PUSH_TOKEN

NONSENSE: list[object] = [None, True, -1, 1.5, "", "x", [], ["x"], [[]], [{}], {}, {"x": []}, {"x": {"value": {}}}]
PICTURE, TAG = {"media_id": "FILE"}, 100
TEXT = {"msgtype": "text", "text": {"content": "x"}}
NOTICE = {"touser": VIEWER, "template_id": "t", "data": {"thing1": {"value": "x"}}, "client_msg_id": "m-1"}
ARTICLE = {"title": "x", "content": "x", "thumb_media_id": "FILE"}
BUTTON = {"name": "x", "type": "click", "key": "x"}
GOOD: list[tuple[str, dict[str, Any]]] = [
    (STABLE_TOKEN, {"grant_type": "client_credential", "appid": APP_ID, "secret": SECRET, "force_refresh": False}),
    ("custom/send", {"touser": VIEWER, "customservice": {"kf_account": "x"}, **TEXT}),
    ("custom/send", {"touser": VIEWER, "msgtype": "image", "image": PICTURE}),
    ("custom/send", {"touser": VIEWER, "msgtype": "news", "news": {"articles": [{"title": "x", "url": "x"}]}}),
    ("custom/send", {"touser": VIEWER, "msgtype": "msgmenu", "msgmenu": {"list": [{"id": "1", "content": "x"}]}}),
    ("custom/typing", {"touser": VIEWER, "command": "Typing"}),
    ("template/send", NOTICE),
    ("mass/sendall", {"filter": {"is_to_all": False, "tag_id": TAG}, "clientmsgid": "m-1", **TEXT}),
    ("mass/sendall", {"filter": {"is_to_all": True}, "msgtype": "images", "images": {"media_ids": ["FILE"]}}),
    ("mass/send", {"touser": [VIEWER, "oSecond"], **TEXT}),
    ("mass/preview", {"touser": VIEWER, **TEXT}),
    ("mass/speed/set", {"speed": 1}),
    ("draft/add", {"articles": [ARTICLE]}),
    ("menu/create", {"button": [BUTTON, {"name": "x", "sub_button": [BUTTON]}]}),
    ("tags/create", {"tag": {"name": "x"}}),
    ("tags/members/batchtagging", {"tagid": TAG, "openid_list": [VIEWER]}),
    ("user/tag/get", {"tagid": TAG, "next_openid": ""}),
    ("clear_quota", {"appid": APP_ID}),
    ("openapi/quota/get", {"cgi_path": "/cgi-bin/user/info"}),
]
NEEDS_ANOTHER: dict[str, str] = {
    "mass/get": "msg_id", "mass/delete": "msg_id", "draft/get": "media_id", "draft/delete": "media_id",
    "freepublish/submit": "media_id", "freepublish/get": "publish_id", "material/del_material": "media_id",
    "subscribe/bizsend": "template_id", RID: "rid",
}  # fmt: skip


def call(api: str, body: object) -> Logged:
    platform = PlayedWeChat()
    now = platform.clock.now()
    account = platform.add(
        PlayedAccount(Account(APP_ID, PUSH_TOKEN, (), Mode.plain, app_secret=SECRET), automatic=True)
    )
    for openid in (VIEWER, "oSecond"):
        account.wrote(openid, now)
    account.tags[TAG] = "追剧"
    account.files.put(File("image", "x", "x/y", b"x", now, True), "FILE")
    token, _ = account.credentials.stable(now)
    raw = json.dumps(body, ensure_ascii=False).encode()
    query = {"access_token": token}
    logged, _ = platform.take(Call(api, api, "POST", query, raw, "application/json", "127.0.0.1", "", now))
    return logged


def spoilt(value: Any) -> Iterator[Any]:
    """The value with each of its parts replaced by each nonsense."""
    yield from NONSENSE
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        for other in spoilt(part):
            changed = copy.copy(value)
            changed[name] = other
            yield changed


@pytest.mark.parametrize(("api", "good"), GOOD)
def test_each_part_of_a_good_call_may_be_nonsense(api: str, good: dict[str, Any]) -> None:
    assert call(api, good).accepted
    for body in spoilt(good):
        logged = call(api, body)
        assert logged.accepted is (logged.code == 0)


@pytest.mark.parametrize(("api", "name"), NEEDS_ANOTHER.items())
def test_what_refers_to_nothing_is_refused(api: str, name: str) -> None:
    assert not any(call(api, {name: value}).accepted for value in NONSENSE)


def test_all_that_take_a_body_are_covered() -> None:
    with_body = {api for api, played in APIS.items() if played.method == "POST" and not played.form}
    assert with_body - {"tags/members/batchuntagging", "mass/speed/get"} == (
        ({api for api, _ in GOOD} | NEEDS_ANOTHER.keys()) - {STABLE_TOKEN, RID}
    )


def test_an_api_is_named_as_the_limits_name_it() -> None:
    paths = "/cgi-bin/message/custom/send", "cgi-bin/media/upload", "/cgi-bin/message/mass/speed/set"
    assert [api_of(path) for path in paths] == ["custom/send", "media/upload", "mass/speed/set"]
