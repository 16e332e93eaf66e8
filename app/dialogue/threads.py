"""The conversations of a batch: identities and conversations found or made, locked in id order."""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, null, select
from sqlalchemy.orm import Session

from app.conversations.models import Conversation, InboundEvent, Owner
from app.db.driver import Prepared
from app.db.rows import Insert, Update, Write, table_of
from app.db.sql import is_any
from app.dialogue import events
from app.dialogue.turn import Awaiting, Memory
from app.viewers.models import Identity, Viewer

Sender = tuple[int, str]
"""(channel id, the viewer's id there): the unique key of an identity."""
Person = tuple[int, int]
"""(identity id, viewer id)."""


@dataclass(slots=True)
class Thread:
    """An open conversation under a lock, with the memory that the next turn of this batch begins with."""

    conversation_id: int
    identity_id: int
    viewer_id: int
    channel_id: int
    last_seq: int
    memory: Memory
    wrote_at: datetime
    queued_at: datetime | None
    closed_at: datetime | None = None


_insert_viewers = Insert(table_of(Viewer), ("created_at",), returning=("id",))
_insert_identities = Insert(
    table_of(Identity),
    ("channel_id", "external_id", "viewer_id", "created_at"),
    or_ignore=True,
    returning=("channel_id", "external_id", "id", "viewer_id"),
)
_insert_conversations = Insert(
    table_of(Conversation),
    ("identity_id", "channel_id", "owner", "last_seq", "failures", "opened_at", "viewer_wrote_at", "acknowledged"),
    or_ignore=True,
    returning=("id", "identity_id"),
)
_update_conversations = Update(
    table_of(Conversation),
    ("owner", "last_seq", "awaiting", "failures", "last_entry", "viewer_wrote_at", "queued_at", "acknowledged",
     "closed_at"),
)  # fmt: skip
_identity, _conversation, _event = table_of(Identity).c, table_of(Conversation).c, table_of(InboundEvent).c
OPEN = Prepared(
    select(
        _conversation.id, _conversation.identity_id, _conversation.channel_id, _conversation.last_seq,
        _conversation.owner, _conversation.awaiting, _conversation.failures, _conversation.last_entry,
        _conversation.acknowledged, _conversation.viewer_wrote_at, _conversation.queued_at,
    )
    .where(_conversation.closed_at.is_(None), is_any(_conversation.identity_id, "identities"))
    .order_by(_conversation.id)
    .with_for_update()
)  # fmt: skip
MEET = Prepared(
    select(_identity.channel_id, _identity.external_id, _identity.id, _identity.viewer_id)
    .where(is_any(_identity.external_id, "senders"))
    .union_all(
        select(_event.channel_id, _event.sender, null(), null()).where(events.STORED, is_any(_event.sender, "senders"))
    )
)


@dataclass(frozen=True, slots=True)
class Met:
    """What is known of the senders of a batch."""

    people: dict[Sender, Person]
    """Those who wrote before."""
    in_backlog: Set[Sender]
    """Those who have an earlier event that is not decided yet."""


def meet(session: Session, senders: Set[Sender]) -> Met:
    """Look the senders up: one statement for both questions, as both ask for the same names."""
    rows = [row for row in MEET(session, senders=[name for _, name in senders]) if (row[0], row[1]) in senders]
    people = {(row[0], row[1]): (row[2], row[3]) for row in rows if row[2] is not None}
    return Met(people, {(row[0], row[1]) for row in rows if row[2] is None})


def load(
    session: Session, senders: Set[Sender], met: Met, *, now: datetime, silence: timedelta
) -> dict[Sender, Thread]:
    """Lock the open conversation of each sender, opening those that are missing or fell silent.

    No join of identities and conversations: a plan made for one while the tables are new reads them from end to end
    when they have grown, for as long as the connection lives (measured: 600 µs a message instead of 4).
    """
    identities = {sender: met.people[sender] for sender in senders & met.people.keys()}
    known = _known(session, identities) if identities else {}
    silent = [t for t in known.values() if t.memory.owner == Owner.bot and t.wrote_at < now - silence]
    if silent:
        _close(session, silent, now)
    found = {sender: thread for sender, thread in known.items() if thread.closed_at is None}
    if strangers := sorted(senders - identities.keys()):
        identities |= _create(session, strangers, now)
    missing = {sender: identity for sender, identity in identities.items() if sender not in found}
    return found | _open(session, missing, now) if missing else found


def saving(threads: Iterable[Thread]) -> Write:
    """What keeps the threads as they are now."""
    return _update_conversations, [_row(thread) for thread in sorted(threads, key=lambda t: t.conversation_id)]


# -------------------- identities


def _create(session: Session, senders: list[Sender], now: datetime) -> dict[Sender, Person]:
    """Identities for strangers, with a viewer each."""
    viewers = [row[0] for row in _insert_viewers(session, [(now,)] * len(senders))]
    rows = [(*sender, viewer, now) for sender, viewer in zip(senders, viewers, strict=True)]
    made = {(row[0], row[1]): (row[2], row[3]) for row in _insert_identities(session, rows)}
    if len(made) < len(senders):  # another process met the same viewer at the same moment
        orphans = set(viewers) - {viewer for _, viewer in made.values()}
        session.execute(delete(Viewer).where(is_any(Viewer.id, sorted(orphans))))
        made |= meet(session, set(senders) - made.keys()).people
    return made


# -------------------- conversations


def _known(session: Session, identities: dict[Sender, Person]) -> dict[Sender, Thread]:
    """The open conversations, locked in id order."""
    by_id = {identity: (sender, viewer) for sender, (identity, viewer) in identities.items()}
    found: dict[Sender, Thread] = {}
    for row in OPEN(session, identities=list(by_id)):
        row_id, identity, channel, last_seq, owner, awaiting, failures, last_entry, acknowledged, wrote, queued = row
        sender, viewer = by_id[identity]
        memory = Memory(owner, _awaiting(awaiting), failures, last_entry, bool(acknowledged))
        found[sender] = Thread(row_id, identity, viewer, channel, last_seq, memory, wrote, queued)
    return found


def _open(session: Session, identities: dict[Sender, Person], now: datetime) -> dict[Sender, Thread]:
    by_id = {identity: (sender, viewer) for sender, (identity, viewer) in identities.items()}
    rows = [(i, by_id[i][0][0], Owner.bot, 0, 0, now, now, False) for i in sorted(by_id)]
    made = {identity: row_id for row_id, identity in _insert_conversations(session, rows)}
    threads = {by_id[i][0]: Thread(made[i], i, by_id[i][1], by_id[i][0][0], 0, Memory(), now, None) for i in made}
    elsewhere = {sender: identities[sender] for sender in identities.keys() - threads.keys()}
    return threads | _known(session, elsewhere) if elsewhere else threads  # opened by another process just now


def _close(session: Session, silent: Sequence[Thread], now: datetime) -> None:
    """Silent for so long that the next message begins a new conversation; tickets outlive it."""
    for thread in silent:
        thread.closed_at = now
    update, rows = saving(silent)
    update(session, rows)


def _awaiting(stored: dict[str, Any] | None) -> Awaiting | None:
    if not stored:
        return None
    return Awaiting(stored["kind"], tuple(stored["options"]), datetime.fromisoformat(stored["expires"]))


def _row(thread: Thread) -> tuple[Any, ...]:
    memory, waits = thread.memory, thread.memory.awaiting
    awaiting = (
        None if waits is None
        else {"kind": waits.kind, "options": list(waits.options), "expires": waits.expires.isoformat()}
    )  # fmt: skip
    return (
        thread.conversation_id, memory.owner, thread.last_seq, awaiting, memory.failures, memory.last_entry,
        thread.wrote_at, thread.queued_at, memory.acknowledged, thread.closed_at,
    )  # fmt: skip
