"""Conversations and messages in great number, written by statements over whole tables."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.conversations.models import Conversation, InboundEvent, Message
from app.db.database import Database
from app.db.rows import Insert, table_of
from app.jobs.models import Job, JobState, Lane, Priority
from app.viewers.models import Identity, Viewer

PAGE = 5_000


@dataclass(frozen=True, slots=True)
class Channels:
    wechat: int
    qq: int


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation with a viewer who has written once."""

    conversation_id: int
    viewer: str
    key: str
    """The platform's id of what he wrote."""


_viewers = Insert(table_of(Viewer), ("created_at",), returning=("id",))
_identities = Insert(
    table_of(Identity), ("channel_id", "external_id", "viewer_id", "created_at", "following"),
    returning=("id", "external_id"),
)  # fmt: skip
_conversations = Insert(
    table_of(Conversation),
    ("identity_id", "channel_id", "owner", "last_seq", "heard_seq", "failures", "opened_at", "viewer_wrote_at",
     "acknowledged"),
    returning=("id", "identity_id"),
)  # fmt: skip
_events = Insert(
    table_of(InboundEvent), ("channel_id", "dedupe_key", "sender", "state", "received_at"), returning=("id", "sender")
)
_messages = Insert(
    table_of(Message),
    ("conversation_id", "seq", "direction", "author", "kind", "text", "state", "via", "event_id", "platform_at",
     "created_at"),
    returning=("id", "conversation_id"),
)  # fmt: skip
_lanes = Insert(
    table_of(Lane), ("topic", "subject_id", "channel_id", "priority", "ready_at"), returning=("id", "subject_id")
)
_jobs = Insert(
    table_of(Job), ("lane_id", "kind", "subject_id", "state", "priority", "not_before", "attempts", "created_at")
)


async def talks(database: Database, channel_id: int, viewers: list[str], now: datetime) -> list[Talk]:
    """New viewers who wrote just now."""
    made: list[Talk] = []
    for at in range(0, len(viewers), PAGE):
        made += await database.write(_talks, channel_id, viewers[at : at + PAGE], now)
    return made


def _talks(session: Session, channel_id: int, viewers: list[str], now: datetime) -> list[Talk]:
    people = _viewers(session, [(now,)] * len(viewers))
    rows = [(channel_id, name, person[0], now, None) for name, person in zip(viewers, people, strict=True)]
    names = {row[0]: row[1] for row in _identities(session, rows)}
    opened = _conversations(session, [(i, channel_id, "bot", 1, 1, 0, now, now, False) for i in names])
    keys = {name: f"in-{channel_id}-{name.rpartition(':')[2]}" for name in viewers}
    events = {
        row[1]: row[0]
        for row in _events(session, [(channel_id, f"m:{keys[name]}", name, "handled", now) for name in viewers])
    }
    said = [
        (talk, 1, "in", "viewer", "text", "在吗", "received", None, events[names[identity]], now, now)
        for talk, identity in opened
    ]
    _messages(session, said)
    return [Talk(talk, names[identity], keys[names[identity]]) for talk, identity in opened]


async def campaign(database: Database, channel_id: int, count: int, now: datetime) -> list[Talk]:
    """So many new viewers for each of whom a message of a campaign waits; some of the last ones."""
    last: list[Talk] = []
    for at in range(0, count, PAGE):
        viewers = [f"oFollower{number:07}" for number in range(at, min(at + PAGE, count))]
        last = await database.write(_talks, channel_id, viewers, now)
        await database.write(_wait, channel_id, last, now)
    await database.write(_analyze)
    return last[-10:]


def _wait(session: Session, channel_id: int, talks: list[Talk], now: datetime) -> None:
    rows = [
        (t.conversation_id, 2, "out", "system", "text", f"campaign {t.viewer}", "queued", "outbox", None, None, now)
        for t in talks
    ]
    messages = {row[1]: row[0] for row in _messages(session, rows)}
    rank = Priority.campaign.rank
    lanes = _lanes(session, [("conversation", t.conversation_id, channel_id, rank, now) for t in talks])
    _jobs(
        session,
        [(lane, "message", messages[talk], JobState.queued, rank, now, 0, now) for lane, talk in lanes],
    )
    given = {"low": min(t.conversation_id for t in talks), "high": max(t.conversation_id for t in talks)}
    session.execute(text("UPDATE conversations SET last_seq = 2 WHERE id BETWEEN :low AND :high"), given)


def _analyze(session: Session) -> None:
    """As the server's own autovacuum does, a minute later."""
    session.execute(text("ANALYZE"))
