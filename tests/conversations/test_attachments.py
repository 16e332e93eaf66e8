"""Rows of viewers' files: what is expected, taken up and settled, whoever else is at it."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.channels.delivery import Media
from app.conversations import attachments
from app.conversations.attachments import ATTEMPTS, KEPT, Attachment, AttachmentState, Result
from app.conversations.models import Conversation
from app.db.database import Database
from app.jobs.models import Job, Lane
from app.storage.storage import Stored
from tests.factories import conversations as make
from tests.factories.conversations import NOW

PICTURE = Media("image", "media-1", "截图.jpg")
KEY = "ab/" + "ab" * 32
HERE = Result(AttachmentState.stored, stored=Stored(KEY, 5_000_000_000, "ab" * 32, "image/jpeg"))
AGAIN = Result(AttachmentState.waiting, "503")
LATER = NOW + timedelta(minutes=1)


@pytest.fixture
async def message(db: Database) -> int:
    return await make.message(db, await make.conversation(db, await make.channel(db)))


@pytest.fixture
async def attachment(db: Database, message: int) -> int:
    (attachment_id,) = await db.write(attachments.expect, [(message, [PICTURE])], NOW)
    return attachment_id


async def only(db: Database) -> Attachment:
    return await db.read(lambda session: session.scalars(select(Attachment)).one())


async def test_each_file_is_a_row_and_a_job_in_a_lane_of_its_own(db: Database, message: int) -> None:
    files = [PICTURE, Media("voice", "media-2"), Media("file", "https://cdn.example/x?key=1", "长" * 300)]
    ids = await db.write(attachments.expect, [(message, files)], NOW)
    rows = await db.read(attachments.list_of, [message])
    assert [(row.position, row.kind, row.reference, row.state, row.attempts) for row in rows] == [
        (0, "image", "media-1", "waiting", 0),
        (1, "voice", "media-2", "waiting", 0),
        (2, "file", "https://cdn.example/x?key=1", "waiting", 0),
    ]
    assert [len(row.name) for row in rows] == [6, 0, 255]
    assert {row.expires_at for row in rows} == {NOW + KEPT}
    jobs = await db.read(lambda session: session.scalars(select(Job)).all())
    lanes = await db.read(lambda session: session.scalars(select(Lane)).all())
    assert {(job.kind, job.subject_id, job.not_before) for job in jobs} == {("attachment", id_, NOW) for id_ in ids}
    assert {(lane.topic, lane.subject_id, lane.ready_at) for lane in lanes} == {
        ("work:attachment", id_, NOW) for id_ in ids
    }


async def test_a_message_has_each_place_once(db: Database, message: int, attachment: int) -> None:
    with pytest.raises(IntegrityError):
        await db.write(attachments.expect, [(message, [PICTURE])], NOW)


async def test_an_attempt_names_what_to_fetch_and_from_which_channel(db: Database, attachment: int) -> None:
    wanted = await db.write(attachments.begin, attachment, NOW)
    assert wanted is not None
    assert (wanted.media, wanted.attempt, wanted.expires_at) == (PICTURE, 1, NOW + KEPT)
    assert wanted.channel_id == await db.read(lambda session: session.scalar(select(Conversation.channel_id)))
    assert "media-1" not in repr(wanted)
    assert (await only(db)).state == "fetching"


async def test_what_is_stored_says_all_about_the_file_and_is_not_taken_up_again(db: Database, attachment: int) -> None:
    await db.write(attachments.begin, attachment, NOW)
    assert await db.write(attachments.settle, attachment, HERE, LATER, attempt=1)
    row = await only(db)
    assert (row.state, row.storage_key, row.size, row.sha256) == ("stored", KEY, 5_000_000_000, "ab" * 32)
    assert (row.content_type, row.fetched_at, row.error) == ("image/jpeg", LATER, None)
    assert await db.write(attachments.begin, attachment, LATER) is None


async def test_what_was_cut_short_is_taken_up_again(db: Database, attachment: int) -> None:
    await db.write(attachments.begin, attachment, NOW)
    again = await db.write(attachments.begin, attachment, LATER)
    assert again is not None
    assert again.attempt == 2


async def test_what_dies_with_its_process_again_and_again_has_failed(db: Database, attachment: int) -> None:
    for _ in range(ATTEMPTS):
        assert await db.write(attachments.begin, attachment, NOW)
    assert await db.write(attachments.begin, attachment, LATER) is None
    row = await only(db)
    assert (row.state, row.error, row.fetched_at) == ("failed", "interrupted", LATER)


async def test_of_two_attempts_the_later_one_counts(db: Database, attachment: int) -> None:
    for _ in range(2):
        await db.write(attachments.begin, attachment, NOW)
    assert not await db.write(attachments.settle, attachment, AGAIN, LATER, attempt=1)
    assert await db.write(attachments.settle, attachment, HERE, LATER, attempt=2)
    assert not await db.write(attachments.settle, attachment, AGAIN, LATER, attempt=2)
    assert (await only(db)).state == "stored"


async def test_an_attempt_that_does_not_count_is_not_counted(db: Database, attachment: int) -> None:
    await db.write(attachments.begin, attachment, NOW)
    await db.write(attachments.settle, attachment, AGAIN._replace(counts=False), NOW, attempt=1)
    assert ((await only(db)).attempts, (await only(db)).error) == (0, "503")


@pytest.mark.parametrize(
    "wrong", [{"state": "lost"}, {"kind": "hat"}, {"state": "stored"}, {"storage_key": KEY}, {"message_id": 0}]
)
async def test_a_row_that_contradicts_itself_is_refused(db: Database, attachment: int, wrong: dict[str, Any]) -> None:
    def change(session: Session) -> None:
        session.execute(update(Attachment).values(wrong))

    with pytest.raises(IntegrityError):
        await db.write(change)
