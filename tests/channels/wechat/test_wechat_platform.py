"""Whole requests in, whole responses out."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.channels import outbound
from app.channels.base import Inbound, Refusal, Request, Undecodable
from app.channels.content import Text
from app.channels.wechat import crypto
from app.channels.wechat.account import Account
from app.channels.wechat.platform import WeChat

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
APP_ID, TOKEN = "wx0123456789abcdef", "tokenForTests2026"
KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
OTHER_KEY = "ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CBgoM"
VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text())

BODY = (
    "<xml><ToUserName><![CDATA[gh_a1b2c3d4e5f6]]></ToUserName>"
    "<FromUserName><![CDATA[oTest0000000000000000000001]]></FromUserName><CreateTime>1772366400</CreateTime>"
    "<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[怎么报名？]]></Content><MsgId>24680000000000001</MsgId></xml>"
).encode()
JSON_BODY = (
    '{"ToUserName":"gh_a1b2c3d4e5f6","FromUserName":"oTest0000000000000000000001","CreateTime":1772366400,'
    '"MsgType":"text","Content":"怎么报名？","MsgId":24680000000000001}'
).encode()

wechat = WeChat()


def account(mode: str, **secrets: str) -> Account:
    keys = {"aes_key": KEY} if mode != "plain" else {}
    return wechat.account({"app_id": APP_ID, "mode": mode}, {"token": TOKEN, **keys, **secrets})


def plain(body: bytes = BODY, *, at: str | None = None, **query: str) -> Request:
    timestamp = str(int(NOW.timestamp())) if at is None else at
    signed = {"signature": crypto.sign(TOKEN, timestamp, "99"), "timestamp": timestamp, "nonce": "99"}
    return Request({**signed, "openid": "oTest0000000000000000000001", **query}, body)


def sealed(body: bytes = BODY, *, key: str = KEY, app_id: str = APP_ID, beside: str = "", **query: str) -> Request:
    encrypted = crypto.encrypt(crypto.load_key(key), body, app_id, b"0123456789abcdef")
    timestamp = str(int(NOW.timestamp()))
    signature = crypto.sign(TOKEN, timestamp, "99", encrypted)
    envelope = f"<xml>{beside}<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    if body.startswith(b"{"):
        envelope = json.dumps({"ToUserName": "gh_a1b2c3d4e5f6", "Encrypt": encrypted})
    signed = {"encrypt_type": "aes", "msg_signature": signature, **query}
    return Request({**plain().query, **signed}, envelope.encode())


def refusal(run: Callable[[], object]) -> str:
    with pytest.raises(Refusal) as refused:
        run()
    return refused.value.reason


def parsed(mode: str, request: Request) -> Inbound:
    result = wechat.parse(account(mode), request, NOW)
    assert isinstance(result, Inbound)
    return result


# ------------------------------------------------------------------------------------------------------ verification


@pytest.mark.parametrize("mode", ["plain", "compatible", "safe"])
def test_the_challenge_is_echoed_exactly(mode: str) -> None:
    assert wechat.challenge(account(mode), plain(echostr="4375120948345356249"), NOW) == b"4375120948345356249"


def test_the_official_sample_of_a_challenge() -> None:
    vector = VECTORS["signature"][0]
    official = wechat.account({"app_id": APP_ID, "mode": "plain"}, {"token": vector["token"]})
    query = {name: vector[name] for name in ("signature", "timestamp", "nonce")}
    at = datetime.fromtimestamp(int(vector["timestamp"]), UTC)

    assert wechat.challenge(official, Request({**query, "echostr": "4375120948345356249"}, b""), at)


def test_a_challenge_is_refused() -> None:
    def reason(request: Request) -> str:
        return refusal(partial(wechat.challenge, account("safe"), request, NOW))

    assert reason(plain(echostr="1", signature="0" * 40)) == "bad_signature"
    assert reason(plain(echostr="1", signature="")) == "missing_signature"
    assert reason(plain()) == reason(plain(echostr="")) == "missing_echostr"
    assert reason(plain(echostr="1", at="1")) == "stale"


# ------------------------------------------------------------------------------------------------------------ parsing


@pytest.mark.parametrize(
    ("mode", "request_"),
    [
        ("plain", plain()),
        ("plain", plain(encrypt_type="raw")),
        ("compatible", plain()),
        ("compatible", sealed()),
        ("compatible", sealed(beside="<FromUserName>forged</FromUserName><Content>forged\x00</Content>")),
        ("safe", sealed()),
    ],
)
def test_a_push_of_each_mode(mode: str, request_: Request) -> None:
    assert parsed(mode, request_) == Inbound(
        key="m:24680000000000001",
        sender="oTest0000000000000000000001",
        recipient="gh_a1b2c3d4e5f6",
        sent_at=NOW,
        content=Text("怎么报名？"),
        body=BODY,
    )


@pytest.mark.parametrize(("mode", "request_"), [("plain", plain(JSON_BODY)), ("safe", sealed(JSON_BODY))])
def test_a_push_in_json(mode: str, request_: Request) -> None:
    assert parsed(mode, request_).content == Text("怎么报名？")


def test_the_official_encrypted_push() -> None:
    vector = VECTORS["aes_decrypt"][0]
    secrets = {"token": vector["token"], "aes_key": vector["encoding_aes_key"]}
    official = wechat.account({"app_id": vector["receive_id"], "mode": "safe"}, secrets)
    query = {name: vector[name] for name in ("timestamp", "nonce", "msg_signature")} | {"encrypt_type": "aes"}
    at = datetime.fromtimestamp(int(vector["timestamp"]), UTC)

    result = wechat.parse(official, Request(query, json.dumps({"Encrypt": vector["encrypt"]}).encode()), at)

    assert result.key == "e:o9AgO5Kd5ggOC-bXrbNODIiE3bGY:1714112445:debug_demo::"


def test_a_key_being_changed_opens_both() -> None:
    rotated = account("safe", aes_key=OTHER_KEY, previous_aes_key=KEY)
    assert isinstance(wechat.parse(rotated, sealed(), NOW), Inbound)
    assert isinstance(wechat.parse(rotated, sealed(key=OTHER_KEY), NOW), Inbound)


def without(request: Request, name: str) -> Request:
    return Request({key: value for key, value in request.query.items() if key != name}, request.body)


@pytest.mark.parametrize(
    ("mode", "request_", "reason"),
    [
        ("plain", sealed(), "encrypted"),
        ("safe", plain(), "not_encrypted"),
        ("safe", plain(encrypt_type="AES"), "not_encrypted"),
        ("safe", plain(encrypt_type="aes", msg_signature="0" * 40), "not_encrypted"),
        ("safe", plain(b"", encrypt_type="aes", msg_signature="0" * 40), "not_encrypted"),
        ("safe", plain(b"<!DOCTYPE xml><xml><Encrypt>x</Encrypt></xml>", encrypt_type="aes"), "not_encrypted"),
        ("safe", without(sealed(), "msg_signature"), "missing_signature"),
        ("safe", sealed(msg_signature=plain().query["signature"]), "bad_signature"),
        ("safe", sealed(app_id="wxanother"), "wrong_app_id"),
        ("plain", Request({}, BODY), "missing_signature"),
        ("plain", without(plain(), "signature"), "missing_signature"),
        ("plain", without(plain(), "timestamp"), "missing_signature"),
        ("plain", without(plain(), "nonce"), "missing_signature"),
        ("plain", plain(nonce="98"), "bad_signature"),
        ("plain", plain(signature="签名"), "bad_signature"),
        ("plain", plain(signature="\udcff"), "bad_signature"),
        ("plain", plain(at=""), "missing_signature"),
        ("plain", plain(at="soon"), "bad_timestamp"),
        ("plain", plain(at="-1"), "bad_timestamp"),
        ("plain", plain(at="１７７２３６６４００"), "bad_timestamp"),
        ("plain", plain(at="9" * 5000), "bad_timestamp"),
        ("plain", plain(at="9" * 12), "stale"),
    ],
)
def test_a_push_is_refused(mode: str, request_: Request, reason: str) -> None:
    assert refusal(lambda: wechat.parse(account(mode), request_, NOW)) == reason


@pytest.mark.parametrize("mode", ["plain", "safe"])
def test_freshness_counts_both_ways(mode: str) -> None:
    request = plain() if mode == "plain" else sealed()
    for away in (600, -600):
        assert wechat.parse(account(mode), request, NOW + timedelta(seconds=away))
    for away in (601, -601):
        late = NOW + timedelta(seconds=away)
        assert refusal(partial(wechat.parse, account(mode), request, late)) == "stale"


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from(["signature", "msg_signature", "timestamp", "nonce", "encrypt_type"]), st.text()),
    st.binary(),
    st.sampled_from(["plain", "compatible", "safe"]),
)
def test_whatever_is_not_signed_is_refused(query: dict[str, str], body: bytes, mode: str) -> None:
    assert refusal(lambda: wechat.parse(account(mode), Request(query, body), NOW))
    assert refusal(lambda: wechat.challenge(account(mode), Request(query, body), NOW))


def test_authentic_nonsense_is_kept_as_it_was_inside() -> None:
    result = wechat.parse(account("safe"), sealed(b"<!DOCTYPE xml><xml/>"), NOW)
    assert isinstance(result, Undecodable)
    assert (result.reason, result.body) == ("doctype", b"<!DOCTYPE xml><xml/>")


def test_a_stored_body_is_restored_without_the_request() -> None:
    inbound = parsed("safe", sealed())
    assert wechat.restore(inbound.body) == inbound


# ----------------------------------------------------------------------------------------------------------- answering


def fields_of(answer: tuple[bytes, str]) -> dict[str, Any]:
    body, content_type = answer
    if content_type == "application/json":
        fields: dict[str, Any] = json.loads(body)
        return fields
    assert content_type == "application/xml"
    return {element.tag: element.text for element in ElementTree.fromstring(body)}


def unsealed(fields: dict[str, Any]) -> bytes:
    covered = str(fields["TimeStamp"]), fields["Nonce"], fields["Encrypt"]
    assert crypto.is_signed(fields["MsgSignature"], TOKEN, *covered)
    return crypto.decrypt([crypto.load_key(KEY)], fields["Encrypt"], APP_ID)


REPLY = {
    "ToUserName": "oTest0000000000000000000001",
    "FromUserName": "gh_a1b2c3d4e5f6",
    "MsgType": "text",
    "Content": "请在 App 内报名。\n谢谢。",
}


def test_a_reply_in_plain_xml() -> None:
    answer = wechat.answer(account("plain"), parsed("plain", plain()), outbound.Text(REPLY["Content"]), NOW)
    assert fields_of(answer) == {**REPLY, "CreateTime": str(int(NOW.timestamp()))}


def test_a_reply_in_plain_json() -> None:
    answer = wechat.answer(account("plain"), parsed("plain", plain(JSON_BODY)), outbound.Text(REPLY["Content"]), NOW)
    assert fields_of(answer) == {**REPLY, "CreateTime": int(NOW.timestamp())}
    assert REPLY["ToUserName"].encode() in answer[0]
    assert b"\\u" not in answer[0]


@pytest.mark.parametrize("mode", ["compatible", "safe"])
@pytest.mark.parametrize("body", [BODY, JSON_BODY])
def test_a_sealed_reply(mode: str, body: bytes) -> None:
    answer = wechat.answer(account(mode), parsed(mode, sealed(body)), outbound.Text(REPLY["Content"]), NOW)

    fields = fields_of(answer)
    inner = fields_of((unsealed(fields), answer[1]))

    assert fields.keys() == {"Encrypt", "MsgSignature", "TimeStamp", "Nonce"}
    assert {name: inner[name] for name in REPLY} == REPLY
    assert type(inner["CreateTime"]) is type(fields["TimeStamp"])


def test_sealed_replies_are_never_alike() -> None:
    inbound = parsed("safe", sealed())
    first, second = (fields_of(wechat.answer(account("safe"), inbound, outbound.Text("好。"), NOW)) for _ in range(2))
    assert first["Encrypt"] != second["Encrypt"]
    assert first["Nonce"] != second["Nonce"]


def test_a_repeat_is_answered_from_the_stored_body_alone() -> None:
    inbound = wechat.restore(parsed("safe", sealed()).body)
    assert isinstance(inbound, Inbound)
    assert "Encrypt" in fields_of(wechat.answer(account("safe"), inbound, outbound.Text("好。"), NOW))


@pytest.mark.parametrize("outbound", [None, outbound.Text(""), outbound.Text(" \n"), outbound.Text("\x00\x0b")])
@pytest.mark.parametrize("mode", ["plain", "safe"])
def test_nothing_to_say_is_acknowledged_in_the_clear(mode: str, outbound: outbound.Text | None) -> None:
    inbound = parsed(mode, plain() if mode == "plain" else sealed())
    assert wechat.answer(account(mode), inbound, outbound, NOW) == (b"success", "text/plain")


TRICKY = ["a]]>b", "]]>]]>", "]]", "]]]]>>", "<![CDATA[x]]>", "<b>&amp;</b>", "😀👨‍👩‍👧", "尾]", "\ta\n"]


@pytest.mark.parametrize("text", TRICKY)
@pytest.mark.parametrize("body", [BODY, JSON_BODY])
def test_the_viewer_reads_exactly_what_was_meant(text: str, body: bytes) -> None:
    answer = wechat.answer(account("plain"), parsed("plain", plain(body)), outbound.Text(text), NOW)
    assert fields_of(answer)["Content"] == text


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")), st.text())
def test_any_text_gives_a_well_formed_reply(kept: str, dropped: str) -> None:
    dropped = "".join(c for c in dropped if "\ud800" <= c <= "\udfff") + "\x00\x1b\ufffe"
    for body in (BODY, JSON_BODY):
        answer = wechat.answer(
            account("plain"), parsed("plain", plain(body)), outbound.Text(kept + dropped + "。"), NOW
        )
        assert fields_of(answer)["Content"] == kept + "。"


def test_names_that_try_to_leave_their_place_stay_in_it() -> None:
    body = BODY.replace(b"<![CDATA[oTest0000000000000000000001]]>", b"o]]&gt;&lt;x/&gt;")
    answer = wechat.answer(account("plain"), parsed("plain", plain(body)), outbound.Text("好。"), NOW)
    assert fields_of(answer)["ToUserName"] == "o]]><x/>"


def test_the_platform_gives_up_after_three_attempts_of_five_seconds() -> None:
    """Tests that wait for it have it do so sooner."""
    assert (wechat.capability.passive_window, wechat.capability.last_retry) == (4.5, 15)
