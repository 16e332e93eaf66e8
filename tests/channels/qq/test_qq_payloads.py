"""Captured-looking pushes: a new case is a file in ``payloads`` and its entry in ``expected.json``."""

import json
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from app.channels.base import Inbound, Undecodable
from app.channels.qq.codec import decode

PAYLOADS = Path(__file__).parent / "payloads"
EXPECTED: dict[str, Any] = json.loads((PAYLOADS / "expected.json").read_text())


def described(result: Inbound | Undecodable) -> dict[str, Any]:
    """What is false or empty is left out."""
    if isinstance(result, Undecodable):
        return {"undecodable": result.reason}
    more = {
        "in_public": result.in_public,
        "awaits_call": result.awaits_call,
        "attachments": [media._asdict() for media in result.attachments],
    }
    return {
        "key": result.key,
        "sender": result.sender,
        "sent_at": result.sent_at.isoformat(),
        "kind": result.content.kind,
        "content": json.loads(json.dumps(asdict(result.content))),
    } | {name: value for name, value in more.items() if value}


def test_every_payload_has_an_expectation() -> None:
    assert {path.name for path in PAYLOADS.iterdir()} - {"expected.json"} == EXPECTED.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_payload_becomes_what_is_expected(name: str) -> None:
    body = (PAYLOADS / name).read_bytes()

    result = decode(body)

    assert described(result) == EXPECTED[name]
    assert result.body == body
    if isinstance(result, Undecodable):
        assert result.key == f"x:{sha256(body).hexdigest()}"
