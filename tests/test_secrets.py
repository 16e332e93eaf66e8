import base64
import os
import stat
import threading
from pathlib import Path

import pytest

from app.errors import ConfigurationError
from app.secrets import Keyring, WrongKey, load_keyring, new_key
from app.settings import Settings

OLD, NEW = b"o" * 32, b"n" * 32
CONTEXT = "channels:wechat/main"


def settings(data_dir: Path, *keys: str) -> Settings:
    return Settings(data_dir=data_dir, secret_keys=keys)


# -------------------- sealing


@pytest.mark.parametrize("plain", [b"", b"x", "密钥".encode(), os.urandom(100_000)], ids=len)
def test_what_is_sealed_opens(plain: bytes) -> None:
    ring = Keyring([NEW])
    assert ring.open(ring.seal(plain, CONTEXT), CONTEXT) == plain


def test_nothing_of_it_can_be_seen() -> None:
    ring = Keyring([NEW])
    sealed = [ring.seal(b"the same token", CONTEXT) for _ in range(2)]
    assert sealed[0] != sealed[1]
    assert b"token" not in sealed[0]
    assert NEW not in sealed[0]


def test_rotation_opens_old_values_and_seals_with_the_new_key() -> None:
    old, both = Keyring([OLD]), Keyring([NEW, OLD])
    before = old.seal(b"secret", CONTEXT)
    assert both.open(before, CONTEXT) == b"secret"
    assert not both.is_current(before)
    after = both.seal(b"secret", CONTEXT)
    assert both.is_current(after)
    assert Keyring([NEW]).open(after, CONTEXT) == b"secret"
    with pytest.raises(WrongKey, match="not in SECRET_KEYS"):
        Keyring([NEW]).open(before, CONTEXT)


def test_a_value_moved_to_another_row_does_not_open() -> None:
    ring = Keyring([NEW])
    with pytest.raises(WrongKey, match="moved"):
        ring.open(ring.seal(b"secret", CONTEXT), "channels:wechat/other")


def test_a_changed_value_does_not_open() -> None:
    ring = Keyring([NEW])
    sealed = ring.seal(b"secret", CONTEXT)
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(WrongKey):
            ring.open(bytes(changed), CONTEXT)


def test_a_value_cut_short_does_not_open() -> None:
    ring = Keyring([NEW])
    sealed = ring.seal(b"secret", CONTEXT)
    for length in range(len(sealed)):
        with pytest.raises(WrongKey):
            ring.open(sealed[:length], CONTEXT)


# -------------------- where the keys come from


def test_keys_of_the_settings_come_first(tmp_path: Path) -> None:
    new, old = new_key(), new_key()
    ring = load_keyring(settings(tmp_path, new, old))
    assert ring.open(load_keyring(settings(tmp_path, old)).seal(b"x", CONTEXT), CONTEXT) == b"x"
    assert list(tmp_path.iterdir()) == []


def test_the_key_file_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    data = tmp_path / "new" / "data"
    sealed = load_keyring(settings(data)).seal(b"x", CONTEXT)
    assert load_keyring(settings(data)).open(sealed, CONTEXT) == b"x"
    assert [path.name for path in data.iterdir()] == ["secret.key"]
    assert stat.S_IMODE((data / "secret.key").stat().st_mode) == 0o600


def test_of_many_first_starts_all_get_the_same_key(tmp_path: Path) -> None:
    """All pass the look for the file together, so that all try to make it."""
    together, rings = threading.Barrier(8), list[Keyring]()

    def start() -> None:
        together.wait()
        rings.append(load_keyring(settings(tmp_path)))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sealed = [ring.seal(b"x", CONTEXT) for ring in rings]
    assert [ring.open(value, CONTEXT) for ring in rings for value in sealed] == [b"x"] * 64
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]


def test_several_keys_may_stand_in_the_file(tmp_path: Path) -> None:
    lines = [base64.b64encode(key).decode() for key in (NEW, OLD)]
    write(tmp_path / "secret.key", "\n".join(lines))
    ring = load_keyring(settings(tmp_path))
    assert ring.open(Keyring([OLD]).seal(b"x", CONTEXT), CONTEXT) == b"x"
    assert ring.is_current(Keyring([NEW]).seal(b"x", CONTEXT))


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    write(path, new_key(), mode=0o640)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        load_keyring(settings(tmp_path))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [("", "is empty"), ("\n", "is empty"), ("short", "not 32 bytes"), ("字", "not 32 bytes"), ("\0", "not 32 bytes")],
)
def test_a_broken_file_is_refused(tmp_path: Path, content: str, sentence: str) -> None:
    write(tmp_path / "secret.key", content)
    with pytest.raises(ConfigurationError, match=f"secret.key.*{sentence}"):
        load_keyring(settings(tmp_path))


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    write(path, "")
    path.write_bytes(b"\xff" * 32)
    with pytest.raises(ConfigurationError, match="cannot be used"):
        load_keyring(settings(tmp_path))


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match=r"file/data/secret\.key cannot be used"):
        load_keyring(settings(tmp_path / "file" / "data"))


@pytest.mark.parametrize("key", ["", "short", base64.b64encode(b"x" * 31).decode(), "?" * 44, "字" * 44])
def test_a_wrong_key_of_the_settings_is_named_and_not_shown(tmp_path: Path, key: str) -> None:
    with pytest.raises(ConfigurationError, match="key 2 of SECRET_KEYS is not 32 bytes in base64") as refused:
        load_keyring(settings(tmp_path, new_key(), key))
    assert not key or key not in str(refused.value)


def write(path: Path, content: str, mode: int = 0o600) -> None:
    path.write_text(content)
    path.chmod(mode)
