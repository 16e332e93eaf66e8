"""Conversations and their messages, and the raw events that the messages came from."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, SmallInteger, String, Text, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

import app.agents.models  # noqa: F401  (the tables that conversations refer to)
from app.db.base import Base, Id, Json, UtcDateTime, where


class Channel(Base):
    """An account on a platform. Its credentials are sealed with the keyring."""

    __tablename__ = "channels"
    __table_args__ = (UniqueConstraint("platform", "name"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    platform: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(64))
    settings: Mapped[dict[str, Any]] = mapped_column(Json)
    secrets: Mapped[bytes] = mapped_column(LargeBinary)
    simulated: Mapped[bool]
    """Played by the simulator: refused outside demo mode."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class EventState(StrEnum):
    stored = "stored"
    handled = "handled"
    undecodable = "undecodable"
    failed = "failed"


class InboundEvent(Base):
    """A push as it came, kept for replay. The unique key is what makes a platform's repeats harmless."""

    __tablename__ = "inbound_events"
    __table_args__ = (
        UniqueConstraint("dedupe_key", "channel_id"),  # the selective column first: a batch asks for many keys
        Index("ix_inbound_events_backlog", "sender", "channel_id", **where("state = 'stored'")),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    channel_id: Mapped[int] = mapped_column(Id, ForeignKey("channels.id"))
    dedupe_key: Mapped[str] = mapped_column(String(300))
    sender: Mapped[str] = mapped_column(String(128))
    state: Mapped[str] = mapped_column(String(12))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Decrypted, then sealed with the keyring; None once its time is over."""
    error: Mapped[str | None] = mapped_column(Text)


class Owner(StrEnum):
    bot = "bot"
    queue = "queue"
    agent = "agent"


class Conversation(Base):
    """One at most is open for an identity. ``owner`` is who speaks."""

    __tablename__ = "conversations"
    __table_args__ = (
        Index("uq_conversations_open", "identity_id", unique=True, **where("closed_at IS NULL")),
        Index("ix_conversations_queue", "priority", "vip", "queued_at", "id", **where("owner = 'queue'")),
        Index("ix_conversations_identity_id", "identity_id"),
        # What a person has, open and done. No index may hold what each turn with the bot changes.
        Index("ix_conversations_agent_id", "agent_id", "closed_at", **where("agent_id IS NOT NULL")),
        Index("ix_conversations_team_id", "team_id", "id",
              **where("team_id IS NOT NULL AND closed_at IS NULL")),
        Index("ix_conversations_waits_since", "waits_since", "id", **where("waits_since IS NOT NULL")),
        Index("ix_conversations_snoozed_until", "snoozed_until", **where("snoozed_until IS NOT NULL")),
        Index("ix_conversations_resolved_at", "closed_at", "id", **where("closed_by IS NOT NULL")),
        Index("ix_conversations_bot", "id", **where("owner = 'bot' AND closed_at IS NULL")),
        # A turn names a title once or twice in a conversation, seldom another.
        Index("ix_conversations_title", "title", "id", **where("title IS NOT NULL")),
        CheckConstraint("owner IN ('bot', 'queue', 'agent')", name="owner"),
        CheckConstraint("agent_id IS NULL OR owner = 'agent'", name="agent"),
        {"postgresql_with": {"fillfactor": 70}},  # updated by each turn: room for the new version on the same page
    )  # fmt: skip
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    identity_id: Mapped[int] = mapped_column(Id, ForeignKey("identities.id"))
    channel_id: Mapped[int] = mapped_column(Id, ForeignKey("channels.id"))
    owner: Mapped[str] = mapped_column(String(8))
    last_seq: Mapped[int]
    """``seq`` of the newest message; the row's lock makes the numbers gapless."""
    heard_seq: Mapped[int] = mapped_column(server_default="0")
    """``seq`` of the newest message of the viewer: the windows to him are looked for from there."""
    awaiting: Mapped[str | None] = mapped_column(Text)
    """What the bot waits for, as ``dialogue`` writes it; text, as each turn reads and writes it."""
    failures: Mapped[int] = mapped_column(SmallInteger)
    last_entry: Mapped[str | None] = mapped_column(String(64))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    viewer_wrote_at: Mapped[datetime] = mapped_column(UtcDateTime)
    queued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    acknowledged: Mapped[bool]
    """Whether the viewer in the queue was told that his addition was received."""
    repeats: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    """How often ``last_entry`` was asked again since it was answered first."""
    heard: Mapped[str | None] = mapped_column(Text)
    """What was named so far: title, episode, device, error code; JSON that only the dialogue reads."""
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_by: Mapped[int | None] = mapped_column(Id, ForeignKey("agents.id"))
    """Who resolved it; None where it fell silent, or is open."""
    agent_id: Mapped[int | None] = mapped_column(Id, ForeignKey("agents.id"))
    """Who speaks, where ``owner`` is ``agent``; stays when it is resolved."""
    last_agent_id: Mapped[int | None] = mapped_column(Id, ForeignKey("agents.id"))
    """Who spoke last, also after he gave it back: he knows the matter."""
    team_id: Mapped[int | None] = mapped_column(Id, ForeignKey("teams.id"))
    """For whom it is meant; None: for everybody."""
    skill: Mapped[str | None] = mapped_column(String(32))
    """What whoever takes it must be able to do."""
    priority: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    """0 as usual, 1 high, 2 urgent."""
    vip: Mapped[bool] = mapped_column(server_default=sql("false"))
    """Whether its viewer goes before others in the queue: as he was when it came there, or was ranked since."""
    title: Mapped[str | None] = mapped_column(String(64))
    """What it is about, as ``heard`` says: here for lists and filters."""
    waits_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Since when the viewer has waited for a person's word; None: it is his turn, or the bot's."""
    snoozed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    snoozed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Out of sight until then, or until the viewer writes (``viewer_wrote_at`` after ``snoozed_at``)."""


class Direction(StrEnum):
    inbound = "in"
    outbound = "out"


class MessageState(StrEnum):
    """An inbound message is ``received``; the others are the states of what leaves."""

    received = "received"
    queued = "queued"
    sending = "sending"
    sent = "sent"
    unknown = "unknown"
    failed = "failed"
    delivered = "delivered"
    read = "read"


class Via(StrEnum):
    passive = "passive"
    """On the response of the webhook request of ``event_id``."""
    outbox = "outbox"


class Message(Base):
    """What was said, in the order of ``seq``, without gaps."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("conversation_id", "seq"),
        # On PostgreSQL no index may depend on the state: else each hand-over writes to all of them.
        Index("ix_messages_sending_at", "sending_at", sqlite_where=sql("state = 'sending'"),
              postgresql_using="brin", postgresql_with={"autosummarize": True}),
        Index("ix_messages_platform_id", "platform_id", **where("platform_id IS NOT NULL")),
        # What answers an event, for a repeat of it.
        Index("ix_messages_event_id", "event_id", **where("direction = 'out'")),
        CheckConstraint("direction IN ('in', 'out')", name="direction"),
        CheckConstraint(
            "state IN ('received', 'queued', 'sending', 'sent', 'unknown', 'failed', 'delivered', 'read')", name="state"
        ),
        {"postgresql_with": {"fillfactor": 60}},  # an answer is updated once: its new version stays on the same page
    )  # fmt: skip
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    conversation_id: Mapped[int] = mapped_column(Id, ForeignKey("conversations.id"))
    seq: Mapped[int]
    direction: Mapped[str] = mapped_column(String(3))
    author: Mapped[str] = mapped_column(String(16))
    """``viewer``, ``bot``, ``system``, or the agent's id."""
    kind: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """Inbound: what the kind carries besides text. Outbound: where the answer came from (entry, version, score)."""
    state: Mapped[str] = mapped_column(String(9))
    via: Mapped[str | None] = mapped_column(String(8))
    event_id: Mapped[int | None] = mapped_column(Id)
    """Inbound: the event it came from. Outbound: the event whose response carries or would have carried it.

    No foreign key: messages outlive the raw events.
    """
    platform_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sending_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the last attempt to send it began."""
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    recalled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the viewer took it back, on platforms that tell."""
    error: Mapped[str | None] = mapped_column(String(200))
    platform_id: Mapped[str | None] = mapped_column(String(64))
    """What the platform calls it: its reports refer to it."""
    reply_to_id: Mapped[int | None] = mapped_column(Id)
    """The viewer's message in whose window it leaves; written before the first attempt, the same for each."""
    reply_number: Mapped[int | None] = mapped_column(SmallInteger)
    """1 for the first message in that window, 2 for the second…"""
