"""What every platform must keep, over the whole registry. A new platform adds a ``Sample`` and a payloads folder."""

import json
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.channels import outbound
from app.channels.base import Handshake, Inbound, Refusal, Request, Undecodable
from app.channels.content import Unknown
from app.channels.registry import PLATFORMS
from app.errors import ConfigurationError
from tests.channels.samples import NOW, SAMPLES, account_of

HERE = Path(__file__).parent
MAX_KEY = 300
"""Characters that a key of any platform may have."""
MAX_SENDER = 128

FILES = [
    (name, path)
    for name in PLATFORMS
    for path in sorted((HERE / name / "payloads").iterdir())
    if path.name != "expected.json"
]
QUERIES = st.dictionaries(st.sampled_from(["signature", "timestamp", "nonce", "echostr"]) | st.text(), st.text())
HEADERS = st.dictionaries(
    st.sampled_from(["x-signature-ed25519", "x-signature-timestamp", "x-bot-appid"]) | st.text(),
    st.text() | st.from_regex(r"[0-9]{10}|[0-9a-f]{128}", fullmatch=True),
)
BODIES = {name: [path.read_bytes() for platform, path in FILES if platform == name] for name in PLATFORMS}

each_platform = pytest.mark.parametrize("name", PLATFORMS)
each_payload = pytest.mark.parametrize(
    ("name", "body"), [pytest.param(name, path.read_bytes(), id=f"{name}-{path.name}") for name, path in FILES]
)


def parsed(name: str, body: bytes, now: datetime = NOW) -> Inbound | Undecodable:
    """A body that is signed at ``now``."""
    platform, account = account_of(name)
    read = platform.parse(account, SAMPLES[name].request(body, at=now), now)
    assert not isinstance(read, Handshake)
    return read


def said(name: str) -> list[Inbound]:
    return [read for body in BODIES[name] if isinstance(read := parsed(name, body), Inbound)]


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
    assert 0 < capability.passive_window < capability.last_retry


@each_platform
def test_an_account_without_anything_is_explained(name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"\.$"):
        PLATFORMS[name].account({}, {})


# -------------------- who may come in


@each_platform
@settings(deadline=None, max_examples=50)
@given(query=QUERIES, body=st.binary(max_size=300), headers=HEADERS)
def test_what_is_not_authentic_meets_a_refusal(
    name: str, query: dict[str, str], body: bytes, headers: dict[str, str]
) -> None:
    platform, account = account_of(name)
    for verb in (platform.parse, platform.challenge):
        with pytest.raises(Refusal, match=r"\A[a-z][a-z_]+\Z"):
            verb(account, Request(query, body, headers), NOW)


@each_platform
def test_a_stranger_cannot_sign(name: str) -> None:
    platform, account = account_of(name)
    request = SAMPLES[name].request(BODIES[name][0], secret="aStrangersSecret")
    with pytest.raises(Refusal, match="bad_signature"):
        platform.parse(account, request, NOW)


@each_platform
@pytest.mark.parametrize("away", [timedelta(minutes=11), timedelta(minutes=-11)])
def test_what_was_signed_at_another_time_is_refused(name: str, away: timedelta) -> None:
    platform, account = account_of(name)
    request = SAMPLES[name].request(BODIES[name][0])
    with pytest.raises(Refusal, match="stale"):
        platform.parse(account, request, NOW + away)
    assert platform.parse(account, request, NOW + away * 0.9)


@each_platform
def test_headers_are_looked_at_where_that_is_announced(name: str) -> None:
    platform, account = account_of(name)
    request = SAMPLES[name].request(BODIES[name][0])
    bare = request._replace(headers={})
    if platform.reads_headers:
        with pytest.raises(Refusal):
            platform.parse(account, bare, NOW)
    else:
        assert platform.parse(account, bare, NOW) == platform.parse(account, request, NOW)


# -------------------- what is read


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
    result = PLATFORMS[name].restore(bytes(body))
    assert result.key
    assert result.body == body


@each_payload
def test_a_payload_is_the_same_each_time_and_restored_alike(name: str, body: bytes) -> None:
    """A repeat is signed anew, and its key alone tells that it is one."""
    result = parsed(name, body)
    assert parsed(name, body, NOW + timedelta(seconds=15)) == result
    assert PLATFORMS[name].restore(result.body) == result
    assert 2 < len(result.key) <= MAX_KEY
    if isinstance(result, Inbound):
        assert 0 < len(result.sender) <= MAX_SENDER
        assert result.recipient
        assert result.sent_at.utcoffset() == timedelta(0)


@each_platform
def test_no_key_depends_on_what_came_before(name: str) -> None:
    keys = {body: PLATFORMS[name].restore(body).key for body in BODIES[name]}
    shuffled = random.Random(7).sample(BODIES[name], len(BODIES[name]))
    assert {body: PLATFORMS[name].restore(body).key for body in shuffled} == keys


@each_platform
def test_what_is_unknown_is_kept_as_it_came(name: str) -> None:
    unknown = [read for read in said(name) if isinstance(read.content, Unknown)]
    assert unknown
    assert all(read.body in BODIES[name] and read.content.type for read in unknown if isinstance(read.content, Unknown))


@each_payload
@pytest.mark.parametrize("text", [None, "好的，已为您登记。", 'a]]>b & <c> "d" \x00\ud800'])
def test_answers_are_well_formed(name: str, body: bytes, text: str | None) -> None:
    platform, account = account_of(name)
    inbound = parsed(name, body)
    if isinstance(inbound, Undecodable):
        return
    answer, content_type = platform.answer(account, inbound, outbound.Text(text) if text else None, NOW)
    if not platform.capability.passive_reply or text is None:
        assert (answer, content_type) == platform.acknowledgement
    elif content_type == "application/xml":
        ElementTree.fromstring(answer)
    else:
        assert content_type == "application/json"
        json.loads(answer)


@each_platform
def test_files_of_what_is_said_can_be_named(name: str) -> None:
    platform = PLATFORMS[name]
    files: list[Any] = [file for read in said(name) for file in (*platform.media(read.content), *read.attachments)]
    assert {"image", "voice", "video"} <= {file.kind for file in files}
    assert all(file.reference for file in files)
