"""Fetching viewers' files from a played platform into a real storage: every end that it can come to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from app.channels.delivery import DeliveryError, Download, Line, Media, Outcome
from app.channels.downloads import from_address
from app.channels.wechat.platform import WeChat
from app.conversations import attachments, fetching
from app.conversations.accounts import Account
from app.conversations.attachments import ATTEMPTS, KEPT, Attachment
from app.conversations.fetching import ELSEWHERE, WAITS, Limit, Reach, fetch
from app.db.database import Database
from app.settings import Settings
from app.storage.opening import open_storage
from app.storage.storage import Storage
from tests.factories import conversations as make
from tests.factories.conversations import KEYRING, NOW
from tests.factories.storing import JPEG, Shelf, content_of
from tests.fakes import files as fake
from tests.fakes.files import Files
from tests.faults.waiting import eventually

GOOD = "good-token"


class Played(WeChat):
    """A platform whose files lie at addresses, for who brings the current credential."""

    def __init__(self) -> None:
        self.raises: list[Exception] = []
        """Instead of the next downloads."""

    def download(self, line: Line, account: Any, media: Media) -> AbstractAsyncContextManager[Download]:
        if self.raises:
            raise self.raises.pop(0)
        if line.token != GOOD:
            raise DeliveryError("40001", Outcome.refresh)
        return from_address(line, media)


class World:
    """A message with a file, the platform that has it, and a clock."""

    def __init__(self, db: Database, files: Files, folder: Path) -> None:
        self.db, self.files, self.now = db, files, NOW
        self.platform, self.served, self.tokens = Played(), True, [GOOD]
        self.storage: Storage = open_storage(Settings(data_dir=folder), KEYRING)
        self.shelf = Shelf(folder / "files")
        self._http = httpx.AsyncClient()

    async def expect(self, path: str = "/picture.jpg", kind: str = "image") -> int:
        channel = await make.channel(self.db, f"c{len(await self.rows())}")
        message = await make.message(self.db, await make.conversation(self.db, channel))
        media = Media(kind, f"{self.files.url}{path}", "截图.jpg")
        (attachment_id,) = await self.db.write(attachments.expect, [(message, [media])], NOW)
        return attachment_id

    async def line_for(self, channel_id: int) -> Reach | None:
        account = Account(channel_id, "main", False, self.platform, None)
        line = Line(self._http, self.files.url, self.tokens[0])
        return Reach(account, line, self._forget) if self.served else None

    async def _forget(self) -> None:
        self.tokens.pop(0)

    async def fetch(self, attachment_id: int) -> float | None:
        return await fetch(self.db, self.storage, self.line_for, attachment_id, clock=lambda: self.now)

    async def rows(self) -> list[Attachment]:
        return await self.db.read(lambda session: list(session.scalars(select(Attachment).order_by(Attachment.id))))

    async def row(self) -> Attachment:
        return (await self.rows())[-1]

    async def close(self) -> None:
        await self._http.aclose()


@pytest.fixture
async def world(db: Database, tmp_path: Path) -> AsyncIterator[World]:
    async with fake.running() as files:
        files.put("/picture.jpg", JPEG, "Content-Type: image/jpeg")
        world = World(db, files, tmp_path)
        yield world
        await world.close()


async def test_a_file_is_fetched_once_and_can_be_opened(world: World) -> None:
    attachment = await world.expect()
    assert await world.fetch(attachment) is None
    row = await world.row()
    assert (row.state, row.content_type, row.size, row.attempts) == ("stored", "image/jpeg", len(JPEG), 1)
    assert await content_of(world.storage, row.storage_key or "") == JPEG
    assert await world.fetch(attachment) is None
    assert len(world.files.asked) == 1


async def test_the_same_picture_of_two_viewers_is_stored_once(world: World) -> None:
    for _ in range(2):
        await world.fetch(await world.expect())
    first, second = await world.rows()
    assert first.storage_key == second.storage_key
    assert list(world.shelf) == [first.storage_key]


async def test_the_senders_word_for_the_type_does_not_count(world: World) -> None:
    world.files.put("/x", b"<svg onload='alert(1)'>" * 10, "Content-Type: image/svg+xml")
    await world.fetch(await world.expect("/x"))
    assert (await world.row()).content_type == "application/octet-stream"


# -------------------- ends


async def ended(world: World, path: str = "/x", kind: str = "image") -> tuple[str, str | None]:
    assert await world.fetch(await world.expect(path, kind)) is None
    row = await world.row()
    assert (row.storage_key, row.fetched_at) == (None, world.now)
    assert list(world.shelf) == []
    return row.state, row.error


async def test_what_the_platform_no_longer_has_is_expired(world: World) -> None:
    assert await ended(world) == ("expired", "http_404")
    world.platform.raises = [DeliveryError("40007", Outcome.media, "invalid media_id")]
    assert await ended(world) == ("expired", "40007 invalid media_id")


async def test_a_file_over_its_kinds_limit_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "LIMITS", {"image": Limit(len(JPEG) - 1, ("image",))})
    assert await ended(world, "/picture.jpg") == ("refused", f"larger than {len(JPEG) - 1} bytes")


async def test_a_file_over_every_limit_is_refused_when_it_is_announced(world: World) -> None:
    world.files.put("/x", b"", length=1 << 40)
    assert await ended(world, kind="file") == ("refused", "too_large")


async def test_a_file_of_another_kind_than_the_message_says_is_refused(world: World) -> None:
    world.files.put("/x", b"%PDF-1.7 not a picture")
    assert await ended(world) == ("refused", "of the type application/pdf")


async def test_any_type_is_kept_as_a_file(world: World) -> None:
    world.files.put("/x", b"%PDF-1.7 an invoice")
    await world.fetch(await world.expect("/x", "file"))
    assert ((await world.row()).state, (await world.row()).content_type) == ("stored", "application/pdf")


async def test_an_address_inside_is_never_asked(world: World) -> None:
    world.files.redirect("/x", "http://169.254.169.254/latest/meta-data/")
    assert await ended(world) == ("failed", "blocked_scheme")


async def test_what_the_platform_cannot_do_has_failed(world: World) -> None:
    world.platform.raises = [DeliveryError("unsupported", Outcome.permanent, "no such kind")]
    assert await ended(world) == ("failed", "unsupported no such kind")


# -------------------- another attempt


async def test_a_platform_that_stumbles_is_asked_again_within_an_hour_and_then_no_more(world: World) -> None:
    world.files.put("/x", b"", status="503 Service Unavailable")
    attachment, waits = await world.expect("/x"), []
    while (wait := await world.fetch(attachment)) is not None:
        row = await world.row()
        assert (row.state, row.error, row.fetched_at) == ("waiting", "http_503", None)
        waits.append(wait)
        world.now += timedelta(seconds=wait)
    assert tuple(waits) == WAITS
    assert timedelta(hours=1) < world.now - NOW < timedelta(hours=2)
    assert ((await world.row()).state, (await world.row()).error, len(world.files.asked)) == (
        "failed",
        "http_503",
        ATTEMPTS,
    )


@pytest.mark.parametrize(
    ("body", "length", "error"),
    [(JPEG, len(JPEG) + 1, "broken_off"), (b"", 0, "broken_off 0 bytes of 0")],
)
async def test_a_file_that_is_not_whole_is_fetched_again(world: World, body: bytes, length: int, error: str) -> None:
    world.files.put("/x", body, length=length)
    attachment = await world.expect("/x")
    assert await world.fetch(attachment) == WAITS[0]
    assert ((await world.row()).state, (await world.row()).error, list(world.shelf)) == ("waiting", error, [])
    world.files.put("/x", JPEG)
    assert await world.fetch(attachment) is None
    assert ((await world.row()).state, (await world.row()).error) == ("stored", None)


async def test_a_page_instead_of_a_picture_is_no_file(world: World) -> None:
    world.files.put("/x", b"<html>busy", "Content-Type: text/html; charset=utf-8")
    assert await world.fetch(await world.expect("/x")) == WAITS[0]
    assert (await world.row()).error == "no_file a page came instead of it"


async def test_a_stale_credential_is_replaced_once(world: World) -> None:
    world.tokens = ["stale", GOOD]
    assert await world.fetch(await world.expect()) is None
    assert ((await world.row()).state, world.tokens) == ("stored", [GOOD])
    world.tokens = ["stale", "stale too", GOOD]
    assert await world.fetch(await world.expect()) == WAITS[0]


async def test_the_platform_says_when_to_come_again(world: World) -> None:
    world.platform.raises = [DeliveryError("45009", Outcome.later, retry_after=1800)]
    assert await world.fetch(await world.expect()) == 1800


@pytest.mark.parametrize("reason", ["not served", "not allowed", "storage"])
async def test_what_somebody_must_mend_first_does_not_count_until_the_platforms_time_is_over(
    world: World, reason: str
) -> None:
    attachment = await world.expect()
    world.served = reason != "not served"
    if reason == "not allowed":
        world.platform.raises = [DeliveryError("40164", Outcome.operator) for _ in range(ATTEMPTS + 2)]
    if reason == "storage":
        (world.shelf.root / "drafts").parent.mkdir()
        (world.shelf.root / "drafts").write_text("in the way")
    for _ in range(ATTEMPTS + 1):
        assert await world.fetch(attachment) == ELSEWHERE
        world.now += timedelta(seconds=ELSEWHERE)
    assert ((await world.row()).state, (await world.row()).attempts) == ("waiting", 0)
    world.now = NOW + KEPT - timedelta(seconds=1)
    assert await world.fetch(attachment) is None
    assert (await world.row()).state == "expired"
    assert (await world.row()).error


async def test_a_mistake_of_ours_is_seen_and_not_repeated_for_ever(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.platform.raises = [KeyError("media_id") for _ in range(ATTEMPTS)]
    attachment = await world.expect()
    while await world.fetch(attachment) is not None:
        pass
    assert ((await world.row()).state, (await world.row()).error) == ("failed", "KeyError")
    assert "fetching failed" in caplog.text


async def test_what_takes_too_long_is_left_for_now(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "LONGEST", 0.2)
    world.files.put("/x", JPEG, length=1000)
    world.files.stalls = True
    assert await world.fetch(await world.expect("/x")) == WAITS[0]
    assert (await world.row()).error == "not done in 0.2 s"


# -------------------- twice, and cut short


async def test_what_a_kill_cut_short_is_fetched_by_the_next(world: World) -> None:
    attachment = await world.expect("/x")
    world.files.put("/x", JPEG, length=1000)
    world.files.stalls = True
    task = asyncio.ensure_future(world.fetch(attachment))

    async def is_asked() -> bool:
        return bool(world.files.asked)

    await eventually("the platform is asked", is_asked)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ((await world.row()).state, list(world.shelf)) == ("fetching", [])
    world.files.stalls = False
    world.files.put("/x", JPEG)
    assert await world.fetch(attachment) is None
    assert ((await world.row()).state, (await world.row()).attempts) == ("stored", 2)


async def test_two_who_fetch_the_same_both_come_to_an_end(world: World) -> None:
    attachment = await world.expect()
    waits = await asyncio.gather(world.fetch(attachment), world.fetch(attachment))
    assert set(waits) <= {None, WAITS[0]}
    assert await world.fetch(attachment) is None
    assert ((await world.row()).state, len(world.shelf)) == ("stored", 1)


async def test_no_error_names_the_address(world: World, caplog: pytest.LogCaptureFixture) -> None:
    await world.fetch(await world.expect("/picture.jpg?rkey=geheim"))
    assert (await world.row()).state == "expired"
    assert "geheim" not in f"{(await world.row()).error} {[record.__dict__ for record in caplog.records]}"
