"""The conversations of a batch: found or opened, and locked in id order."""

import json
from collections.abc import Iterable, Sequence, Set
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.conversations import outbox
from app.conversations.models import Conversation, Owner
from app.db.driver import Prepared
from app.db.rows import Insert, Update, Write, table_of
from app.db.sql import is_any
from app.dialogue import people
from app.dialogue.people import Met, Person, Sender, Welcomed
from app.dialogue.turn import Awaiting, Memory, Waits
from app.events import Kind, publish
from app.matching.devices import Device
from app.matching.entities import NOTHING, Slots
from app.matching.moments import Moment, Unit


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
    heard_seq: int = 0
    """``seq`` of the viewer's newest message."""
    waits_since: datetime | None = None
    """Since when the viewer has waited for a person's word."""
    has_agent: bool = False
    """One of ours speaks, not only one in the platform's own console."""


_insert_conversations = Insert(
    table_of(Conversation),
    ("identity_id", "channel_id", "owner", "last_seq", "failures", "opened_at", "viewer_wrote_at", "acknowledged"),
    or_ignore=True,
    returning=("id", "identity_id"),
)
_update_conversations = Update(
    table_of(Conversation),
    ("owner", "last_seq", "awaiting", "failures", "last_entry", "viewer_wrote_at", "queued_at", "acknowledged",
     "closed_at", "repeats", "heard", "heard_seq", "title", "waits_since"),
)  # fmt: skip
_conversation = table_of(Conversation).c
STATE = [
    _conversation.id,
    _conversation.identity_id,
    _conversation.channel_id,
    _conversation.last_seq,
    _conversation.owner,
    _conversation.awaiting,
    _conversation.failures,
    _conversation.last_entry,
    _conversation.acknowledged,
    _conversation.viewer_wrote_at,
    _conversation.queued_at,
    _conversation.repeats,
    _conversation.heard,
    _conversation.heard_seq,
    _conversation.waits_since,
    _conversation.agent_id,
]
"""What ``thread`` makes a thread of."""
OPEN = Prepared(
    select(*STATE)
    .where(_conversation.closed_at.is_(None), is_any(_conversation.identity_id, "identities"))
    .order_by(_conversation.id)
    .with_for_update()
)  # fmt: skip


def load(
    session: Session,
    senders: Set[Sender],
    met: Met,
    *,
    now: datetime,
    silence: timedelta,
    locked: dict[Sender, Thread] | None = None,
) -> dict[Sender, Thread]:
    """Lock the open conversation of each sender, opening those that are missing or fell silent.

    ``locked``: those of everybody in ``met``, where they are locked already.

    No join of identities and conversations: a plan made for one while the tables are new reads them from end to end
    when they have grown, for as long as the connection lives (measured: 600 µs a message instead of 4).
    """
    identities = {sender: met.people[sender] for sender in senders & met.people.keys()}
    if locked is None:
        known = _known(session, identities) if identities else {}
    else:
        known = {sender: thread for sender, thread in locked.items() if sender in senders}
    silent = [t for t in known.values() if t.memory.owner == Owner.bot and t.wrote_at < now - silence]
    if silent:
        _close(session, _over(session, silent, now), now)
    found = {sender: thread for sender, thread in known.items() if thread.closed_at is None}
    if strangers := senders - identities.keys():
        found |= {sender: _first(sender, made, now) for sender, made in people.welcome(session, strangers, now).items()}
        if elsewhere := strangers - found.keys():
            identities |= people.meet(session, elsewhere).people
    missing = {sender: identity for sender, identity in identities.items() if sender not in found}
    return found | _open(session, missing, now) if missing else found


def _first(sender: Sender, made: Welcomed, now: datetime) -> Thread:
    return Thread(made.conversation_id, made.identity_id, made.viewer_id, sender[0], 0, Memory(), now, None)


def saving(threads: Iterable[Thread]) -> Write:
    """What keeps the threads as they are now."""
    return _update_conversations, [_row(thread) for thread in sorted(threads, key=lambda t: t.conversation_id)]


def _known(session: Session, identities: dict[Sender, Person]) -> dict[Sender, Thread]:
    """The open conversations, locked in id order."""
    by_id = {identity: (sender, viewer) for sender, (identity, viewer) in identities.items()}
    found: dict[Sender, Thread] = {}
    for state in OPEN(session, identities=list(by_id)):
        sender, viewer = by_id[state[1]]
        found[sender] = thread(state, viewer)
    return found


def thread(state: Sequence[Any], viewer_id: int) -> Thread:
    """A thread of what ``STATE`` names."""
    row_id, identity, channel, last_seq, owner, awaiting, failures, last_entry, acknowledged, wrote, queued, *rest = (
        state
    )
    repeats, heard, heard_seq, waits_since, agent = rest
    memory = Memory(
        owner,
        _awaiting(awaiting),
        failures,
        last_entry,
        bool(acknowledged),
        repeats,
        _slots(heard),
    )
    return Thread(
        row_id, identity, viewer_id, channel, last_seq, memory, wrote, queued, None, heard_seq, waits_since,
        agent is not None,
    )  # fmt: skip


def _open(session: Session, identities: dict[Sender, Person], now: datetime) -> dict[Sender, Thread]:
    by_id = {identity: (sender, viewer) for sender, (identity, viewer) in identities.items()}
    rows = [(i, by_id[i][0][0], Owner.bot, 0, 0, now, now, False) for i in sorted(by_id)]
    made = {identity: row_id for row_id, identity in _insert_conversations(session, rows)}
    outbox.reopen_earlier(session, sorted(made), now)
    threads = {by_id[i][0]: Thread(made[i], i, by_id[i][1], by_id[i][0][0], 0, Memory(), now, None) for i in made}
    elsewhere = {sender: identities[sender] for sender in identities.keys() - threads.keys()}
    return threads | _known(session, elsewhere) if elsewhere else threads  # opened by another process just now


def _over(session: Session, silent: Sequence[Thread], now: datetime) -> list[Thread]:
    """Those that nothing keeps open: what waits for the viewer comes first now, in the conversation it belongs to.

    That one goes on without the memory of what was said before the silence, but for what a person asked him since.
    """
    waited_for = outbox.waited_for(session, [thread.conversation_id for thread in silent])
    over = []
    for thread in silent:
        asked = thread.memory.awaiting
        if asked is not None and (asked.kind not in _ASKED_BY_PEOPLE or asked.expires < now.timestamp()):
            asked = None
        if asked is None and thread.conversation_id not in waited_for:
            over.append(thread)
        else:
            thread.memory = Memory(awaiting=asked)
    return over


_ASKED_BY_PEOPLE = frozenset({Waits.answer, Waits.decision, Waits.score, Waits.solved})
"""What may be asked long after the viewer wrote last."""


def _close(session: Session, silent: Sequence[Thread], now: datetime) -> None:
    """Silent for so long that the next message begins a new conversation; tickets outlive it."""
    for thread in silent:
        thread.closed_at = now
    update, rows = saving(silent)
    update(session, rows)
    publish(session, Kind.conversation, [thread.conversation_id for thread in silent], now=now)


def _awaiting(stored: str | None) -> Awaiting | None:
    if not stored:
        return None
    kind, expires, options, about = stored.split(_BETWEEN, 3)
    return Awaiting(kind, tuple(options.split(" ")) if options else (), int(expires), about)


def _row(thread: Thread) -> tuple[Any, ...]:
    memory = thread.memory
    awaiting = None if memory.awaiting is None else _stored(memory.awaiting)
    return (
        thread.conversation_id, memory.owner, thread.last_seq, awaiting, memory.failures, memory.last_entry,
        thread.wrote_at, thread.queued_at, memory.acknowledged, thread.closed_at, memory.repeats,
        None if memory.heard is NOTHING else _written(memory.heard), thread.heard_seq,
        memory.heard.title and memory.heard.title[:_TITLE], thread.waits_since,
    )  # fmt: skip


def expect(session: Session, conversation_id: int, awaiting: Awaiting) -> None:
    """What a person asked and the bot is to hear, where it has the conversation."""
    bots = (Conversation.id == conversation_id, Conversation.owner == Owner.bot, Conversation.closed_at.is_(None))
    session.execute(update(Conversation).where(*bots).values(awaiting=_stored(awaiting)))


def _stored(awaiting: Awaiting) -> str:
    """Four parts: every second turn waits for something, and JSON would take ten times as long."""
    return _BETWEEN.join((awaiting.kind, str(awaiting.expires), " ".join(awaiting.options), awaiting.about))


_BETWEEN = "\n"
_TITLE = 64
"""Characters of a title that lists and filters know."""


@lru_cache(1024)
def _written(heard: Slots) -> str:
    return json.dumps(_named(asdict(heard)), ensure_ascii=False)


def _named(values: dict[str, Any]) -> dict[str, Any]:
    found = {name: _named(value) if isinstance(value, dict) else value for name, value in values.items()}
    return {name: value for name, value in found.items() if value is not None}


@lru_cache(1024)
def _slots(written: str | None) -> Slots:
    named: dict[str, Any] = json.loads(written) if written else {}
    if "device" in named:
        named["device"] = Device(named["device"])
    if moment := named.get("moment"):
        named["moment"] = Moment(**moment | {"unit": Unit(moment["unit"])})
    return Slots(**named) if named else NOTHING
