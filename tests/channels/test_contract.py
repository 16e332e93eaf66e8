"""What every platform must keep, over the whole registry. A new platform adds a ``Sample`` and a payloads folder."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.channels import outbound
from app.channels.base import Handshake, Inbound, Platform, Refusal, Request, Undecodable
from app.channels.registry import PLATFORMS
from app.errors import ConfigurationError

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HERE = Path(__file__).parent
MAX_KEY = 300
"""Characters that a key of any platform may have."""


@dataclass(frozen=True)
class Sample:
    """An account to test a platform with, and how the platform would sign a body for it now."""

    settings: Mapping[str, Any]
    secrets: Mapping[str, str]
    sign: Callable[[bytes], Request]


def wechat_request(body: bytes) -> Request:
    timestamp = str(int(NOW.timestamp()))
    signature = sha1("".join(sorted(("tokenForTests2026", timestamp, "99"))).encode()).hexdigest()
    return Request({"signature": signature, "timestamp": timestamp, "nonce": "99"}, body)


SAMPLES = {
    "wechat": Sample({"app_id": "wx0123456789abcdef", "mode": "plain"}, {"token": "tokenForTests2026"}, wechat_request),
}
FILES = [
    (name, path)
    for name in PLATFORMS
    for path in sorted((HERE / name / "payloads").iterdir())
    if path.name != "expected.json"
]
QUERIES = st.dictionaries(st.sampled_from(["signature", "timestamp", "nonce", "echostr"]) | st.text(), st.text())
BODIES = {name: [path.read_bytes() for platform, path in FILES if platform == name] for name in PLATFORMS}

each_platform = pytest.mark.parametrize("name", PLATFORMS)
each_payload = pytest.mark.parametrize(
    ("name", "body"), [pytest.param(name, path.read_bytes(), id=f"{name}-{path.name}") for name, path in FILES]
)


def account_of(name: str) -> tuple[Platform, Any]:
    return PLATFORMS[name], PLATFORMS[name].account(SAMPLES[name].settings, SAMPLES[name].secrets)


def parsed(name: str, body: bytes, now: datetime = NOW) -> Inbound | Undecodable:
    platform, account = account_of(name)
    read = platform.parse(account, SAMPLES[name].sign(body), now)
    assert not isinstance(read, Handshake)
    return read


def test_every_platform_is_covered() -> None:
    assert PLATFORMS.keys() == SAMPLES.keys()
    assert all(BODIES.values())


@each_platform
def test_the_registry_knows_a_platform_by_its_own_name(name: str) -> None:
    assert PLATFORMS[name].name == name


@each_platform
def test_its_capability_makes_sense(name: str) -> None:
    capability = PLATFORMS[name].capability
    assert capability.text_bytes >= 256
    assert 0 < capability.passive_window < capability.last_retry or not capability.passive_reply


@each_platform
def test_an_account_without_anything_is_explained(name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"\.$"):
        PLATFORMS[name].account({}, {})


@each_platform
@settings(deadline=None, max_examples=50)
@given(query=QUERIES, body=st.binary(max_size=300), headers=st.dictionaries(st.text(), st.text()))
def test_what_is_not_authentic_meets_a_refusal(
    name: str, query: dict[str, str], body: bytes, headers: dict[str, str]
) -> None:
    platform, account = account_of(name)
    for verb in (platform.parse, platform.challenge):
        with pytest.raises(Refusal, match=r"\A[a-z][a-z_]+\Z"):
            verb(account, Request(query, body, headers), NOW)


@each_platform
@settings(deadline=None, max_examples=50)
@given(body=st.binary(max_size=300))
def test_authentic_garbage_is_undecodable(name: str, body: bytes) -> None:
    result = parsed(name, body)
    assert isinstance(result, Undecodable)
    assert result.body == body
    assert result.reason


@each_platform
@settings(deadline=None, max_examples=100)
@given(data=st.data())
def test_a_damaged_payload_never_raises(name: str, data: st.DataObject) -> None:
    body = bytearray(data.draw(st.sampled_from(BODIES[name])))
    start = data.draw(st.integers(0, len(body)))
    body[start : start + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=8))
    assert parsed(name, bytes(body)).key


@each_payload
def test_a_payload_is_the_same_each_time_and_restored_alike(name: str, body: bytes) -> None:
    result = parsed(name, body)
    assert parsed(name, body, NOW + timedelta(seconds=15)) == result
    assert PLATFORMS[name].restore(result.body) == result
    assert 2 < len(result.key) <= MAX_KEY
    if isinstance(result, Inbound):
        assert result.sender
        assert result.recipient
        assert result.sent_at.utcoffset() == timedelta(0)


@each_payload
@pytest.mark.parametrize("text", [None, "好的，已为您登记。", 'a]]>b & <c> "d" \x00\ud800'])
def test_answers_are_well_formed(name: str, body: bytes, text: str | None) -> None:
    platform, account = account_of(name)
    inbound = parsed(name, body)
    if isinstance(inbound, Undecodable):
        return
    answer, content_type = platform.answer(account, inbound, outbound.Text(text) if text else None, NOW)
    if content_type == "application/xml":
        ElementTree.fromstring(answer)
    elif content_type == "application/json":
        json.loads(answer)
    else:
        assert content_type == "text/plain"
        assert text is None or not platform.capability.passive_reply
