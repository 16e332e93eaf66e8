"""Both engines: what is put comes back, whatever else happens leaves nothing."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest

from app.secrets import Keyring
from app.storage.engine import Missing
from app.storage.sealing import HEADER, PIECE, Damaged, sealed_size
from app.storage.storage import NotAccepted, Storage, TooLarge
from tests.factories.storing import JPEG, MEGA, broken, content_of, pieces
from tests.storage.conftest import Place

ABSENT = "ab/" + "ab" * 32


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * MEGA + 5])
async def test_what_is_put_comes_back(storage: Storage, size: int) -> None:
    content = os.urandom(size)
    stored = await storage.put(pieces(content), limit=size)
    digest = hashlib.sha256(content).hexdigest()
    assert stored == (f"{digest[:2]}/{digest}", size, digest, "application/octet-stream")
    assert await content_of(storage, stored.key) == content
    assert await storage.size(stored.key) == size
    assert await storage.exists(stored.key)


async def test_what_is_stored_cannot_be_read_without_the_key(place: Place) -> None:
    stored = await place.storage.put(pieces(JPEG), limit=MEGA)
    (raw,) = place.raw.values()
    assert b"picture" not in raw
    assert len(raw) == sealed_size(len(JPEG))
    with pytest.raises(Damaged):
        await content_of(place.with_keys(Keyring([b"o" * 32])), stored.key)


async def test_after_a_new_first_key_old_files_still_open(place: Place) -> None:
    stored = await place.storage.put(pieces(JPEG), limit=MEGA)
    newer = place.with_keys(Keyring([b"n" * 32, b"k" * 32]))
    assert await content_of(newer, stored.key) == JPEG


async def test_the_type_is_what_the_bytes_say(storage: Storage) -> None:
    picture = await storage.put(pieces(JPEG, 1), limit=MEGA)
    page = await storage.put(pieces(b"<html><script>"), limit=MEGA)
    assert (picture.content_type, page.content_type) == ("image/jpeg", "application/octet-stream")
    async with storage.open(picture.key) as opened, storage.open(page.key) as other:
        assert (opened.content_type, opened.may_be_shown, opened.size) == ("image/jpeg", True, len(JPEG))
        assert (other.content_type, other.may_be_shown) == ("application/octet-stream", False)


async def test_the_same_file_twice_is_stored_once(place: Place) -> None:
    first = await place.storage.put(pieces(JPEG), limit=MEGA)
    kept = dict(place.raw)
    assert await place.storage.put(pieces(JPEG, 7), limit=MEGA) == first
    assert dict(place.raw) == kept
    assert place.drafts() == []


async def test_two_who_put_the_same_file_at_once_both_have_it(place: Place) -> None:
    content = os.urandom(2 * MEGA)
    puts = [place.storage.put(pieces(content), limit=len(content)) for _ in range(4)]
    keys = {stored.key for stored in await asyncio.gather(*puts)}
    assert len(keys) == len(place.raw) == 1
    assert await content_of(place.storage, keys.pop()) == content


async def test_what_a_disk_lost_is_put_anew(place: Place) -> None:
    stored = await place.storage.put(pieces(JPEG), limit=MEGA)
    (path,) = place.raw
    place.raw[path] = bytes(len(place.raw[path]))
    await place.storage.put(pieces(JPEG), limit=MEGA)
    assert await content_of(place.storage, stored.key) == JPEG


# -------------------- nothing is left


async def test_a_file_over_the_limit_leaves_nothing(place: Place) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += MEGA
            yield bytes(MEGA)

    with pytest.raises(TooLarge, match="larger than 3145728 bytes"):
        await place.storage.put(endless(), limit=3 * MEGA)
    assert taken == 4 * MEGA
    assert (list(place.raw), place.drafts()) == ([], [])


async def test_a_type_that_was_not_asked_for_is_refused_at_its_beginning(place: Place) -> None:
    async def page() -> AsyncIterator[bytes]:
        yield b"%PDF-1.7" + bytes(2 * MEGA)
        raise AssertionError("read on")

    with pytest.raises(NotAccepted, match="application/pdf"):
        await place.storage.put(page(), limit=9 * MEGA, accepts={"image/png"})
    assert (list(place.raw), place.drafts()) == ([], [])


@pytest.mark.parametrize("came", [b"", JPEG, bytes(3 * MEGA)])
async def test_a_download_that_breaks_off_leaves_nothing(place: Place, came: bytes) -> None:
    with pytest.raises(ConnectionResetError):
        await place.storage.put(broken(came, ConnectionResetError()), limit=9 * MEGA)
    assert (list(place.raw), place.drafts()) == ([], [])


async def test_a_cancelled_put_leaves_nothing(place: Place) -> None:
    begun = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield bytes(2 * MEGA)
        begun.set()
        await asyncio.Event().wait()

    task = asyncio.ensure_future(place.storage.put(slow(), limit=9 * MEGA))
    await begun.wait()
    assert len(place.drafts()) == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (list(place.raw), place.drafts()) == ([], [])


async def test_old_drafts_are_swept_and_young_ones_are_not(place: Place) -> None:
    assert await place.storage.sweep(datetime.now(UTC)) == 0
    await place.storage.put(pieces(JPEG), limit=MEGA)
    folder, now = place.settings.data_dir / "files" / "drafts", datetime.now(UTC)
    for name, age in (("old", 3), ("young", 1)):
        (folder / name).touch()
        os.utime(folder / name, times=(0, (now - timedelta(days=age)).timestamp()))
    assert await place.storage.sweep(now - timedelta(days=2)) == 1
    assert [path.name for path in place.drafts()] == ["young"]


# -------------------- what is not there, and what is not what it was


async def test_a_deleted_file_is_gone_and_may_be_deleted_again(place: Place) -> None:
    stored = await place.storage.put(pieces(JPEG), limit=MEGA)
    await place.storage.delete(stored.key)
    await place.storage.delete(stored.key)
    assert list(place.raw) == []
    assert not await place.storage.exists(stored.key)


async def test_what_is_not_there_is_missing(storage: Storage) -> None:
    assert not await storage.exists(ABSENT)
    with pytest.raises(Missing):
        await storage.size(ABSENT)
    with pytest.raises(Missing):
        await content_of(storage, ABSENT)


@pytest.mark.parametrize(
    "key",
    ["", "..", "../secret.key", "/etc/passwd", "ab/../../secret.key", ABSENT.upper(), ABSENT + "\n",
     "drafts/" + "ab" * 32, "cd/" + "ab" * 32, "ab/" + "ab" * 31 + "\0\0"],
)  # fmt: skip
async def test_no_key_leads_out_of_the_storage(place: Place, key: str) -> None:
    (place.settings.data_dir / "secret.key").write_text("secret")
    for verb in (place.storage.delete, place.storage.exists, place.storage.size):
        with pytest.raises(Missing, match="no key of this storage"):
            await verb(key)
    with pytest.raises(Missing, match="no key of this storage"):
        await content_of(place.storage, key)
    assert (place.settings.data_dir / "secret.key").exists()


def _flipped(raw: bytes, at: int) -> bytes:
    return raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]


TAMPERED: dict[str, Callable[[bytes], bytes]] = {
    "a bit of the header": lambda raw: _flipped(raw, HEADER - 20),
    "a bit of the first piece": lambda raw: _flipped(raw, HEADER),
    "a bit of the last piece": lambda raw: _flipped(raw, len(raw) - 20),
    "the end cut off": lambda raw: raw[:-1],
    "the last piece cut off": lambda raw: raw[: HEADER + 2 * (PIECE + 16)],
    "all pieces cut off": lambda raw: raw[:HEADER],
    "half a header": lambda raw: raw[:20],
    "nothing left": lambda raw: b"",
    "something behind it": lambda raw: raw + b"x",
    "two pieces exchanged": lambda raw: (
        raw[:HEADER] + raw[HEADER + PIECE + 16 : HEADER + 2 * (PIECE + 16)] + raw[HEADER : HEADER + PIECE + 16]
        + raw[HEADER + 2 * (PIECE + 16) :]
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", TAMPERED)
async def test_a_changed_file_does_not_pass(place: Place, change: str) -> None:
    stored = await place.storage.put(pieces(os.urandom(2 * PIECE + 100)), limit=MEGA)
    (path,) = place.raw
    place.raw[path] = TAMPERED[change](place.raw[path])
    with pytest.raises(Damaged):
        await content_of(place.storage, stored.key)


async def test_a_file_in_the_place_of_another_does_not_pass(place: Place) -> None:
    mine = await place.storage.put(pieces(b"mine"), limit=MEGA)
    (path,) = place.raw
    await place.storage.put(pieces(b"hers"), limit=MEGA)
    (other,) = set(place.raw) - {path}
    place.raw[path] = place.raw[other]
    with pytest.raises(Damaged):
        await content_of(place.storage, mine.key)
