"""Files of messages on the way in: expected in the message's own transaction, once, and never for a text."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.channels.content import Content, Image, Location, Video, Voice
from app.conversations.attachments import Attachment
from app.conversations.models import EventState, InboundEvent, Message
from app.db.database import Database
from app.dialogue import batch
from app.dialogue.reading import read_stored
from app.jobs.models import Job
from tests.dialogue.conftest import Talk

PICTURE = Image("http://mmbiz.qpic.cn/x", "media-1")


def expected(session: Session) -> list[tuple[Any, ...]]:
    """What is expected, with the kind of the message it belongs to."""
    columns = (Message.kind, Attachment.position, Attachment.kind, Attachment.reference, Attachment.state)
    found = session.execute(select(*columns).join(Message, Message.id == Attachment.message_id).order_by(Attachment.id))
    return [tuple(row) for row in found]


def fetches(session: Session) -> list[int]:
    return list(session.scalars(select(Job.subject_id).where(Job.kind == "attachment")))


@pytest.mark.parametrize(
    ("content", "kind", "reference"),
    [
        (PICTURE, "image", "media-1"),
        (Voice("media-2", "amr", recognition="会员怎么退款"), "voice", "media-2"),
        (Video("media-3", "thumb-3"), "video", "media-3"),
    ],
)
async def test_a_file_is_expected_with_its_message(
    db: Database, talk: Talk, content: Content, kind: str, reference: str
) -> None:
    await talk.say(content)
    assert await db.read(expected) == [(kind, 0, kind, reference, "waiting")]
    assert len(await db.read(fetches)) == 1


async def test_what_leaves_no_file_expects_none(db: Database, talk: Talk) -> None:
    await talk.say("会员怎么退款")
    await talk.say(Location(31.2, 121.5, 15, "上海"))
    assert (await db.read(expected), await db.read(fetches)) == ([], [])


async def test_a_repeat_of_a_push_expects_nothing_twice(db: Database, talk: Talk) -> None:
    push = talk.push(PICTURE)
    await talk.bring([push])
    await talk.bring([push])
    assert len(await db.read(expected)) == len(await db.read(fetches)) == 1


async def test_files_of_one_batch_belong_to_their_own_messages(db: Database, talk: Talk) -> None:
    pushes = [talk.push(Image("", f"media-{n}"), f"viewer-{n % 2}") for n in range(4)]
    pushes.insert(2, talk.push("会员怎么退款", "viewer-0"))
    await talk.bring(pushes)
    assert sorted(row[3] for row in await db.read(expected)) == [f"media-{n}" for n in range(4)]
    assert len(await db.read(fetches)) == 4


async def test_files_of_stored_pushes_are_expected_when_they_are_decided(db: Database, talk: Talk) -> None:
    body = b"<xml><ToUserName>a</ToUserName><FromUserName>viewer</FromUserName><CreateTime>1767250000</CreateTime>\
<MsgType>image</MsgType><PicUrl>http://x</PicUrl><MediaId>media-9</MediaId><MsgId>77</MsgId></xml>"
    message = talk.account.platform.restore(body)
    push = talk.push(PICTURE)
    sealed = talk.keyring.seal(body, f"inbound_events:{talk.account.channel_id}/{message.key}")
    await db.write(batch.store_only, [push._replace(message=message, sealed=sealed)], now=talk.now)
    assert await db.read(expected) == []
    event = await db.read(
        lambda s: s.scalars(select(InboundEvent).where(InboundEvent.state == EventState.stored)).one()
    )
    stored = read_stored(talk.account, event, talk.keyring, talk.rules.brain, talk.now)
    assert await db.write(batch.catch_up, [(event.id, stored)], talk.rules, now=talk.now) == 1
    assert await db.read(expected) == [("image", 0, "image", "media-9", "waiting")]
