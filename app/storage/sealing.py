"""A file at rest, sealed piece by piece, so that nobody holds it whole to write or to read it.

``header ‖ piece ‖ piece …``: the header is a value of the keyring, sealed to the file's key in the storage: a random
key of this file's own and its length. A piece is 64 KiB of the file (the last one less) under that key with
AES-256-GCM, its number as the nonce; so none can be changed, moved, left out or brought over from another file. Another
first key of the keyring needs new headers only.
"""

import hashlib
import os
import struct
from collections.abc import Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.secrets import Keyring, WrongKey

PIECE = 64 * 1024
_TAG = 16
_INNER = struct.Struct(">32sQ")
HEADER = 1 + 4 + 12 + _INNER.size + _TAG
"""Bytes; the keyring's own additions are part of it."""


class Damaged(Exception):
    """What is stored is not what was put there, or it was sealed with a key that is not at hand."""


class Sealer:
    """Takes a file's bytes in order and gives them back sealed; counts and hashes them."""

    def __init__(self) -> None:
        self.size = 0
        self._own_key = os.urandom(32)
        self._cipher = AESGCM(self._own_key)
        self._hash = hashlib.sha256()
        self._held = bytearray()
        self._number = 0

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def add(self, plain: bytes) -> bytes:
        """The pieces that have become whole."""
        self.size += len(plain)
        self._hash.update(plain)
        self._held += plain
        whole = len(self._held) // PIECE * PIECE
        ready = bytes(self._held[:whole])
        del self._held[:whole]
        return b"".join(self._seal(ready[at : at + PIECE]) for at in range(0, whole, PIECE))

    def end(self) -> bytes:
        """The last piece."""
        return self._seal(bytes(self._held)) if self._held else b""

    def header(self, keyring: Keyring, key: str) -> bytes:
        return keyring.seal(_INNER.pack(self._own_key, self.size), _context(key))

    def _seal(self, piece: bytes) -> bytes:
        self._number += 1
        return self._cipher.encrypt(_nonce(self._number), piece, None)


class Opener:
    """Takes the bytes behind a header in order and gives the file's back; Damaged where they are not its own."""

    def __init__(self, header: bytes, keyring: Keyring, key: str) -> None:
        try:
            own_key, size = _INNER.unpack(keyring.open(header, _context(key)))
        except (WrongKey, struct.error):
            raise Damaged("the header of a stored file does not open") from None
        self._cipher = AESGCM(own_key)
        self.size: int = size
        self._left = size
        self._held = bytearray()
        self._number = 0

    def add(self, sealed: bytes) -> bytes:
        """What has become readable."""
        self._held += sealed
        return b"".join(self._opened())

    def end(self) -> None:
        """Damaged where something is missing or left over."""
        if self._left or self._held:
            raise Damaged("a stored file is longer or shorter than it was")

    def _opened(self) -> Iterator[bytes]:
        while self._left and len(self._held) >= (length := min(self._left, PIECE) + _TAG):
            self._number += 1
            try:
                plain = self._cipher.decrypt(_nonce(self._number), bytes(self._held[:length]), None)
            except InvalidTag:
                raise Damaged("a piece of a stored file was changed") from None
            del self._held[:length]
            self._left -= len(plain)
            yield plain


def sealed_size(plain: int) -> int:
    return HEADER + plain + _TAG * -(-plain // PIECE)


def plain_size(sealed: int) -> int:
    """The inverse."""
    pieces = -(-(sealed - HEADER) // (PIECE + _TAG))
    return sealed - HEADER - _TAG * pieces


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _context(key: str) -> str:
    return f"files:{key}"
