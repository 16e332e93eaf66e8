"""The published vectors and their negatives."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from app.channels.qq import crypto

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "vectors.json").read_text())


def public(secret: str) -> Ed25519PublicKey:
    return crypto.load_key(secret).public_key()


def is_authentic(case: dict[str, Any]) -> bool:
    headers = case["headers"]
    return crypto.is_signed(
        public(case["secret"]),
        headers["X-Signature-Ed25519"],
        headers["X-Signature-Timestamp"],
        case["body_utf8"].encode(),
    )


@pytest.mark.parametrize("case", VECTORS["seed"], ids=lambda case: case["secret"])
def test_a_secret_of_any_length_fills_the_seed(case: dict[str, str]) -> None:
    key = crypto.load_key(case["secret"])
    assert key.private_bytes_raw().hex() == case["seed_hex"]
    assert key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex() == case["public_key_hex"]


def test_without_a_secret_there_is_no_key() -> None:
    with pytest.raises(ValueError, match="secret"):
        crypto.load_key("")


@pytest.mark.parametrize("case", VECTORS["op13"], ids=lambda case: case["name"])
def test_the_check_of_the_address_is_signed_as_documented(case: dict[str, Any]) -> None:
    data = json.loads(case["request_body"])["d"]
    signed = crypto.sign(crypto.load_key(case["secret"]), data["event_ts"], data["plain_token"].encode())
    assert signed == case["response_json"]["signature"]


@pytest.mark.parametrize("case", VECTORS["event"], ids=lambda case: case["name"])
def test_published_pushes_are_authentic(case: dict[str, Any]) -> None:
    assert is_authentic(case)


@pytest.mark.parametrize("case", VECTORS["negative"], ids=lambda case: case["name"])
def test_altered_pushes_are_not(case: dict[str, Any]) -> None:
    assert not is_authentic(case)


@given(st.text() | st.from_regex("[0-9a-f]{120,136}", fullmatch=True))
def test_what_is_no_signature_is_refused(signature: str) -> None:
    assert not crypto.is_signed(public("botSecretForTests"), signature, "1760000201", b"{}")
