"""``seed``: a store of any size, for figures and for looking at full pages."""

import argparse
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from app.commands import demo
from app.commands.opened import with_database
from app.conversations import accounts
from app.conversations.models import Conversation, InboundEvent, Message
from app.db.database import Database
from app.db.rows import Insert, table_of
from app.dialogue import events
from app.dialogue.reading import context
from app.faq.facts import resolve_facts
from app.faq.loader import load
from app.secrets import Keyring
from app.settings import ROOT, Settings
from app.viewers.models import Identity, Viewer

TURNS = 10
"""Questions in a seeded conversation; each has its answer, so it holds twice as many messages."""
PAGE = 100
"""Conversations written in one transaction."""

_viewers = Insert(table_of(Viewer), ("created_at",), returning=("id",))
_identities = Insert(
    table_of(Identity), ("channel_id", "external_id", "viewer_id", "created_at"), returning=("id", "external_id")
)
_conversations = Insert(
    table_of(Conversation),
    ("identity_id", "channel_id", "owner", "last_seq", "failures", "opened_at", "viewer_wrote_at", "acknowledged",
     "closed_at"),
    returning=("id", "identity_id"),
)  # fmt: skip
_events = Insert(
    table_of(InboundEvent),
    ("channel_id", "dedupe_key", "sender", "state", "received_at", "body"),
    returning=("id", "dedupe_key"),
)
_messages = Insert(
    table_of(Message),
    ("conversation_id", "seq", "direction", "author", "kind", "text", "state", "via", "event_id", "created_at",
     "sent_at"),
)  # fmt: skip


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    seeding = verbs.add_parser("seed", help="fill the store: the demo channel, or a given number of messages")
    seeding.add_argument("--messages", type=_count, default=0, metavar="N", help="add N messages of invented viewers")
    seeding.set_defaults(run=seed)


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"'{text}' is no number of messages")
    return int(text)


def seed(settings: Settings, options: argparse.Namespace) -> None:
    written = with_database(settings, lambda db, keyring: _seed(db, keyring, settings, options.messages))
    print(f"The demo channel is there; {written} messages added.")


async def _seed(db: Database, keyring: Keyring, settings: Settings, messages: int) -> int:
    """A year of talk as the service would have left it: bodies whose time is over are not there any more."""
    await demo.add_channels(db, keyring)
    channel_id = next(c.id for c in await db.read(accounts.list_channels) if c.name == demo.NAME)
    knowledge = load(ROOT / "faq", ROOT / "intents", resolve_facts({}, demo=True))
    talk = [(question, entry.answer) for entry in knowledge.entries.values() for question in entry.similar]
    conversations = -(-messages // (2 * TURNS))
    now, run = datetime.now(UTC), random.randrange(16**8)
    start, kept_since = now - timedelta(days=365), now - timedelta(days=settings.raw_body_days)
    for first in range(0, conversations, PAGE):
        names = [f"seed{run:08x}{n:016d}" for n in range(first, min(first + PAGE, conversations))]
        at = start + timedelta(days=360) * (first / max(conversations, 1))
        await db.write(_page, channel_id, names, talk, keyring if at > kept_since else None, at)
    while await db.write(events.forget_bodies, now=now, days=settings.raw_body_days):
        pass
    return conversations * 2 * TURNS


def _page(
    session: Session, channel_id: int, names: list[str], talk: list[tuple[str, str]], keyring: Keyring | None,
    at: datetime,
) -> None:  # fmt: skip
    """Conversations that ended long ago, one a name; without a keyring the bodies of their events are left out."""
    choose = random.Random(names[0])
    viewers = [row[0] for row in _viewers(session, [(at,)] * len(names))]
    rows = [(channel_id, name, viewer, at) for name, viewer in zip(names, viewers, strict=True)]
    identities = {name: identity for identity, name in _identities(session, rows)}
    ended = at + timedelta(hours=1)
    opened = [(identities[name], channel_id, "bot", 2 * TURNS, 0, at, at, False, ended) for name in names]
    by_identity = {identity: row_id for row_id, identity in _conversations(session, opened)}
    for name in names:
        _write_talk(
            session, channel_id, name, by_identity[identities[name]], choose.choices(talk, k=TURNS), keyring, at
        )


def _write_talk(
    session: Session, channel_id: int, name: str, conversation_id: int, talk: list[tuple[str, str]],
    keyring: Keyring | None, at: datetime,
) -> None:  # fmt: skip
    keys = [f"m:{name}{turn}" for turn in range(len(talk))]
    pushed = [
        (channel_id, key, name, "handled", at, keyring and keyring.seal(question.encode(), context(channel_id, key)))
        for key, (question, _) in zip(keys, talk, strict=True)
    ]
    ids = {key: event_id for event_id, key in _events(session, pushed)}
    _messages(session, list(_rows(conversation_id, [ids[key] for key in keys], talk, at)))


def _rows(
    conversation_id: int, events: list[int], talk: list[tuple[str, str]], at: datetime
) -> Iterator[tuple[object, ...]]:
    for turn, (event_id, (question, answer)) in enumerate(zip(events, talk, strict=True)):
        seq = 2 * turn + 1
        yield conversation_id, seq, "in", "viewer", "text", question, "received", None, event_id, at, None
        yield conversation_id, seq + 1, "out", "bot", "text", answer, "sent", "passive", event_id, at, at
