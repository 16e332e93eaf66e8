"""The same door for another platform: QQ's pushes in, acknowledged at once, answered by a call of our own."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.channels.base import Inbound
from app.channels.content import File
from app.channels.qq.addresses import Scene
from app.conversations import accounts
from app.conversations.accounts import Account, Directory
from app.conversations.attachments import Attachment, AttachmentState
from app.conversations.models import Direction, InboundEvent, Message, MessageState, Via
from app.conversations.pending import NEVER
from app.db.database import Database
from app.dialogue import batch, phrases
from app.dialogue.push import Fate
from app.dialogue.reading import context, read_arrived
from app.dialogue.rules import Rules
from app.jobs.models import Job, Lane, Waits
from app.secrets import Keyring, load_keyring
from app.settings import Settings
from app.simulator.qq.acts import Pushed
from app.simulator.qq.pushing import Heard, Pusher
from tests.demo_knowledge import brain_of
from tests.dialogue.conftest import NOW
from tests.factories.listening import working
from tests.factories.webhook import client, serving
from tests.fakes.qq import APP_ID, SECRET, Played, running
from tests.faults.waiting import eventually

REFUND = "会员可以退款吗？"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
WEBHOOK = "http://test/webhooks/qq/bot"


async def add_bot(db: Database, settings: Settings) -> None:
    await db.write(
        accounts.save, platform="qq", name="bot", settings={"app_id": APP_ID},
        secrets={"app_secret": SECRET}, keyring=load_keyring(settings), now=datetime.now(UTC),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Door:
    """The service, and the platform that pushes to it."""

    app: FastAPI
    played: Played
    pusher: Pusher
    http: httpx.AsyncClient

    @property
    def db(self) -> Database:
        db: Database = self.app.state.service.db
        return db

    async def push(self, pushed: Pushed) -> Heard:
        return (await self.pusher.push(pushed))[-1]


@pytest.fixture
async def door(settings: Settings) -> AsyncIterator[Door]:
    async with running() as played:
        mine = settings.model_copy(update={"qq_api": played.url})
        async with serving(mine, brain_of(mine)) as app, client(app) as http:
            await add_bot(app.state.service.db, mine)
            app.state.service.directory.forget()
            yield Door(app, played, Pusher(played.bot, WEBHOOK, http, played.world.clock), http)


async def test_a_question_is_acknowledged_and_answered_by_a_call(door: Door) -> None:
    async with working(door.app.state.service):
        pushed = door.played.acts.says(Scene.c2c, "U1", "U1", REFUND)
        heard = await door.push(pushed)
        assert (heard.status, heard.body) == (200, b'{"op":12,"d":0}')

        async def shown() -> list[str]:
            return [seen.text for seen in door.played.world.place(Scene.c2c, "U1").seen]

        (text,) = await eventually("the answer shows", shown, within=10)
    assert "退" in text
    (seen,) = door.played.world.place(Scene.c2c, "U1").seen
    assert seen.replies_to == f"{pushed.reply}#1"
    kept = await door.db.read(lambda s: [(m.direction, m.via, m.text) for m in s.scalars(_messages())])
    assert kept == [(Direction.inbound, None, REFUND), (Direction.outbound, Via.outbox, text)]


async def test_a_tap_is_settled_and_answered_as_such(door: Door) -> None:
    async with working(door.app.state.service):
        pushed = door.played.acts.taps("U1", "membership.refund|会员退款")
        assert (await door.push(pushed)).acknowledged

        async def settled() -> bool:
            return bool(door.played.world.settled and door.played.world.place(Scene.c2c, "U1").seen)

        await eventually("the tap is settled and answered", settled, within=10)
    (seen,) = door.played.world.place(Scene.c2c, "U1").seen
    assert seen.replies_to == f"{pushed.id}#1"
    assert [tap.code for tap in door.played.world.settled.values()] == [0]


async def test_files_beside_words_are_brought_from_the_platform(door: Door) -> None:
    door.played.world.left["a"] = ("image/png", PNG)
    file = {"content_type": "image/png", "filename": "a.png", "url": f"{door.played.url}/left/a"}
    async with working(door.app.state.service):
        said = door.played.acts.says(Scene.c2c, "U1", "U1", REFUND, attachments=[file])
        assert (await door.push(said)).acknowledged

        async def kept() -> list[str]:
            under_way = (AttachmentState.waiting, AttachmentState.fetching)
            states = select(Attachment.state).where(Attachment.state.not_in(under_way))
            return await door.db.read(lambda s: list(s.scalars(states)))

        assert await eventually("the file is brought", kept, within=10) == [AttachmentState.stored]


async def test_every_answer_names_a_message_and_no_number_twice(door: Door) -> None:
    async with working(door.app.state.service):
        for number in range(3):
            await door.push(door.played.acts.says(Scene.c2c, "U1", "U1", REFUND if number else "你好"))

        async def shown() -> bool:
            return len(door.played.world.place(Scene.c2c, "U1").seen) >= 3

        await eventually("all are answered", shown, within=10)
    numbers = [seen.replies_to for seen in door.played.world.place(Scene.c2c, "U1").seen]
    assert len(set(numbers)) == len(numbers)
    assert {call.code for call in door.played.world.log if call.api == "c2c"} == {0}


async def test_a_repeat_is_acknowledged_and_nothing_more(door: Door) -> None:
    pushed = door.played.acts.says(Scene.c2c, "U1", "U1", REFUND)
    heard = [await door.pusher.attempt(pushed.body) for _ in range(3)]
    assert [again.acknowledged for again in heard] == [True] * 3
    assert await door.db.read(lambda s: s.scalar(select(func.count()).select_from(Message))) == 2


async def test_who_cannot_sign_stays_outside(door: Door) -> None:
    stranger = replace(door.pusher, bot=replace(door.played.bot, secret="aStrangersSecret"))
    other = replace(door.pusher, bot=replace(door.played.bot, app_id="102000002"))
    pushed = door.played.acts.says(Scene.c2c, "U1", "U1", REFUND)
    assert [(await each.attempt(pushed.body)).status for each in (stranger, other)] == [403, 403]
    assert (await door.http.get(WEBHOOK)).status_code == 403
    assert (await door.http.post(WEBHOOK, content=pushed.body)).status_code == 403
    assert await door.db.read(lambda s: s.scalar(select(func.count()).select_from(InboundEvent))) == 0


async def test_the_platform_checks_the_address_and_no_stranger_can(door: Door) -> None:
    assert await door.pusher.check()
    assert [heard.status for heard in (await door.pusher.attack(), await door.pusher.forge())] == [403, 403]


async def test_signed_garbage_is_acknowledged(door: Door) -> None:
    heard = [await door.pusher.attempt(body) for body in (b"", b"not json", b"[]", b'{"op":0}', b"\xff")]
    assert all(each.acknowledged for each in heard)


async def test_what_is_said_in_a_group_is_known_to_be_public(door: Door, settings: Settings) -> None:
    acts = door.played.acts
    for pushed in (acts.says(Scene.group, "G1", "P1", f" {REFUND}"), acts.overheard("G1", "P2", "今晚一起看吗")):
        assert (await door.push(pushed)).acknowledged

    def stored(session: Session) -> list[tuple[str, int, str, bytes]]:
        events = session.scalars(select(InboundEvent).order_by(InboundEvent.id))
        return [(event.sender, event.channel_id, event.dedupe_key, event.body or b"") for event in events]

    found = await door.db.read(stored)
    assert [sender for sender, *_ in found] == ["group:G1:P1", "group:G1:P2"]
    account = await door.app.state.service.directory.find("qq", "bot")
    for _, channel, key, body in found:
        again = account.platform.restore(load_keyring(settings).open(body, context(channel, key)))
        assert isinstance(again, Inbound)
        assert again.in_public
    asked = await door.db.read(lambda s: [m.text for m in s.scalars(_messages()) if m.direction == Direction.inbound])
    assert asked == [REFUND]


# -------------------- the transaction behind it


@pytest.fixture
async def bot(db: Database, settings: Settings) -> Account:
    await add_bot(db, settings)
    directory = Directory(db, load_keyring(settings), simulated=False)
    found = await directory.find("qq", "bot")
    assert found is not None
    return found


async def test_an_answer_is_due_at_once_and_no_repeat_takes_it(
    db: Database, bot: Account, rules: Rules, keyring: Keyring
) -> None:
    async with running() as played:
        message = bot.platform.restore(played.acts.says(Scene.c2c, "U1", "U1", REFUND).body)
    push = read_arrived(bot, message, keyring, rules.brain, NOW)
    first = await db.write(batch.handle, [push], rules, now=NOW)
    again = await db.write(batch.handle, [push], rules, now=NOW)
    assert [(a.fate, a.text) for a in (*first, *again)] == [(Fate.decided, None), (Fate.repeated, None)]
    due = await db.read(lambda s: [job.not_before for job in s.scalars(select(Job))])
    states = await db.read(lambda s: [(m.state, m.via) for m in s.scalars(_messages()) if m.direction == "out"])
    assert (due, states) == ([NOW], [(MessageState.queued, Via.outbox)])


async def test_what_waited_for_the_viewer_goes_before_the_answer(
    db: Database, bot: Account, rules: Rules, keyring: Keyring
) -> None:
    """No response carries anything here: what waits for his next message must be let go all the same."""
    async with running() as played:
        first, second = (
            bot.platform.restore(played.acts.says(Scene.c2c, "U1", "U1", text).body) for text in (REFUND, "你好")
        )
    await db.write(batch.handle, [read_arrived(bot, first, keyring, rules.brain, NOW)], rules, now=NOW)
    await db.write(_wait_for_the_viewer)
    await db.write(batch.handle, [read_arrived(bot, second, keyring, rules.brain, NOW)], rules, now=NOW)
    jobs = await db.read(lambda s: [(job.waits, job.not_before) for job in s.scalars(select(Job).order_by(Job.id))])
    assert jobs == [(None, NOW), (None, NOW)]


def _wait_for_the_viewer(session: Session) -> None:
    for job in session.scalars(select(Job)):
        job.waits, job.not_before = Waits.window, NEVER
    for lane in session.scalars(select(Lane)):
        lane.ready_at = NEVER


async def test_a_file_is_kept_in_the_conversation_and_words_are_asked_for(
    db: Database, bot: Account, rules: Rules, keyring: Keyring
) -> None:
    content = File("发票.pdf", "https://multimedia.example/f", 2048)
    message = Inbound("m:1", "c2c:U1", "bot", NOW, content, b"{}")
    await db.write(batch.handle, [read_arrived(bot, message, keyring, rules.brain, NOW)], rules, now=NOW)
    kept = await db.read(lambda s: [(m.kind, m.text, m.data) for m in s.scalars(_messages())])
    assert kept[0] == ("file", "", {"name": "发票.pdf", "url": "https://multimedia.example/f", "size": 2048})
    assert kept[1][1] == phrases.RECORDING


def _messages() -> Select[Message]:
    return select(Message).order_by(Message.id)
