"""wechatpy plays the other side: what it reads we read too, what it seals we open, what we answer it opens."""

from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wechatpy import parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.utils import WeChatSigner

from app.channels import outbound
from app.channels.base import Inbound, Request
from app.channels.content import Image, Link, Location, Scanned, Text, Voice
from app.channels.wechat.codec import decode
from app.channels.wechat.platform import WeChat

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TIMESTAMP, NONCE = str(int(NOW.timestamp())), "1320562132"
APP_ID, TOKEN, KEY = "wx0123456789abcdef", "tokenForTests2026", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

wechat = WeChat()
account = wechat.account({"app_id": APP_ID, "mode": "safe"}, {"token": TOKEN, "aes_key": KEY})
theirs = WeChatCrypto(TOKEN, KEY, APP_ID)

LEGAL = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff", include_characters="\n\t")
PIECES = st.sampled_from(
    ["]]>", "]]", "<![CDATA[", "&amp;", "<b>", "😀", "👨‍👩‍👧", "怎么退款？", "/::)", "\u3000", "第5集"]
)
TEXTS = st.lists(st.text(LEGAL, max_size=12) | PIECES, max_size=6).map("".join)
WORDS = TEXTS.filter(str.strip)


def cdata(value: str) -> str:
    return f"<![CDATA[{value.replace(']]>', ']]]]><![CDATA[>')}]]>"


def escaped(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def document(quote: Any, **fields: str) -> str:
    common = {
        "ToUserName": "gh_a1b2c3d4e5f6",
        "FromUserName": "oTest0000000000000000000001",
        "MsgId": "24680000000000001",
    }
    inner = "".join(f"<{name}>{quote(value)}</{name}>" for name, value in (common | fields).items())
    return f"<xml>{inner}<CreateTime>{TIMESTAMP}</CreateTime></xml>"


def ours(xml: str) -> Any:
    result = decode(xml.encode())
    assert isinstance(result, Inbound)
    return result


def stripped(value: str | None) -> str:
    """wechatpy drops blanks around a value, and gives None for an empty one."""
    return (value or "").strip()


@settings(deadline=None)
@given(TEXTS, st.sampled_from([cdata, escaped]))
def test_texts(content: str, quote: Any) -> None:
    xml = document(quote, MsgType="text", Content=content)
    mine, other = ours(xml), parse_message(xml)

    assert mine.content == Text(content)
    assert content.strip() == stripped(other.content)
    assert (mine.key, mine.sender, mine.recipient) == (f"m:{other.id}", other.source, other.target)
    assert mine.sent_at.timestamp() == other.time


@settings(deadline=None, max_examples=30)
@given(WORDS, WORDS, st.sampled_from([cdata, escaped]))
def test_media(first: str, second: str, quote: Any) -> None:
    image = document(quote, MsgType="image", PicUrl=first, MediaId=second)
    voice = document(quote, MsgType="voice", MediaId=first, Format="amr", Recognition=second)
    link = document(quote, MsgType="link", Title=first, Description=second, Url=first)

    other = parse_message(image)
    assert ours(image).content == Image(url=first, media_id=second)
    assert (first.strip(), second.strip()) == (other.image, other.media_id)
    other = parse_message(voice)
    assert ours(voice).content == Voice(media_id=first, format="amr", recognition=second)
    assert (first.strip(), second.strip()) == (other.media_id, other.recognition)
    other = parse_message(link)
    assert ours(link).content == Link(title=first, description=second, url=first)
    assert (first.strip(), second.strip()) == (other.title, other.description)


@settings(deadline=None, max_examples=30)
@given(st.floats(-90, 90), st.floats(-180, 180), st.integers(0, 30))
def test_locations(latitude: float, longitude: float, scale: int) -> None:
    where = {"Location_X": f"{latitude:.6f}", "Location_Y": f"{longitude:.6f}", "Scale": str(scale)}
    xml = document(cdata, MsgType="location", Label="广州", **where)
    content, other = ours(xml).content, parse_message(xml)

    assert isinstance(content, Location)
    assert (content.latitude, content.longitude) == tuple(map(float, other.location))
    assert (str(content.scale), content.label) == (other.scale, other.label)


@pytest.mark.parametrize("event", ["SCAN", "scan", "Scan"])
def test_events(event: str) -> None:
    xml = document(cdata, MsgType="event", Event=event, EventKey="poster", Ticket="TICKET_0001")
    other = parse_message(xml)
    assert ours(xml).content == Scanned(scene=other.scene_id, ticket=other.ticket)


def fields_of(xml: str | bytes) -> dict[str, str]:
    return {element.tag: element.text or "" for element in ElementTree.fromstring(xml)}


def signature(*parts: str) -> str:
    signer = WeChatSigner()
    signer.add_data(TOKEN, TIMESTAMP, NONCE, *parts)
    return str(signer.signature)


@settings(deadline=None)
@given(WORDS, WORDS)
def test_a_sealed_push_and_its_sealed_answer(question: str, reply: str) -> None:
    xml = document(cdata, MsgType="text", Content=question)
    body = theirs.encrypt_message(xml, NONCE, TIMESTAMP)
    encrypted = fields_of(body)["Encrypt"]
    query = {"timestamp": TIMESTAMP, "nonce": NONCE, "encrypt_type": "aes", "msg_signature": signature(encrypted)}

    inbound = wechat.parse(account, Request(query, body.encode()), NOW)
    assert isinstance(inbound, Inbound)
    assert inbound.content == Text(question)

    answer, _ = wechat.answer(account, inbound, outbound.Text(reply), NOW)
    envelope = fields_of(answer)
    opened = theirs.decrypt_message(envelope, envelope["MsgSignature"], envelope["TimeStamp"], envelope["Nonce"])
    message = fields_of(opened)
    assert message["Content"] == reply
    assert (message["ToUserName"], message["FromUserName"]) == (inbound.sender, inbound.recipient)
