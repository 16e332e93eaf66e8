"""QQ's API as it is played within the service: open to whoever has the demo bot's secret, and bounded."""

import pytest

from app.commands.demo import CHANNELS, QQ_NAME
from app.simulator.addresses import QQ_API
from tests.simulator.conftest import Played

SECRETS = {
    "appId": CHANNELS[QQ_NAME].settings["app_id"],
    "clientSecret": CHANNELS[QQ_NAME].secrets["app_secret"],
}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


async def test_the_secret_gives_a_token_and_the_token_sends(played: Played) -> None:
    token = (await played.http.post(f"{QQ_API}/app/getAppAccessToken", json=SECRETS)).json()["access_token"]
    await played.do("settings", channel="demo-qq")
    chat = await played.do("text", text="你好")
    headers = {"Authorization": f"QQBot {token}"}
    sent = await played.http.post(
        f"{QQ_API}/v2/users/{chat.openid}/messages", json={"msg_type": 0, "content": "主动问好"}, headers=headers
    )
    assert sent.status_code == 200
    assert "主动问好" in await played.said(chat, 1)


async def test_a_stranger_gets_nothing(played: Played) -> None:
    wrong = SECRETS | {"clientSecret": "anotherSecret"}
    assert (await played.http.post(f"{QQ_API}/app/getAppAccessToken", json=wrong)).json()["code"] == 100016
    asked = await played.http.post(f"{QQ_API}/v2/users/U1/messages", json={}, headers={"Authorization": "QQBot x"})
    assert (asked.status_code, asked.json()["code"]) == (401, 11244)
    assert (await played.http.get(f"{QQ_API}/left/nothing")).status_code == 404
    assert (await played.http.get(f"{QQ_API}/control")).status_code == 404


async def test_what_a_stranger_sends_is_not_read_to_its_end(played: Played) -> None:
    for path in ("/app/getAppAccessToken", "/v2/users/U1/messages", "/v2/users/U1/files"):
        assert (await played.http.post(f"{QQ_API}{path}", content=b" " * 70_000)).status_code == 413, path
