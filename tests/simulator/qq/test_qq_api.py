"""The played platform refuses what the platform refuses."""

import base64
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.channels.qq.addresses import Scene
from app.simulator.trouble import Kind
from tests.simulator.qq.conftest import Caller

USER, GROUP = "/v2/users/U1", "/v2/groups/G1"


def asked(bot: Caller, scene: Scene = Scene.c2c, target: str = "U1") -> str:
    """The id of a message that somebody wrote just now."""
    return bot.played.acts.says(scene, target, "P1", "在吗").reply


# -------------------- credentials


async def test_the_same_token_until_its_last_minute(bot: Caller) -> None:
    first = await bot.token()
    assert first["expires_in"] in ("7200", "7199")
    assert (await bot.token())["access_token"] == first["access_token"]
    bot.played.world.clock.advance(timedelta(seconds=7150))
    second = await bot.token()
    assert second["access_token"] != first["access_token"]
    for token in (first, second):
        known = await bot.call("DELETE", f"{USER}/messages/x", None, f"QQBot {token['access_token']}")
        assert known.status_code == 400
    bot.played.world.clock.advance(timedelta(seconds=60))
    late = await bot.call("DELETE", f"{USER}/messages/x", None, f"QQBot {first['access_token']}")
    assert (late.status_code, late.json()["err_code"]) == (401, 11244)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"appId": 102000001}, 100002),
        ({"clientSecret": None}, 100002),
        ({"appId": "1"}, 100016),
        ({"clientSecret": "é"}, 100016),
    ],
)
async def test_a_wrong_request_for_a_token(bot: Caller, changes: dict[str, Any], code: int) -> None:
    assert (await bot.token(**changes))["code"] == code


async def test_a_token_is_not_given_to_everybody(bot: Caller) -> None:
    answer = await bot.http.post("/app/getAppAccessToken", content=b"{}")
    assert answer.json()["code"] == 100007
    bot.played.bot.banned = True
    assert (await bot.token())["code"] == 100007


@pytest.mark.parametrize(("given", "code"), [("", 11241), ("Bot 1.tok", 11245), ("QQBot guess", 11244)])
async def test_credentials_are_checked_first(bot: Caller, given: str, code: int) -> None:
    answer = await bot.call("POST", f"{USER}/messages", {}, given)
    assert (answer.status_code, answer.json()["err_code"]) == (401, code)
    assert answer.headers["X-Tps-trace-ID"] == answer.json()["trace_id"]


async def test_strangers_addresses_are_kept_out(bot: Caller) -> None:
    bot.played.bot.allowed = frozenset({"192.0.2.7"})
    answer = await bot.call("POST", f"{USER}/messages", {"content": "您好"})
    assert (answer.status_code, answer.json()["code"], answer.json()["err_code"]) == (401, 11298, 40023002)


# -------------------- replies


@pytest.mark.parametrize(
    ("scene", "path", "most", "minutes"),
    [
        (Scene.c2c, "/v2/users/T", 4, 60), (Scene.group, "/v2/groups/T", 5, 5), (Scene.channel, "/channels/T", 5, 5),
        (Scene.dm, "/dms/T", 5, 5),
    ],
)  # fmt: skip
async def test_a_message_can_be_answered_so_often_and_so_long(
    bot: Caller, scene: Scene, path: str, most: int, minutes: int
) -> None:
    first, second = asked(bot, scene, "T"), asked(bot, scene, "T")
    codes = [(await bot.says(path, msg_id=first, msg_seq=n))[1] for n in range(1, most + 2)]
    assert codes == [0] * most + [40034128]
    assert await bot.says(path, msg_id=first, msg_seq=1) == (400, 40054005)
    bot.played.world.clock.advance(timedelta(minutes=minutes, seconds=1))
    assert await bot.says(path, msg_id=second) == (400, 40034005)
    assert [seen.replies_to for seen in bot.played.world.place(scene, "T").seen] == [
        f"{first}#{n}" for n in range(1, most + 1)
    ]


async def test_what_cannot_be_replied_to(bot: Caller) -> None:
    message = asked(bot)
    answer = await bot.call("POST", f"{USER}/messages", {"content": "您好", "msg_id": message})
    assert await bot.says(USER, msg_id=answer.json()["id"]) == (400, 40034024)
    assert await bot.says("/v2/users/U2", msg_id=message, msg_seq=2) == (400, 40034024)
    assert await bot.says(USER, event_id=message, msg_seq=2) == (400, 40034025)
    assert await bot.says(USER, msg_id=message, msg_seq="2") == (400, 40034008)


async def test_events_can_be_replied_to(bot: Caller) -> None:
    acts = bot.played.acts
    for event in (acts.befriends("U1"), acts.taps("U1", "a|b"), acts.allows(Scene.c2c, "U1", allowed=True)):
        assert await bot.says(USER, event_id=event.id) == (200, 0)
    assert await bot.says(GROUP, event_id=acts.invites("G1", "P1").id) == (200, 0)
    assert await bot.says(USER, event_id=acts.allows(Scene.c2c, "U1", allowed=False).id) == (400, 40034025)
    assert await bot.says(USER, event_id=acts.leaves("U1").id) == (400, 40054004)


async def test_typing_uses_up_an_answer_and_shows_nothing(bot: Caller) -> None:
    message = asked(bot)
    typing = {"msg_type": 6, "input_notify": {"input_type": 1, "input_second": 60}, "msg_id": message, "msg_seq": 1}
    assert (await bot.call("POST", f"{USER}/messages", typing)).status_code == 200
    assert await bot.says(USER, msg_id=message, msg_seq=1) == (400, 40054005)
    assert not bot.played.world.place(Scene.c2c, "U1").seen


# -------------------- messages that nobody asked for


async def test_who_forbids_it_is_not_spoken_to_first(bot: Caller) -> None:
    world = bot.played.world
    world.place(Scene.c2c, "U1").proactive = world.place(Scene.group, "G1").proactive = False
    assert await bot.says(USER) == (400, 40054013)
    assert await bot.says(GROUP) == (400, 40034105)
    assert await bot.says(USER, msg_id=asked(bot)) == (200, 0)
    assert await bot.says("/channels/C1") == (400, 304018)


async def test_who_is_gone_or_silenced_it(bot: Caller) -> None:
    world = bot.played.world
    world.place(Scene.c2c, "U1").present = world.place(Scene.group, "G1").present = False
    world.place(Scene.group, "G2").muted = True
    assert [(await bot.says(path))[1] for path in (USER, GROUP, "/v2/groups/G2")] == [40054004, 40034101, 40054002]


async def test_too_many_at_once(bot: Caller) -> None:
    assert [await bot.says(USER) for _ in range(21)] == [(200, 0)] * 20 + [(429, 40034100)]
    assert [await bot.says(GROUP) for _ in range(11)] == [(200, 0)] * 10 + [(429, 40034100)]
    bot.played.world.clock.advance(timedelta(seconds=61))
    assert await bot.says(USER) == (200, 0)


# -------------------- what it holds


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"content": "看 https://other.example.org/a"}, 40054010),
        ({"content": "看 www.other.com"}, 40054010),
        ({"content": "看 https://example.com@other.com/"}, 40054010),
        ({"content": "看 https://www.example.com/a 或 service@other.com"}, 0),
        ({"content": " "}, 50006),
        ({"content": "长" * 667}, 40054007),
        ({"content": "长" * 666}, 0),
        ({"msg_type": 9}, 22006),
        ({"keyboard": {"content": {"rows": []}}}, 304057),
        ({"msg_type": 2, "markdown": {"content": "好"}}, 50056),
        ({"msg_type": 6}, 22006),
        ({"msg_type": 7, "media": {"file_info": "guess"}}, 22006),
        ({"msg_type": 7}, 22006),
    ],
)
async def test_contents(bot: Caller, changes: dict[str, Any], code: int) -> None:
    bot.played.bot.domains = ("example.com",)
    assert (await bot.says(USER, **changes))[1] == code


async def test_permissions(bot: Caller) -> None:
    bot.played.bot.buttons = bot.played.bot.markdown = True
    assert await bot.says(USER, "", msg_type=2, markdown={"content": "好"}, keyboard={"content": {}}) == (200, 0)
    assert bot.played.world.place(Scene.c2c, "U1").seen[0].text == "好"


async def test_what_is_audited_shows_once_it_passes(bot: Caller) -> None:
    bot.played.bot.audited = True
    answers = [await bot.call("POST", f"{USER}/messages", {"content": text}) for text in ("一", "二")]
    assert [(answer.status_code, answer.json()["err_code"]) for answer in answers] == [(202, 304023)] * 2
    audits = [answer.json()["data"]["message_audit"]["audit_id"] for answer in answers]
    place = bot.played.world.place(Scene.c2c, "U1")
    assert not place.seen
    for audit, passed in zip(audits, (True, False), strict=True):
        bot.played.world.decide_audit(audit, passed=passed)
    assert [seen.text for seen in place.seen] == ["一"]


# -------------------- files, recalls, taps


async def upload(bot: Caller, path: str, **changes: Any) -> httpx.Response:
    file = {"file_type": 1, "file_data": base64.b64encode(b"png").decode(), "srv_send_msg": False}
    return await bot.call("POST", f"{path}/files", file | changes)


async def test_a_file_is_bound_to_its_kind_of_place(bot: Caller) -> None:
    file = (await upload(bot, USER)).json()
    assert file["ttl"] == 259200
    media = {"msg_type": 7, "media": {"file_info": file["file_info"]}}
    assert await bot.says(USER, "", **media) == (200, 0)
    assert await bot.says("/v2/users/U2", "看", **media) == (200, 0)
    assert await bot.says(GROUP, "", **media) == (400, 22006)
    bot.played.world.clock.advance(timedelta(days=3, seconds=1))
    assert await bot.says(USER, "", **media) == (400, 22006)
    assert bot.played.world.place(Scene.c2c, "U2").seen[0].text == "[图片]看"


async def test_files_that_are_refused(bot: Caller) -> None:
    for changes in ({"file_type": 5}, {"file_data": "***"}, {"file_data": None}, {"file_data": None, "url": "ftp://x"}):
        assert (await upload(bot, USER, **changes)).json()["err_code"] == 850019
    assert (await upload(bot, USER, file_data=None, url="https://example.com/a.png")).status_code == 200
    assert (await upload(bot, "/channels/C1")).status_code == 404
    assert (await upload(bot, USER, srv_send_msg=True)).status_code == 200
    assert len(bot.played.world.place(Scene.c2c, "U1").seen) == 1


async def test_a_message_is_recalled_within_two_minutes(bot: Caller) -> None:
    names = [(await bot.call("POST", f"{USER}/messages", {"content": "错了"})).json()["id"] for _ in range(2)]
    assert (await bot.call("DELETE", f"{USER}/messages/{names[0]}")).status_code == 200
    bot.played.world.clock.advance(timedelta(minutes=2, seconds=1))
    assert (await bot.call("DELETE", f"{USER}/messages/{names[1]}")).json()["err_code"] == 40064004
    assert (await bot.call("DELETE", f"{GROUP}/messages/{names[1]}")).json()["err_code"] == 40062003
    assert [seen.recalled for seen in bot.played.world.place(Scene.c2c, "U1").seen] == [True, False]


async def test_a_tap_is_settled_once(bot: Caller) -> None:
    bot.played.acts.taps("U1", "a|b")
    (tap,) = bot.played.world.taps
    bot.played.world.clock.advance(timedelta(seconds=2))
    assert [(await bot.call("PUT", f"/interactions/{tap}", {"code": 0})).status_code for _ in range(2)] == [204, 204]
    assert timedelta(seconds=2) <= bot.played.world.settled[tap].after < timedelta(seconds=5)
    assert (await bot.call("PUT", "/interactions/guess", {"code": 0})).status_code == 400


# -------------------- troubles


@pytest.mark.parametrize("body", [b"[]", b"<xml/>", b"\xff"])
async def test_a_body_that_is_no_object(bot: Caller, body: bytes) -> None:
    token = (await bot.token())["access_token"]
    headers = {"Authorization": f"QQBot {token}", "Content-Type": "application/json"}
    answer = await bot.http.post(f"{USER}/messages", content=body, headers=headers)
    assert (answer.status_code, answer.json()["err_code"]) == (400, 40034008)


@pytest.mark.parametrize(
    ("kind", "code", "status", "shown"),
    [
        (Kind.code, 40034100, 429, 0), (Kind.status, 502, 502, 0), (Kind.status_taken, 504, 504, 1),
        (Kind.lost, 0, None, 0), (Kind.taken, 0, None, 1), (Kind.silent, 0, None, 0), (Kind.taken_silent, 0, None, 1),
    ],
)  # fmt: skip
async def test_a_trouble_is_met_once_and_noted(
    bot: Caller, kind: Kind, code: int, status: int | None, shown: int
) -> None:
    token, message = f"QQBot {(await bot.token())['access_token']}", asked(bot)
    bot.played.plan("c2c", kind, code)
    sending = {"content": "您好", "msg_id": message, "msg_seq": 3}
    heard: int | None = None
    try:
        answer = await bot.http.post(
            f"{USER}/messages", json=sending, headers={"Authorization": token}, timeout=httpx.Timeout(5, read=0.1)
        )
        heard = answer.status_code
    except httpx.RequestError:
        pass
    assert heard == status
    place, log = bot.played.world.place(Scene.c2c, "U1"), bot.played.world.log
    assert len(place.seen) == shown
    assert (log[-1].api, log[-1].key, log[-1].accepted, log[-1].answered) == (
        "c2c", f"{message}#3", bool(shown), status,
    )  # fmt: skip
    again = await bot.http.post(f"{USER}/messages", json=sending, headers={"Authorization": token})
    assert again.status_code == (400 if shown else 200)


async def test_no_secret_is_noted(bot: Caller) -> None:
    token = (await bot.token())["access_token"]
    await bot.says(USER)
    assert not [call for call in bot.played.world.log if "botSecretForTests" in repr(call) or token in repr(call)]
    assert "botSecretForTests" not in repr(bot.played.world)
