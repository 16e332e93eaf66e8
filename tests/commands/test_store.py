"""``seed`` and ``replay``: commands over what is stored."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.commands.demo import CHANNELS
from app.commands.opened import with_database
from app.conversations.models import Conversation, EventState, InboundEvent, Message
from app.db.base import Base
from app.db.database import Database
from app.dialogue.events import forget_bodies
from app.dialogue.reading import context
from app.secrets import Keyring, new_key
from app.settings import Settings
from app.viewers.models import Identity, Viewer
from tests.commands.conftest import Run

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TEXT = b"""<xml><ToUserName>gh_1</ToUserName><FromUserName>openid-1</FromUserName><CreateTime>1795435200</CreateTime>
<MsgType>text</MsgType><Content>hello</Content><MsgId>1</MsgId></xml>"""


def counts(session: Session) -> dict[str, int]:
    models: tuple[type[Base], ...] = (Viewer, Identity, Conversation, InboundEvent, Message)
    return {m.__tablename__: session.scalar(select(func.count()).select_from(m)) or 0 for m in models}


def read_counts(data_dir: Path) -> dict[str, int]:
    return with_database(Settings(data_dir=data_dir), lambda db, _: db.read(counts))


# -------------------- seed


def test_seed_alone_adds_the_demo_channel(run: Run, data_dir: Path) -> None:
    for _ in range(2):
        assert run("seed").out == "The demo channel is there; 0 messages added.\n"
    assert sum(read_counts(data_dir).values()) == 0
    assert len(run("channel", "list").out.splitlines()) == len(CHANNELS)


def test_seed_writes_whole_conversations(run: Run, data_dir: Path) -> None:
    assert run("seed", "--messages", "200").out == "The demo channel is there; 200 messages added.\n"
    expected = {"viewers": 10, "identities": 10, "conversations": 10, "inbound_events": 100, "messages": 200}
    assert read_counts(data_dir) == expected
    assert "20 messages added" in run("seed", "--messages", "1").out
    assert read_counts(data_dir)["messages"] == 220


def test_seeded_conversations_look_like_real_ones(run: Run, data_dir: Path) -> None:
    def check(session: Session) -> None:
        talk = list(session.scalars(select(Message).where(Message.conversation_id == 1).order_by(Message.seq)))
        conversation = session.get_one(Conversation, 1)
        assert [message.seq for message in talk] == list(range(1, 21))
        assert {message.direction for message in talk[::2]} == {"in"}
        assert {(message.direction, message.state) for message in talk[1::2]} == {("out", "sent")}
        assert conversation.last_seq == 20
        assert conversation.closed_at is not None

    run("seed", "--messages", "20")
    with_database(Settings(data_dir=data_dir), lambda db, _: db.read(check))


def test_a_seeded_body_opens_with_the_installations_key(run: Run, data_dir: Path) -> None:
    async def bodies(db: Database, keyring: Keyring) -> list[bytes]:
        events = await db.read(lambda session: list(session.scalars(select(InboundEvent))))
        return [keyring.open(e.body or b"", context(e.channel_id, e.dedupe_key)) for e in events]

    run("seed", "--messages", "20", RAW_BODY_DAYS="400")
    assert all(body.decode() for body in with_database(Settings(data_dir=data_dir), bodies))


def test_seeded_bodies_are_kept_no_longer_than_others(run: Run, data_dir: Path) -> None:
    async def look(db: Database, keyring: Keyring) -> tuple[list[bytes | None], int]:
        bodies = await db.read(lambda session: list(session.scalars(select(InboundEvent.body))))
        return bodies, await db.write(forget_bodies, now=datetime.now(UTC), days=30)

    run("seed", "--messages", "20")
    bodies, left = with_database(Settings(data_dir=data_dir), look)
    assert set(bodies) == {None}
    assert left == 0, "nothing is left for the sweep of the running service"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_seed_on_postgresql(run: Run, database_url: str, tmp_path: Path) -> None:
    keys = new_key()
    ended = run("seed", "--messages", "200", DATABASE_URL=database_url, SECRET_KEYS=keys)
    settings = Settings(database_url=database_url, secret_keys=(keys,), data_dir=tmp_path)
    assert (ended.code, ended.out) == (0, "The demo channel is there; 200 messages added.\n")
    assert with_database(settings, lambda db, _: db.read(counts))["messages"] == 200


# -------------------- replay


def store(data_dir: Path, *events: tuple[str, EventState, bytes | None]) -> None:
    """Events of the demo channel: (key, state, body)."""

    async def add(db: Database, keyring: Keyring) -> None:
        def rule(session: Session) -> None:
            for key, state, body in events:
                sealed = None if body is None else keyring.seal(body, context(1, key))
                session.add(
                    InboundEvent(
                        channel_id=1,
                        dedupe_key=key,
                        sender="openid-1",
                        state=state,
                        received_at=NOW,
                        body=sealed,
                        error="why",
                    )
                )

        await db.write(rule)

    with_database(Settings(data_dir=data_dir), add)


def states(data_dir: Path) -> dict[str, tuple[str, str | None]]:
    def read(session: Session) -> dict[str, tuple[str, str | None]]:
        return {event.dedupe_key: (event.state, event.error) for event in session.scalars(select(InboundEvent))}

    return with_database(Settings(data_dir=data_dir), lambda db, _: db.read(read))


def test_replay_takes_up_what_can_be_read(run: Run, data_dir: Path) -> None:
    run("seed")
    store(
        data_dir,
        ("failed", EventState.failed, TEXT),
        ("now readable", EventState.undecodable, TEXT),
        ("never readable", EventState.undecodable, b"<xml>"),
        ("forgotten", EventState.failed, None),
        ("handled", EventState.handled, TEXT),
    )
    dry = run("replay", "--dry-run")
    assert (dry.code, dry.out) == (0, "2 events would be taken up; 2 still cannot be read.\n")
    assert states(data_dir)["failed"] == ("failed", "why")
    assert run("replay").out.startswith("2 events are taken up by the running service within seconds; 2 still")
    assert states(data_dir) == {
        "failed": ("stored", None),
        "now readable": ("stored", None),
        "never readable": ("undecodable", "why"),
        "forgotten": ("failed", "why"),
        "handled": ("handled", "why"),
    }


def test_replay_of_nothing(run: Run) -> None:
    assert run("replay").out.startswith("0 events are taken up")
