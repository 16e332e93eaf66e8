"""The one key pair of a bot: the platform signs its pushes with it, and we its checks of the address.

Source: the platform's webhook documentation; Ed25519 is RFC 8032.
"""

import re

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SEED_BYTES = 32
_SIGNATURE = re.compile(r"[0-9a-fA-F]{128}")
_FORBIDDEN_BITS = 0xE0
"""Of the last byte: RFC 8032 leaves them clear, and a signature that sets them is another form of a good one."""


def load_key(secret: str) -> Ed25519PrivateKey:
    """The key pair of a bot's secret, which is repeated until it fills a seed. ValueError for an empty one."""
    given = secret.encode()
    if not given:
        raise ValueError("a key needs a secret")
    return Ed25519PrivateKey.from_private_bytes((given * (SEED_BYTES // len(given) + 1))[:SEED_BYTES])


def sign(key: Ed25519PrivateKey, timestamp: str, content: bytes) -> str:
    """The signature in hexadecimal over the time and what follows it at once."""
    return key.sign(timestamp.encode() + content).hex()


def is_signed(key: Ed25519PublicKey, signature: str, timestamp: str, content: bytes) -> bool:
    if not _SIGNATURE.fullmatch(signature):
        return False
    given = bytes.fromhex(signature)
    if given[-1] & _FORBIDDEN_BITS:
        return False
    try:
        key.verify(given, timestamp.encode() + content)
    except InvalidSignature:
        return False
    return True
