"""The published vectors, their negatives, and wechatpy as the other side."""

import json
import os
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wechatpy.crypto import PrpCrypto

from app.channels.base import Refusal
from app.channels.wechat import crypto

VECTORS: dict[str, list[dict[str, Any]]] = json.loads((Path(__file__).parent / "vectors.json").read_text())
KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
OTHER_KEY = "ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CBgoM"
APP_ID = "wx0123456789abcdef"

REASONS = {
    "wrong_msg_signature": "bad_signature",
    "plain_signature_used_as_msg_signature": "bad_signature",
    "other_appid_inside": "wrong_app_id",
    "padding_byte_0": "bad_padding",
    "padding_byte_33": "bad_padding",
    "length_prefix_too_large": "bad_length",
    "not_multiple_of_block": "bad_ciphertext",
}


def named(part: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("vector", [pytest.param(v, id=v["name"]) for v in VECTORS[part]])


def opened(vector: dict[str, Any]) -> bytes:
    covered = vector["token"], vector["timestamp"], vector["nonce"], vector["encrypt"]
    if not crypto.is_signed(vector["msg_signature"], *covered):
        raise Refusal("bad_signature")
    key = crypto.load_key(vector["encoding_aes_key"])
    return crypto.decrypt([key], vector["encrypt"], vector["receive_id"])


@named("signature")
def test_signature(vector: dict[str, Any]) -> None:
    parts = vector["nonce"], vector["token"], vector["timestamp"]
    assert crypto.sign(*parts) == vector["signature"]
    assert crypto.is_signed(vector["signature"], *parts)
    assert not crypto.is_signed(vector["signature"].upper(), *parts)


@named("aes_decrypt")
def test_decrypt(vector: dict[str, Any]) -> None:
    assert opened(vector).decode() == vector["plaintext"]


@named("aes_encrypt")
def test_encrypt(vector: dict[str, Any]) -> None:
    key = crypto.load_key(vector["encoding_aes_key"])
    encrypted = crypto.encrypt(key, vector["plaintext"].encode(), vector["receive_id"], vector["random16"].encode())

    assert encrypted == vector["encrypt"]
    assert crypto.sign(vector["token"], vector["timestamp"], vector["nonce"], encrypted) == vector["msg_signature"]


@named("negative")
def test_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as refused:
        opened(vector)
    assert refused.value.reason == REASONS[vector["name"]]


@pytest.mark.parametrize("encrypted", ["", "=", "A", "票", "\ud800", "////", "A" * 63])
def test_what_is_no_ciphertext_is_refused(encrypted: str) -> None:
    with pytest.raises(Refusal, match=r"bad_ciphertext|bad_padding"):
        crypto.decrypt([crypto.load_key(KEY)], encrypted, APP_ID)


def test_a_frame_too_short_for_its_head_is_refused() -> None:
    encryptor = crypto.load_key(KEY).encryptor()
    encrypted = encryptor.update(bytes(16) + bytes([16]) * 16) + encryptor.finalize()
    with pytest.raises(Refusal, match="bad_length"):
        crypto.decrypt([crypto.load_key(KEY)], b64encode(encrypted).decode(), APP_ID)


def test_the_previous_key_opens_what_the_current_one_does_not() -> None:
    current, previous = crypto.load_key(KEY), crypto.load_key(OTHER_KEY)
    encrypted = crypto.encrypt(previous, b"message", APP_ID, os.urandom(16))

    assert crypto.decrypt([current, previous], encrypted, APP_ID) == b"message"
    with pytest.raises(Refusal):
        crypto.decrypt([current], encrypted, APP_ID)


def test_the_reason_is_that_of_the_current_key() -> None:
    current, previous = crypto.load_key(KEY), crypto.load_key(OTHER_KEY)
    encrypted = crypto.encrypt(current, b"message", "wxanother", os.urandom(16))
    with pytest.raises(Refusal, match="wrong_app_id"):
        crypto.decrypt([current, previous], encrypted, APP_ID)


def test_spare_bits_in_the_keys_last_character_do_not_matter() -> None:
    encrypted = crypto.encrypt(crypto.load_key(KEY), b"message", APP_ID, bytes(16))
    assert crypto.decrypt([crypto.load_key(KEY[:-1] + "9")], encrypted, APP_ID) == b"message"


@pytest.mark.parametrize("key", ["", "short", "A" * 42, "A" * 44, "票" * 43])
def test_a_key_that_is_none_is_a_value_error(key: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the text is the library's
        crypto.load_key(key)


@settings(deadline=None)
@given(st.text(), st.text(), st.text())
def test_any_text_is_a_possible_signature(signature: str, timestamp: str, nonce: str) -> None:
    assert not crypto.is_signed(signature, "token", timestamp, nonce)
    assert crypto.is_signed(crypto.sign(nonce, "token", timestamp), "token", timestamp, nonce)


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.binary(min_size=16, max_size=16))
def test_wechatpy_and_we_open_what_the_other_seals(message: str, salt: bytes) -> None:
    key, theirs = crypto.load_key(KEY), PrpCrypto(b64decode(KEY + "="))

    assert theirs.decrypt(crypto.encrypt(key, message.encode(), APP_ID, salt), APP_ID) == message
    assert crypto.decrypt([key], theirs.encrypt(message, APP_ID).decode(), APP_ID).decode() == message
