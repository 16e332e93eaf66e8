"""The door: signatures, the check of the address, and the attack that would make it sign forged pushes."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.channels import outbound
from app.channels.base import Handshake, Inbound, Refusal, Request, Undecodable
from app.channels.content import Overheard, Text
from app.channels.delivery import ReplyTo, Window
from app.channels.qq import crypto
from app.channels.qq.account import Account
from app.channels.qq.platform import QQ

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "vectors.json").read_text())
NOW = datetime.fromtimestamp(1760000201, UTC)
ACCOUNT = Account("102000001", "botSecretForTests")
PLATFORM = QQ()
PUSH: Mapping[str, Any] = {
    "id": "C2C_MESSAGE_CREATE:1", "op": 0, "s": 1, "t": "C2C_MESSAGE_CREATE",
    "d": {"id": "M1", "author": {"user_openid": "U1"}, "content": "在吗", "timestamp": "2026-01-05T10:00:00+08:00"},
}  # fmt: skip


def request(body: Any, *, at: str = "1760000201", secret: str = ACCOUNT.app_secret, **headers: str) -> Request:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    signature = crypto.sign(crypto.load_key(secret), at, raw)
    return Request({}, raw, {"x-signature-ed25519": signature, "x-signature-timestamp": at} | headers)


def handshake(body: Any, account: Account = ACCOUNT) -> Mapping[str, Any]:
    read = PLATFORM.parse(account, request(body), NOW)
    assert isinstance(read, Handshake)
    assert read.content_type == "application/json"
    answer: Mapping[str, Any] = json.loads(read.body)
    return answer


def refused(given: Request, account: Account = ACCOUNT, now: datetime = NOW) -> str:
    with pytest.raises(Refusal) as refusal:
        PLATFORM.parse(account, given, now)
    return refusal.value.reason


# -------------------- signatures


@pytest.mark.parametrize("case", VECTORS["event"][2:], ids=lambda case: case["name"])
def test_published_pushes_are_read(case: dict[str, Any]) -> None:
    headers = {name.lower(): value for name, value in case["headers"].items()} | {"x-bot-appid": "102000001"}
    read = PLATFORM.parse(ACCOUNT, Request({}, case["body_utf8"].encode(), headers), NOW)
    assert isinstance(read, Inbound)
    assert isinstance(read.content, Text)


@pytest.mark.parametrize("case", VECTORS["negative"][:4], ids=lambda case: case["name"])
def test_altered_pushes_are_refused(case: dict[str, Any]) -> None:
    headers = {name.lower(): value for name, value in case["headers"].items()}
    wide = replace(ACCOUNT, window=86_400)
    assert refused(Request({}, case["body_utf8"].encode(), headers), wide) == "bad_signature"


def test_each_refusal_has_its_reason() -> None:
    good = request(PUSH)
    without = {name: value for name, value in good.headers.items() if name != "x-signature-ed25519"}
    assert refused(good._replace(headers={})) == "missing_signature"
    assert refused(good._replace(headers=without)) == "missing_signature"
    assert refused(request(PUSH, **{"x-signature-ed25519": "zz" * 64})) == "bad_signature"
    assert refused(request(PUSH, **{"x-signature-ed25519": "00" * 63})) == "bad_signature"
    assert refused(request(PUSH, secret="anotherBotsSecret")) == "bad_signature"
    assert refused(request(PUSH, at="soon")) == "bad_timestamp"
    assert refused(request(PUSH, at="１７６")) == "bad_timestamp"
    assert refused(request(PUSH, **{"x-bot-appid": "102000002"})) == "wrong_app_id"
    assert refused(good, now=NOW + timedelta(seconds=601)) == "stale"
    assert refused(good, now=NOW - timedelta(seconds=601)) == "stale"


def test_what_is_not_json_is_looked_at_after_its_signature() -> None:
    assert refused(Request({}, b"not json", {})) == "missing_signature"
    read = PLATFORM.parse(ACCOUNT, request(b"not json"), NOW)
    assert isinstance(read, Undecodable)


@pytest.mark.parametrize("body", [b"[" * 60_000, b'{"op":0,"d":' + b'{"d":' * 20_000, b'{"op":' + b"9" * 5000 + b"}"])
def test_what_no_reader_should_have_to_read_is_undecodable(body: bytes) -> None:
    assert isinstance(PLATFORM.parse(ACCOUNT, request(body), NOW), Undecodable)


def test_nothing_is_checked_by_a_get() -> None:
    with pytest.raises(Refusal, match="no_such_check"):
        PLATFORM.challenge(ACCOUNT, request(PUSH), NOW)


# -------------------- the check of the address


@pytest.mark.parametrize("case", VECTORS["op13"], ids=lambda case: case["name"])
def test_the_check_is_answered_as_documented(case: dict[str, Any]) -> None:
    account = Account("102000001", case["secret"])
    read = PLATFORM.parse(account, request(case["request_body"].encode(), secret=case["secret"]), NOW)
    assert isinstance(read, Handshake)
    assert json.loads(read.body) == case["response_json"]


def test_a_forged_push_is_never_signed() -> None:
    attack = VECTORS["oracle_attack"]["malicious_op13"]
    for account in (ACCOUNT, replace(ACCOUNT, strict_handshake=False)):
        assert refused(request(attack), account) == "bad_validation"
    unsigned = request(attack)._replace(headers={})
    assert refused(unsigned) == "missing_signature"
    assert refused(unsigned, replace(ACCOUNT, strict_handshake=False)) == "bad_validation"


VALIDATION = {"op": 13, "d": {"plain_token": "plainTok000000000001", "event_ts": "1760000200"}}


def test_an_unsigned_check_is_answered_only_where_the_account_allows_it() -> None:
    lenient = replace(ACCOUNT, strict_handshake=False)
    unsigned = request(VALIDATION)._replace(headers={})
    assert refused(unsigned) == "missing_signature"
    assert isinstance(PLATFORM.parse(lenient, unsigned, NOW), Handshake)
    assert refused(request(VALIDATION, secret="anotherBotsSecret"), lenient) == "bad_signature"
    assert refused(request(PUSH)._replace(headers={}), lenient) == "missing_signature"
    assert refused(Request({}, b"not json", {}), lenient) == "missing_signature"


@pytest.mark.parametrize(
    "data",
    [
        {"plain_token": "a" * 65}, {"plain_token": ""}, {"plain_token": "ab-c"}, {"plain_token": ["a"]}, {},
        {"event_ts": "1" * 21}, {"event_ts": "-1"}, {"event_ts": "1 "}, {"event_ts": "１"}, {"event_ts": {}},
    ],
)  # fmt: skip
def test_a_check_that_could_be_anything_else_is_refused(data: dict[str, Any]) -> None:
    complete = {"plain_token": "abc", "event_ts": "1"} if data else {}
    assert refused(request({"op": 13, "d": complete | data})) == "bad_validation"


TOKENS = st.from_regex(r"[A-Za-z0-9]{1,30}", fullmatch=True) | st.sampled_from(['{"op":0}', "null", "[]"]) | st.text()


@settings(deadline=None, max_examples=50)
@given(st.from_regex(r"[0-9]{1,20}", fullmatch=True) | st.text(), TOKENS)
def test_whatever_is_signed_is_no_push(moment: str, token: str) -> None:
    try:
        answer = handshake({"op": 13, "d": {"event_ts": moment, "plain_token": token}})
    except Refusal:
        return
    for cut in range(1, len(moment + token)):
        at, body = (moment + token)[:cut], (moment + token)[cut:].encode()
        given = request(body, **{"x-signature-ed25519": answer["signature"], "x-signature-timestamp": at})
        account = replace(ACCOUNT, window=10**12)
        try:
            assert not isinstance(PLATFORM.parse(account, given, NOW), Inbound)
        except Refusal:
            continue


def test_a_heartbeat_is_answered() -> None:
    assert handshake({"op": 1, "d": 42}) == {"op": 11, "d": 42}
    assert handshake({"op": 1}) == {"op": 11, "d": None}


# -------------------- what the sheet of payloads cannot show


def test_two_kinds_of_event_of_one_message_have_one_key() -> None:
    data = dict(PUSH["d"]) | {"group_openid": "G1", "author": {"member_openid": "U2"}}
    you = [{"scope": "single", "is_you": True, "bot": True}]
    older = PLATFORM.restore(json.dumps({"id": "A:1", "op": 0, "t": "GROUP_AT_MESSAGE_CREATE", "d": data}).encode())
    newer = {"id": "B:2", "op": 0, "t": "GROUP_MESSAGE_CREATE", "d": data | {"mentions": you}}
    overheard = PLATFORM.restore(json.dumps(newer | {"d": data}).encode())
    assert older.key == PLATFORM.restore(json.dumps(newer).encode()).key == "m:M1"
    assert isinstance(overheard, Inbound)
    assert isinstance(overheard.content, Overheard)
    assert overheard.key == "o:M1"


@pytest.mark.parametrize(
    ("recipient", "place", "scope"),
    [
        ("c2c:U1", "c2c:U1", "c2c"),
        ("group:G1:M1", "group:G1", "group"),
        ("group:G1", "group:G1", "group"),
        ("channel:7:8", "channel:7", "channel"),
        ("dm:9:8", "dm:9:8", "dm"),
        ("platform", "platform", ""),
    ],
)
def test_places_and_scopes(recipient: str, place: str, scope: str) -> None:
    assert (PLATFORM.place(recipient), PLATFORM.media_scope(recipient)) == (place, scope)


def test_a_reply_is_keyed_and_what_nobody_asked_for_is_counted() -> None:
    message, reply_to = outbound.Text("您好"), ReplyTo("m:M1", 1)
    assert PLATFORM.passage(ACCOUNT, "c2c:U1", message, reply_to) == ("c2c", Window.required, True)
    assert PLATFORM.passage(ACCOUNT, "group:G1:M1", message, None) == ("group/active", Window.required, False)
    talkative = replace(ACCOUNT, proactive=True)
    assert PLATFORM.passage(talkative, "c2c:U1", message, None) == ("c2c/active", Window.preferred, False)
    assert PLATFORM.passage(talkative, "group:G1:M1", message, None) == ("group/active", Window.preferred, False)
    assert PLATFORM.passage(talkative, "dm:9:8", message, None) == ("dm/active", Window.required, False)
    assert PLATFORM.rates(ACCOUNT)["c2c/active"].per_minute == 30
    assert PLATFORM.rates(replace(ACCOUNT, sandbox=True)) == {}


@pytest.mark.parametrize(
    ("recipient", "kind", "key", "messages", "minutes"),
    [
        ("c2c:U1", "text", "m:M1", 4, 60),
        ("c2c:U1", "image", "m:M1", 4, 60),
        ("group:G1:M1", "text", "m:M1", 5, 5),
        ("channel:7:8", "text", "m:M1", 5, 5),
        ("dm:9:8", "text", "m:M1", 5, 5),
        ("c2c:U1", "text", "e:INTERACTION_CREATE:1", 4, 60),
        ("c2c:U1", "followed", "e:FRIEND_ADD:1", 4, 60),
        ("group:G1", "followed", "e:GROUP_ADD_ROBOT:1", 5, 5),
        ("c2c:U1", "proactive", "e:C2C_MSG_RECEIVE:1", 4, 60),
    ],
)
def test_what_a_push_allows(recipient: str, kind: str, key: str, messages: int, minutes: int) -> None:
    allowance = PLATFORM.allowance(ACCOUNT, recipient, kind, key)
    scene = recipient.partition(":")[0]
    assert allowance == (scene, messages, timedelta(minutes=minutes), False)


@pytest.mark.parametrize(
    ("recipient", "kind", "key"),
    [
        ("c2c:U1", "proactive", "e:C2C_MSG_REJECT:1"),
        ("group:G1", "proactive", "e:GROUP_MSG_REJECT:1"),
        ("c2c:U1", "unfollowed", "e:FRIEND_DEL:1"),
        ("channel:7:8", "text", "e:INTERACTION_CREATE:1"),
        ("c2c:U1", "unknown", "m:M1"),
        ("group:G1:M1", "overheard", "o:M1"),
        ("c2c:U1", "text", f"h:{'0' * 64}"),
        ("c2c:U1", "text", f"x:{'0' * 64}"),
        ("platform", "text", "m:M1"),
    ],
)
def test_what_allows_nothing(recipient: str, kind: str, key: str) -> None:
    assert PLATFORM.allowance(ACCOUNT, recipient, kind, key) is None
