"""WeChat's signature and encryption of pushes and replies.

A frame is 16 random bytes, the message's length (4 bytes, big-endian), the message and the app id, padded to a multiple
of 32 bytes (PKCS#7), encrypted with AES-256-CBC whose IV is the head of the key, and written as Base64.
Source: the platform's description of message encryption (消息加解密).
"""

from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable
from hashlib import sha1
from hmac import compare_digest

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from app.channels.base import Refusal

Key = Cipher[modes.CBC]

SALT_BYTES = 16
_HEAD = SALT_BYTES + 4
_BLOCK = 32


def sign(*parts: str) -> str:
    """The signature over the parts, in whatever order they are given: hex SHA-1 of the sorted parts, joined."""
    return sha1(_bytes("".join(sorted(parts)))).hexdigest()


def is_signed(signature: str, *parts: str) -> bool:
    """Whether the signature fits the parts, compared in constant time. Any text is a possible (wrong) signature."""
    return compare_digest(sign(*parts).encode(), _bytes(signature))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def load_key(encoding_aes_key: str) -> Key:
    """The cipher of the console's EncodingAESKey (43 characters); ValueError when it is not 32 bytes of Base64."""
    # The last character may carry spare bits, which a strict decoder refuses.
    key = a2b_base64(encoding_aes_key + "=")
    return Cipher(algorithms.AES256(key), modes.CBC(key[:16]))


def decrypt(keys: Iterable[Key], encrypted: str, app_id: str) -> bytes:
    """The message, by the first key that fits; else Refusal with what was wrong under the first (current) key."""
    refused: Refusal | None = None
    for key in keys:
        try:
            return _message(_frame(key, encrypted), app_id.encode())
        except Refusal as refusal:
            refused = refused or refusal
    raise refused or Refusal("no_key")


def _frame(key: Key, encrypted: str) -> bytes:
    try:
        decryptor = key.decryptor()
        padded = decryptor.update(a2b_base64(encrypted)) + decryptor.finalize()
    except ValueError:
        raise Refusal("bad_ciphertext") from None
    if not padded or not 1 <= padded[-1] <= _BLOCK:
        raise Refusal("bad_padding")
    return padded[: -padded[-1]]


def _message(frame: bytes, app_id: bytes) -> bytes:
    end = _HEAD + int.from_bytes(frame[SALT_BYTES:_HEAD], "big")
    if not _HEAD <= end <= len(frame):
        raise Refusal("bad_length")
    if frame[end:] != app_id:
        raise Refusal("wrong_app_id")
    return frame[_HEAD:end]


def encrypt(key: Key, message: bytes, app_id: str, salt: bytes) -> str:
    """The message as the platform wants it; ``salt`` is ``SALT_BYTES`` fresh random bytes."""
    frame = b"".join((salt, len(message).to_bytes(4, "big"), message, app_id.encode()))
    padding = _BLOCK - len(frame) % _BLOCK
    encryptor = key.encryptor()
    encrypted = encryptor.update(frame + bytes((padding,)) * padding) + encryptor.finalize()
    return b2a_base64(encrypted, newline=False).decode()
