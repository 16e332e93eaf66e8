"""What the desk keeps for the people who work at it: drafts, marks, tags, quick replies, views."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, Id, Json, UtcDateTime, where

_ALL = "agent_id IS NULL AND team_id IS NULL"
_EMPTIED = "text = ''"
_UNSEEN = "seen_at IS NULL"


class Draft(Base):
    """What a person has begun to write. In the database, so that another tab and another computer have it too.

    One that was sent or emptied stays for a while without text: what a slow tab saves later is older than that.
    """

    __tablename__ = "drafts"
    __table_args__ = (Index("ix_drafts_emptied", "updated_at", **where(_EMPTIED)),)
    agent_id: Mapped[int] = mapped_column(Id, ForeignKey("agents.id"), primary_key=True, autoincrement=False)
    conversation_id: Mapped[int] = mapped_column(
        Id, ForeignKey("conversations.id"), primary_key=True, autoincrement=False
    )
    text: Mapped[str] = mapped_column(Text)
    seen_seq: Mapped[int]
    """``seq`` of the viewer's newest message when he began: what came since may make the draft wrong."""
    revision: Mapped[int] = mapped_column(Id)
    """Grows with each change, so that of two tabs the later one wins: milliseconds since 1970 of the browser."""
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SentKey(Base):
    """What a browser called a reply when it sent it: a second tap, or a repeat after a lost answer, says nothing."""

    __tablename__ = "sent_keys"
    agent_id: Mapped[int] = mapped_column(Id, ForeignKey("agents.id"), primary_key=True, autoincrement=False)
    conversation_id: Mapped[int] = mapped_column(
        Id, ForeignKey("conversations.id"), primary_key=True, autoincrement=False
    )
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    message_id: Mapped[int] = mapped_column(Id)
    """The first message that it became."""
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class ReadMark(Base):
    """How far a person has read a conversation."""

    __tablename__ = "read_marks"
    agent_id: Mapped[int] = mapped_column(Id, ForeignKey("agents.id"), primary_key=True, autoincrement=False)
    conversation_id: Mapped[int] = mapped_column(
        Id, ForeignKey("conversations.id"), primary_key=True, autoincrement=False
    )
    seq: Mapped[int]


class Viewing(Base):
    """Who has a conversation open at the moment, and whether he is writing; old rows mean nothing."""

    __tablename__ = "viewings"
    conversation_id: Mapped[int] = mapped_column(
        Id, ForeignKey("conversations.id"), primary_key=True, autoincrement=False
    )
    agent_id: Mapped[int] = mapped_column(
        Id, ForeignKey("agents.id"), primary_key=True, autoincrement=False, index=True
    )
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    wrote_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Tag(Base):
    __tablename__ = "conversation_tags"
    __table_args__ = (Index("ix_conversation_tags_tag_conversation_id", "tag", "conversation_id"),)
    conversation_id: Mapped[int] = mapped_column(
        Id, ForeignKey("conversations.id"), primary_key=True, autoincrement=False
    )
    tag: Mapped[str] = mapped_column(String(32), primary_key=True)


class Mention(Base):
    """A note that names a person with @."""

    __tablename__ = "mentions"
    __table_args__ = (Index("ix_mentions_conversation_id", "conversation_id", "agent_id", "entry_id"),)
    agent_id: Mapped[int] = mapped_column(Id, ForeignKey("agents.id"), primary_key=True, autoincrement=False)
    entry_id: Mapped[int] = mapped_column(
        Id, ForeignKey("conversation_history.id"), primary_key=True, autoincrement=False
    )
    conversation_id: Mapped[int] = mapped_column(Id, ForeignKey("conversations.id"))
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class QuickReply(Base):
    """A text that is sent often: of one person, of a team, or of all."""

    __tablename__ = "quick_replies"
    __table_args__ = (
        UniqueConstraint("agent_id", "shortcut"),
        UniqueConstraint("team_id", "shortcut"),
        Index("uq_quick_replies_all", "shortcut", unique=True, **where(_ALL)),
        CheckConstraint("agent_id IS NULL OR team_id IS NULL", name="scope"),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    agent_id: Mapped[int | None] = mapped_column(Id, ForeignKey("agents.id"))
    team_id: Mapped[int | None] = mapped_column(Id, ForeignKey("teams.id"))
    shortcut: Mapped[str] = mapped_column(String(32))
    """What is typed after ``/``."""
    text: Mapped[str] = mapped_column(Text)
    """With variables such as {观众}, {客服}."""
    files: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    """Pictures that go with it: ``key`` in the storage, ``name``."""
    used: Mapped[int] = mapped_column(server_default="0")
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SavedView(Base):
    """A list with its filters under a name."""

    __tablename__ = "saved_views"
    __table_args__ = (UniqueConstraint("agent_id", "page", "name"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    agent_id: Mapped[int] = mapped_column(Id, ForeignKey("agents.id"))
    page: Mapped[str] = mapped_column(String(8), server_default="desk")
    """Of which page: ``desk``, ``tickets``."""
    name: Mapped[str] = mapped_column(String(32))
    filters: Mapped[dict[str, Any]] = mapped_column(Json)


class SensitiveWord(Base):
    """A word that agents do not send to viewers, or only after a second look."""

    __tablename__ = "sensitive_words"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    word: Mapped[str] = mapped_column(String(64), unique=True)
    blocks: Mapped[bool]
    advice: Mapped[str] = mapped_column(String(200))
    """What to say instead."""


class RunState(StrEnum):
    planned = "planned"
    """It was said what it would do; whoever planned it has not begun it."""
    running = "running"
    stopped = "stopped"
    done = "done"


class TicketRun(Base):
    """A change to many tickets. Those that are still to come are in its jobs."""

    __tablename__ = "ticket_runs"
    __table_args__ = (
        CheckConstraint("state IN ('planned', 'running', 'stopped', 'done')", name="state"),
        CheckConstraint("done <= total AND changed <= done", name="counts"),
        Index("ix_ticket_runs_unseen", "agent_id", "id", **where(_UNSEEN)),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    agent_id: Mapped[int] = mapped_column(Id, ForeignKey("agents.id"))
    deed: Mapped[dict[str, Any]] = mapped_column(Json)
    """What they are to become."""
    ids: Mapped[list[int]] = mapped_column(Json)
    """As long as it is planned."""
    total: Mapped[int]
    done: Mapped[int]
    """Those that were looked at, in their order."""
    changed: Mapped[int]
    why: Mapped[dict[str, tuple[int, list[int]]]] = mapped_column(Json)
    """By what was said of them: how many stayed as they were, and which first; none of those that were so already."""
    state: Mapped[str] = mapped_column(String(8))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When it was said what it would do."""
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When whoever began it put its outcome away."""


class SearchGram(Base):
    """The search's index: what holds these two characters side by side. Walked from its newest end."""

    __tablename__ = "search_grams"
    __table_args__ = ({"sqlite_with_rowid": False},)
    kind: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """1 messages, 2 viewers, 3 tickets."""
    gram: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    """Both code points in one number."""
    subject_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)


class SearchGap(Base):
    """Ids that nobody saw when the index went past them: taken by whoever had not committed yet, or never used.

    PostgreSQL alone has them: there ids are given out before the commit.
    """

    __tablename__ = "search_gaps"
    kind: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    first: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(Id)
    horizon: Mapped[int] = mapped_column(Id)
    """Once all transactions below it have ended, nothing more will come."""


class QueueSample(Base):
    """The queue at the end of a minute, for the picture of a day."""

    __tablename__ = "queue_samples"
    at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    """A whole minute: of two workers one writes it."""
    waiting: Mapped[int]
    longest_wait_s: Mapped[int]
    agents_there: Mapped[int]
    arrivals: Mapped[int]
    """Who came to the queue within the minute before."""
    taken: Mapped[int]
    """Who left it to a person within the minute before."""
