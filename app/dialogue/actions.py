"""From decisions to rows: messages, tickets and deliveries of a whole batch, in multi-row statements."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.channels.base import Inbound
from app.channels.content import (
    SPOKEN,
    Followed,
    MenuUsed,
    NoticeReported,
    ProactiveChanged,
    Recalled,
    Text,
    Unfollowed,
)
from app.channels.outbound import Choice
from app.channels.text import split_text
from app.conversations import attachments, history, outbox, queue, reports
from app.conversations.models import Direction, InboundEvent, Message, MessageState, Via
from app.conversations.outbox import Queued
from app.conversations.pending import NEVER
from app.db.base import Encoded
from app.db.rows import Insert, table_of
from app.db.sql import changed
from app.dialogue import filing, people, phrases, threads, urgency
from app.dialogue.circumstances import Circumstances
from app.dialogue.filing import Filed
from app.dialogue.provenance import Source
from app.dialogue.push import Answer, Fate, Push
from app.dialogue.threads import Thread
from app.dialogue.turn import Decision, Memory, Say
from app.events import Kind, publish, publishing
from app.viewers.models import Identity

_insert_messages = Insert(
    table_of(Message),
    ("conversation_id", "seq", "direction", "author", "kind", "text", "data", "state", "via", "event_id",
     "platform_at", "created_at", "sending_at"),
    returning=("id", "conversation_id", "seq"),
)  # fmt: skip


@dataclass(slots=True)
class _Entry:
    """A decided turn with what is still to be written for it."""

    push: Push
    event_id: int
    thread: Thread
    decision: Decision
    before: Memory
    asked_seq: int = 0
    says: list[tuple[int, str, Say]] = field(default_factory=list)
    """(seq, text of the part, what it is part of)."""
    passive_seq: int | None = None
    rides: Message | None = None

    def filed(self) -> Filed:
        return Filed(self.event_id, self.thread, self.decision.effects, self.push.platform)


class Book:
    """What a batch decided, entered turn by turn, then written at once."""

    def __init__(self, known: Circumstances, now: datetime) -> None:
        self._known, self._lanes, self._now = known, known.lanes, now
        self._entries: list[_Entry] = []
        self._busy = set(known.lanes)
        """Conversations in which something waits to be sent, so that whatever is new queues behind it."""
        self._moves: list[tuple[_Entry, history.Kind]] = []
        """Turns by which somebody came to the queue or left it."""
        self._ranks: dict[int, int] = {}
        """Conversations that came to the queue, or became urgent there, by how urgent they are."""
        self._queue_changed = False

    def waits(self, thread: Thread) -> bool:
        return thread.conversation_id in self._busy

    def enter(self, push: Push, event_id: int, thread: Thread, decision: Decision) -> None:
        """Apply a decision to its thread, for the turns that follow, and keep it for writing."""
        before, owner = thread.memory, decision.memory.owner
        if owner != before.owner:
            thread.queued_at = self._now if owner == "queue" else None
            self._queue_changed |= "queue" in (owner, before.owner)
        entry = _Entry(push, event_id, thread, decision, before)
        if "queue" in (owner, before.owner) and owner != before.owner and owner != "agent":
            self._moves.append((entry, history.Kind.queued if owner == "queue" else history.Kind.left))
        if owner != "bot":
            self._note_waiting(push, thread, decision)
        else:
            thread.waits_since = None
        thread.memory, thread.wrote_at = decision.memory, self._now
        self._entries.append(entry)

    def _note_waiting(self, push: Push, thread: Thread, decision: Decision) -> None:
        """Since when the viewer waits for a person, and how urgent it is where he came to the queue or says so."""
        if thread.waits_since is None and speaks(push):
            thread.waits_since = self._now
        comes = decision.memory.owner != thread.memory.owner
        if decision.memory.owner == "queue" and (comes or urgency.is_reported(decision)):
            found = urgency.of(decision, self._known.here(thread))
            self._ranks[thread.conversation_id] = max(found, self._ranks.get(thread.conversation_id, 0))

    def write(self, session: Session) -> dict[tuple[int, str], Answer]:
        filed = [entry.filed() for entry in self._entries if entry.decision.effects]
        files = filing.file(session, filed, self._known, self._now)
        for entry in self._entries:
            self._place(session, entry, files.numbers.get(entry.event_id))
        histories = files.written({e.event_id: e.asked_seq for e in self._entries} if filed else {})
        conversations = threads.saving({entry.thread.conversation_id: entry.thread for entry in self._entries}.values())
        self._tell(session)
        others = [conversations, histories, history.entries(self._moved()), publishing(session)]
        made = _insert_messages.beside(session, self._rows(), others)
        files.told(session)
        ids = {(row[1], row[2]): row[0] for row in made}
        self._rank(session)
        self._queue(session, ids)
        self._expect(session, ids)
        return {entry.push.key: self._answer(entry, ids, files.numbers) for entry in self._entries}

    def _moved(self) -> list[history.Entry]:
        return [
            history.Entry(entry.thread.conversation_id, entry.asked_seq, kind, self._now) for entry, kind in self._moves
        ]

    def _rank(self, session: Session) -> None:
        for priority in set(self._ranks.values()):
            queue.rank(session, [talk for talk, own in self._ranks.items() if own == priority], priority=priority)

    def _tell(self, session: Session) -> None:
        publish(session, Kind.conversation, [entry.thread.conversation_id for entry in self._entries], now=self._now)
        if self._queue_changed:
            publish(session, Kind.queue, now=self._now)

    # -------------------- messages

    def _place(self, session: Session, entry: _Entry, ticket: int | None) -> None:
        """Number the message and its answers; decide what rides on the response and what queues."""
        thread, push = entry.thread, entry.push
        thread.last_seq += 1
        entry.asked_seq = thread.heard_seq = thread.last_seq
        may_ride = push.capability.passive_reply and self._now < push.answer_by
        lane = self._lanes.get(thread.conversation_id)
        if lane is not None:
            if may_ride:
                entry.rides = outbox.take_first(session, lane, event_id=entry.event_id, now=self._now)
            outbox.reopen(session, lane, self._now)
            if lane.ready_at is None:
                self._lanes.pop(thread.conversation_id)
        for part, say in _parts(entry.decision, push, ticket):
            thread.last_seq += 1
            entry.says.append((thread.last_seq, part, say))
        if entry.says and may_ride and thread.conversation_id not in self._busy:
            entry.passive_seq = entry.says[0][0]
        if entry.says[1 if entry.passive_seq else 0 :]:
            self._busy.add(thread.conversation_id)

    def _rows(self) -> list[tuple[Any, ...]]:
        return [row for entry in self._entries for row in (self._asked(entry), *self._said(entry))]

    def _asked(self, entry: _Entry) -> tuple[Any, ...]:
        message = entry.push.message
        assert isinstance(message, Inbound)
        content = message.content
        text = content.text if isinstance(content, Text) else (getattr(content, "recognition", None) or "")
        return (
            entry.thread.conversation_id, entry.asked_seq, Direction.inbound, "viewer", content.kind, text,
            _details(content), MessageState.received, None, entry.event_id, message.sent_at, self._now, None,
        )  # fmt: skip

    def _said(self, entry: _Entry) -> list[tuple[Any, ...]]:
        return [self._part(entry, seq, text, say) for seq, text, say in entry.says]

    def _part(self, entry: _Entry, seq: int, text: str, say: Say) -> tuple[Any, ...]:
        passive = seq == entry.passive_seq
        fetchable = passive or (entry.passive_seq is None and entry.rides is None and seq == entry.says[0][0])
        return (
            entry.thread.conversation_id, seq, Direction.outbound, "bot", "text", text,
            _details_of(say),
            MessageState.sending if passive else MessageState.queued,
            Via.passive if passive else Via.outbox,
            entry.event_id if fetchable else None,
            None, self._now, self._now if passive else None,
        )  # fmt: skip

    # -------------------- delivery

    def _queue(self, session: Session, ids: dict[tuple[int, int], int]) -> None:
        queued = [
            Queued(
                ids[entry.thread.conversation_id, seq], entry.thread.conversation_id, entry.thread.channel_id,
                _not_before(entry, self._now),
            )
            for entry in self._entries
            for seq, _, _ in entry.says
            if seq != entry.passive_seq
        ]  # fmt: skip
        outbox.enqueue(session, queued, now=self._now)

    def _expect(self, session: Session, ids: dict[tuple[int, int], int]) -> None:
        files = [
            (ids[entry.thread.conversation_id, entry.asked_seq], entry.push.media)
            for entry in self._entries
            if entry.push.media
        ]
        if files:
            attachments.expect(session, files, self._now)

    def _answer(self, entry: _Entry, ids: dict[tuple[int, int], int], numbers: dict[int, int]) -> Answer:
        decision, conversation = entry.decision, entry.thread.conversation_id
        text: str | None = None
        message_id: int | None = None
        choices: tuple[Choice, ...] = ()
        if entry.rides is not None:
            text, message_id, choices = entry.rides.text, entry.rides.id, outbox.choices_of(entry.rides)
        elif entry.passive_seq is not None:
            _, text, say = entry.says[0]
            message_id, choices = ids[conversation, entry.passive_seq], say.choices
        ticket = numbers.get(entry.event_id)
        return Answer(
            Fate.decided, text, message_id, decision.said, conversation, choices, decision, entry.before, ticket
        )


def speaks(push: Push) -> bool:
    """Whether the viewer himself says something, rather than the platform about him."""
    return isinstance(push.message, Inbound) and isinstance(push.message.content, (*SPOKEN, MenuUsed))


def note_presence(session: Session, pushes: Sequence[Push]) -> None:
    """Keep whether identities follow the account; those who leave may hold no conversation at all."""
    for push in pushes:
        content = push.message.content if isinstance(push.message, Inbound) else None
        if isinstance(content, (Followed, Unfollowed)):
            own = (Identity.channel_id == push.channel_id, Identity.external_id == push.sender)
            session.execute(update(Identity).where(*own).values(following=isinstance(content, Followed)))


def note_reports(session: Session, pushes: Sequence[Push], now: datetime) -> None:
    """What the platform says later of messages that it took."""
    found = [
        reports.Report(push.channel_id, content.message_id[:64], content.delivered, content.status)
        for push in pushes
        if isinstance(push.message, Inbound) and isinstance(content := push.message.content, NoticeReported)
    ]
    if found:
        reports.note(session, found, now)


def note_switches(session: Session, pushes: Sequence[Push], now: datetime) -> None:
    """Whether a viewer, or a group's owner, lets us speak first; a group may have said nothing else so far."""
    for push in pushes:
        content = push.message.content if isinstance(push.message, Inbound) else None
        if isinstance(content, ProactiveChanged):
            own = (Identity.channel_id == push.channel_id, Identity.external_id == push.sender)
            switch = update(Identity).where(*own).values(proactive=content.allowed)
            if not changed(session.execute(switch)):
                people.welcome(session, {push.who}, now)
                session.execute(switch)


def note_recalls(session: Session, pushes: Sequence[Push], now: datetime) -> None:
    """What a viewer took back stays, marked: agents must not answer it as if it stood."""
    for push in pushes:
        content = push.message.content if isinstance(push.message, Inbound) else None
        if isinstance(content, Recalled):
            own = (InboundEvent.channel_id == push.channel_id, InboundEvent.dedupe_key == content.key)
            event = select(InboundEvent.id).where(*own, InboundEvent.sender == push.sender).scalar_subquery()
            theirs = (Message.direction == Direction.inbound, Message.event_id == event)
            recalled = update(Message).where(*theirs).values(recalled_at=now).returning(Message.conversation_id)
            publish(session, Kind.conversation, session.scalars(recalled), now=now)


def _parts(decision: Decision, push: Push, ticket: int | None) -> list[tuple[str, Say]]:
    """The texts to send, each within the platform's length."""
    limit, announced = push.capability.text_bytes, not push.customer_service
    return [
        (piece, say)
        for say in decision.says
        for piece in _pieces(say.text.replace(phrases.TICKET, f"T-{ticket}"), limit, announced, say.also is not None)
    ]


@lru_cache(1024)
def _pieces(text: str, limit: int, announced: bool, two: bool) -> Sequence[str]:
    """``announced``: that there is more stands under each piece, because the viewer must ask for it."""
    pieces = _cut(text, limit, two)
    if len(pieces) > 1 and announced:
        pieces = _cut(text, limit - len(phrases.MORE.encode()), two)
        pieces[:-1] = [piece + phrases.MORE for piece in pieces[:-1]]
    return pieces


def _cut(text: str, limit: int, two: bool) -> list[str]:
    """Two answers that do not fit into one message are cut between them first."""
    if not two or len(text.encode()) <= limit:
        return split_text(text, limit)
    first, between, second = text.partition(phrases.BETWEEN_ANSWERS)
    return [*split_text(first, limit), *split_text((between + second).lstrip(), limit)]


def _not_before(entry: _Entry, now: datetime) -> datetime:
    """A late answer leaves room for the platform's repeats; an account that cannot send waits for the viewer."""
    if not entry.push.customer_service:
        return NEVER
    return now if entry.passive_seq is not None or entry.rides is not None else max(now, entry.push.send_after)


def _details_of(say: Say) -> Encoded | None:
    return _provenance(say.source, say.also) if say.source or not say.choices else _choices(say.choices)


@lru_cache(1024)
def _choices(choices: tuple[Choice, ...]) -> Encoded:
    listed = [[choice.id, choice.label] for choice in choices]
    return Encoded(json.dumps({"choices": listed}, ensure_ascii=False))


@lru_cache(1024)
def _provenance(source: Source | None, also: Source | None) -> Encoded | None:
    """That of a second answer stands in the first one's, under ``also``."""
    if source is None:
        return None
    other = {"also": asdict(also)} if also else {}
    return Encoded(json.dumps(asdict(source) | other, ensure_ascii=False))


def _details(content: Any) -> dict[str, Any] | None:
    """What a content carries besides its text."""
    if isinstance(content, Text):
        return {"menu_id": content.menu_id} if content.menu_id else None
    details = {k: v for k, v in asdict(content).items() if v is not None and k not in ("text", "recognition")}
    return details or None
