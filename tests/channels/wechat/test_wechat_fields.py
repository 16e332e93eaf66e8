"""Bodies that no platform would send, and those that only look so."""

import json
import time
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.channels.base import MAX_BODY_BYTES, Inbound, Undecodable
from app.channels.content import Text
from app.channels.wechat.codec import MAX_PART, decode
from app.channels.wechat.fields import MAX_DEPTH, Malformed, _parse_xml, _read_flat, read

KEY_CHARACTERS = len("e:") + 4 * MAX_PART + 10 + len("::::")

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    [
        "ToUserName",
        "FromUserName",
        "CreateTime",
        "MsgType",
        "MsgId",
        "Content",
        "Event",
        "EventKey",
        "MsgID",
        "MediaId",
        "List",
        "Location_X",
        "Scale",
        "SubscribeMsgPopupEvent",
        "SubscribeMsgSentEvent",
        "PublishEventInfo",
        "ScanCodeInfo",
        "Status",
        "TotalCount",
    ]
)
TYPES = st.sampled_from(["text", "image", "voice", "video", "shortvideo", "location", "link", "event"])
EVENTS = st.sampled_from(
    [
        "subscribe",
        "SCAN",
        "LOCATION",
        "CLICK",
        "TEMPLATESENDJOBFINISH",
        "MASSSENDJOBFINISH",
        "PUBLISHJOBFINISH",
        "kf_switch_session",
        "subscribe_msg_popup_event",
        "subscribe_msg_sent_event",
        "user_info_modified",
    ]
)


def push(**fields: Any) -> dict[str, Any]:
    common = {"ToUserName": "gh_1", "FromUserName": "o1", "CreateTime": 1760000000, "MsgType": "text", "MsgId": 7}
    return {**common, **fields}


def text_of(body: bytes) -> str:
    result = decode(body)
    assert isinstance(result, Inbound)
    assert isinstance(result.content, Text)
    return result.content.text


def reason_of(body: bytes) -> str:
    result = decode(body)
    assert isinstance(result, Undecodable)
    return result.reason


def xml_text(content: bytes, head: bytes = b"") -> bytes:
    return (
        head + b"<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName><CreateTime>1760000000</CreateTime>"
        b"<MsgType>text</MsgType><Content><![CDATA[" + content + b"]]></Content><MsgId>7</MsgId></xml>"
    )


@pytest.mark.parametrize("content", [b"\xff\xfe", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf0\x9f\x98"])
def test_bytes_that_are_no_utf8_are_undecodable(content: bytes) -> None:
    assert reason_of(xml_text(content)) == "not_xml"
    assert reason_of(json.dumps(push(Content="?")).encode().replace(b"?", content)) == "not_json"


def test_an_encoding_that_the_body_claims_is_not_followed() -> None:
    assert text_of(xml_text("票".encode(), b'<?xml version="1.0" encoding="gbk"?>')) == "票"
    assert reason_of(xml_text("会员".encode("gbk"), b'<?xml version="1.0" encoding="gbk"?>')) == "not_xml"


def test_a_byte_order_mark_and_blanks_around_are_no_harm() -> None:
    assert text_of(xml_text(b"x", b"\xef\xbb\xbf")) == "x"
    assert text_of(b"\r\n " + json.dumps(push(Content="x")).encode() + b"\n") == "x"


def test_every_control_character_disappears_and_nothing_else() -> None:
    everything = "".join(map(chr, range(0x20))) + "\ufffe\uffff\x7f\u0085\u200b终"
    kept = "\t\n\x7f\u0085\u200b终"

    assert text_of(xml_text(everything.replace("\r", "").encode())) == kept
    assert text_of(json.dumps(push(Content=everything.replace("\r", "")), ensure_ascii=False).encode()) == kept
    assert text_of(json.dumps(push(Content=everything.replace("\r", ""))).encode()) == kept


def test_nesting_is_bounded() -> None:
    assert read(b"<xml>" + b"<a>" * (MAX_DEPTH - 1) + b"x" + b"</a>" * (MAX_DEPTH - 1) + b"</xml>")
    with pytest.raises(Malformed, match="too_deep"):
        read(b"<xml>" + b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH + b"</xml>")
    assert reason_of(b'{"a":' + b"[" * 30_000 + b"]" * 30_000 + b"}") == "not_json"


@pytest.mark.parametrize(
    "body",
    [
        b"<a>" * (MAX_BODY_BYTES // 3),
        b"<xml>" + b"<a><b>c</b></a>" * (MAX_BODY_BYTES // 15) + b"</xml>",
        b"<xml " + b" ".join(b'a%d="b"' % i for i in range(6000)) + b"/>",
        b"\x00" * MAX_BODY_BYTES,
        b"{" * MAX_BODY_BYTES,
        b'{"CreateTime":' + b"9" * (MAX_BODY_BYTES - 20) + b"}",
    ],
)
def test_the_largest_bodies_are_read_in_reasonable_time(body: bytes) -> None:
    started = time.process_time()
    decode(body)
    assert time.process_time() - started < 0.5


@settings(deadline=None)
@given(
    st.binary(max_size=400) | st.text(max_size=200).map(lambda text: f"<xml>{text}</xml>".encode("utf-8", "replace"))
)
def test_no_bytes_are_too_strange(body: bytes) -> None:
    assert isinstance(decode(body), Undecodable)


@settings(deadline=None)
@given(st.dictionaries(NAMES, JSON_VALUES), TYPES, EVENTS)
@example({"Content": "\ud83d"}, "text", "")
@example({"EventKey": "k" * 5000, "FromUserName": "o" * 5000, "MsgID": "9" * 5000}, "event", "x" * 5000)
def test_no_fields_are_too_strange(fields: dict[str, Any], kind: str, event: str) -> None:
    result = decode(json.dumps(push(**{"MsgType": kind, "Event": event, **fields})).encode())

    assert result.key[:2] in {"m:", "e:", "x:"}
    assert len(result.key) <= KEY_CHARACTERS
    if isinstance(result, Inbound):
        assert 0 < len(result.sender) <= MAX_PART


PIECES = st.sampled_from(
    ["<xml>", "</xml>", "<A>", "</A>", "<B>", "</B>", "<a:b>", "</a:b>", "<A/>", "<!DOCTYPE a>", "<?p?>", "<!-- -->",
     "<![CDATA[", "]]>", "]]", "]", ">", "<", "&amp;", "&", "\n", "\r\n", " ", "x", "[微笑]", "é", "😀", "\x01", "\x7f",
     "\ufffe"]
)  # fmt: skip
FLAT = st.lists(
    st.tuples(st.sampled_from(["A", "B", "_c", "D9"]), st.booleans(), st.lists(PIECES, max_size=4).map("".join)),
    max_size=5,
).map(
    lambda fields: "<xml>" + "".join(
        f"<{name}><![CDATA[{text}]]></{name}>" if cdata else f"<{name}>{text}</{name}>" for name, cdata, text in fields
    ) + "</xml>"
)  # fmt: skip


@settings(max_examples=400)
@given(st.one_of(FLAT, st.lists(PIECES, max_size=12).map(lambda pieces: "<xml>" + "".join(pieces) + "</xml>")))
@example("<xml>\n<A><![CDATA[]]></A>\t<B> 1 </B>\n</xml>\n")
@example("<xml><A>1</A><A>2</A></xml>")
def test_what_is_read_without_expat_is_what_expat_reads(text: str) -> None:
    body = text.encode()
    found = _read_flat(body)
    if found is not None:
        assert found == _parse_xml(body)


def test_a_usual_push_needs_no_expat() -> None:
    body = "<xml><To><![CDATA[gh]]></To>\n<CreateTime>1</CreateTime><Content><![CDATA[[好]]]></Content></xml>"
    assert _read_flat(body.encode()) == {"To": "gh", "CreateTime": "1", "Content": "[好]"}


def test_a_field_that_never_ends_takes_no_time() -> None:
    assert _read_flat(b"<xml><A><![CDATA[" + b"a]" * (MAX_BODY_BYTES // 2)) is None
