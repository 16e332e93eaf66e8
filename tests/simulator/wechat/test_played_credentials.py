"""Credentials live, overlap and die as the platform's do."""

from datetime import timedelta
from typing import Any

from tests.fakes.played_wechat import APP_ID, SECRET, Standing

ASKED = {"grant_type": "client_credential", "appid": APP_ID, "secret": SECRET}


async def stable(stands: Standing, **more: object) -> dict[str, Any]:
    found: dict[str, Any] = (await stands.http.post(f"{stands.url}/cgi-bin/stable_token", json=ASKED | more)).json()
    return found


async def classic(stands: Standing) -> dict[str, Any]:
    found: dict[str, Any] = (await stands.http.get(f"{stands.url}/cgi-bin/token", params=ASKED)).json()
    return found


async def code(stands: Standing, token: str) -> int:
    """Of a harmless call with this token."""
    params = {"access_token": token} if token else {}
    answer = (await stands.http.get(f"{stands.url}/cgi-bin/getcallbackip", params=params)).json()
    return int(answer.get("errcode", 0))


async def test_the_stable_token_is_the_same_until_its_last_five_minutes(stands: Standing) -> None:
    first = await stable(stands)
    stands.platform.clock.advance(timedelta(seconds=6800))
    assert (await stable(stands))["access_token"] == first["access_token"]
    assert (await stable(stands))["expires_in"] in (399, 400)
    stands.platform.clock.advance(timedelta(seconds=150))
    second = await stable(stands)
    assert second["access_token"] != first["access_token"]
    assert [await code(stands, each["access_token"]) for each in (first, second)] == [0, 0]
    stands.platform.clock.advance(timedelta(seconds=250))
    assert [await code(stands, each["access_token"]) for each in (first, second)] == [42001, 0]


async def test_each_classic_token_ends_the_one_before_after_five_minutes(stands: Standing) -> None:
    first, second = await classic(stands), await classic(stands)
    assert [await code(stands, each["access_token"]) for each in (first, second)] == [0, 0]
    stands.platform.clock.advance(timedelta(minutes=5))
    assert [await code(stands, each["access_token"]) for each in (first, second)] == [42001, 0]
    assert await code(stands, stands.line.token) == 0


async def test_force_ends_the_stable_token_at_once(stands: Standing) -> None:
    forced = await stable(stands, force_refresh=True)
    assert [await code(stands, token) for token in (stands.line.token, forced["access_token"])] == [40001, 0]
    assert (await stable(stands, force_refresh=True))["errcode"] == 45011
    for _ in range(19):
        stands.platform.clock.advance(timedelta(seconds=30))
        assert "access_token" in await stable(stands, force_refresh=True)
    stands.platform.clock.advance(timedelta(seconds=30))
    assert (await stable(stands, force_refresh=True))["errcode"] == 45009


async def test_a_token_that_is_missing_invented_expired_or_revoked(stands: Standing) -> None:
    assert [await code(stands, token) for token in ("", "invented")] == [41001, 40001]
    stands.platform.expire_tokens()
    assert await code(stands, stands.line.token) == 42001
    await stands.renew()
    stands.account.credentials.revoke()
    assert await code(stands, stands.line.token) == 40001


async def test_who_asks_wrongly(stands: Standing) -> None:
    wrong: list[dict[str, object]] = [
        {"grant_type": "x"},
        {"appid": "x"},
        {"secret": "x"},
        {"secret": "é"},
        {"secret": None},
    ]
    assert [(await stable(stands, **more))["errcode"] for more in wrong] == [40002, 40013, 40125, 40125, 40125]
    url = f"{stands.url}/cgi-bin/stable_token"
    assert (await stands.http.get(url)).json()["errcode"] == 43002
    assert (await stands.http.post(url, content=b"")).json()["errcode"] == 44002
    assert (await stands.http.post(f"{stands.url}/cgi-bin/token")).json()["errcode"] == 43001


async def test_the_allow_list_is_asked_for_credentials_only(stands: Standing) -> None:
    stands.account.allowed_ips = frozenset({"203.0.113.7"})
    refused = await stable(stands)
    assert refused["errcode"] == 40164
    assert refused["errmsg"].startswith("invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist rid: ")
    assert await code(stands, stands.line.token) == 0


async def test_no_credential_stands_in_the_log(stands: Standing) -> None:
    await code(stands, stands.line.token)
    said = repr(stands.platform.log)
    assert SECRET not in said
    assert stands.line.token not in said
