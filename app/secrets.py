"""The keyring: credentials and received bodies are encrypted at rest with AES-256-GCM.

A sealed value is ``version (1) ‖ key id (4) ‖ nonce (12) ‖ ciphertext and tag``. The context (the row's unique key) is
bound as associated data, so that a value moved to another row does not open.
"""

import base64
import hashlib
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.errors import ConfigurationError
from app.settings import Settings

_VERSION = b"\x01"
_HEAD = 1 + 4


class Keyring:
    """Seals with the first key and opens with whichever key a value names."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._ciphers = {_key_id(key): AESGCM(key) for key in keys}
        self._first = next(iter(self._ciphers.items()))

    def seal(self, plain: bytes, context: str) -> bytes:
        key_id, cipher = self._first
        nonce = os.urandom(12)
        return _VERSION + key_id + nonce + cipher.encrypt(nonce, plain, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """The plain bytes; WrongKey where no key of the ring fits or the value belongs to another row."""
        cipher = self._ciphers.get(sealed[1:_HEAD])
        if cipher is None or sealed[:1] != _VERSION:
            raise WrongKey("sealed with a key that is not in SECRET_KEYS")
        try:
            return cipher.decrypt(sealed[_HEAD : _HEAD + 12], sealed[_HEAD + 12 :], context.encode())
        except (InvalidTag, ValueError):  # ValueError: so much is missing that there is no whole nonce
            raise WrongKey("the value was changed or moved") from None

    def is_current(self, sealed: bytes) -> bool:
        """Whether the value is sealed with the first key (rotation has nothing to do)."""
        return sealed[1:_HEAD] == self._first[0]


class WrongKey(ConfigurationError):
    """A sealed value does not open."""


def load_keyring(settings: Settings) -> Keyring:
    """Keys from SECRET_KEYS, else from a key file in DATA_DIR that is made on first use (mode 0600)."""
    if settings.secret_keys:
        return Keyring([_decode(text, f"key {n} of SECRET_KEYS") for n, text in enumerate(settings.secret_keys, 1)])
    path = settings.data_dir / "secret.key"
    try:
        return Keyring(_read(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"The key file {path} cannot be used: {error}. Mend that, or set SECRET_KEYS."
        ) from None


def _read(path: Path) -> list[bytes]:
    if not path.exists():
        _create(path)
    if path.stat().st_mode & 0o077:
        raise ConfigurationError(f"{path} can be read by other users: run chmod 600 on it.")
    lines = path.read_text().split()
    if not lines:
        raise ConfigurationError(f"The key file {path} is empty: restore it, or remove it to begin with a new key.")
    return [_decode(line, str(path)) for line in lines]


def new_key() -> str:
    """A fresh key in the form that SECRET_KEYS takes."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _create(path: Path) -> None:
    """Link a complete file into place: of two first starts one wins, and nobody reads half a key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(new_key() + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _decode(text: str, where: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise ConfigurationError(
            f"{where} is not 32 bytes in base64. Make one with: "
            "python3 -c 'import base64, os; print(base64.b64encode(os.urandom(32)).decode())'"
        )
    return key


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"viewer-desk key id" + key).digest()[:4]
