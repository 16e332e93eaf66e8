"""What we said to one viewer, as people see it: each message's state, and why it waits. Read, never written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agents.models import Agent
from app.conversations import windows
from app.conversations.accounts import Account
from app.conversations.models import Conversation, Direction, Message
from app.conversations.pending import KIND, NEVER
from app.db.sql import is_any
from app.jobs.models import Job, JobState
from app.viewers.models import Identity


@dataclass(frozen=True, slots=True)
class Outgoing:
    message_id: int
    seq: int
    author: str
    kind: str
    text: str
    state: str
    via: str | None
    created_at: datetime
    sent_at: datetime | None
    waits: str | None
    until: datetime | None
    """None: not by time alone."""
    attempts: int
    error: str | None
    agent: str | None = None
    """The author's name, where an agent wrote it."""


@dataclass(frozen=True, slots=True)
class Talk:
    """A viewer's newest conversation, and what was said to him in all of them, the newest first."""

    conversation_id: int
    owner: str
    is_closed: bool
    said: Sequence[Outgoing]
    used_up: bool
    """The window is open, but has had all its messages."""


def find(session: Session, account: Account, recipient: str, *, now: datetime, limit: int = 10) -> Talk | None:
    """By the viewer's address on a channel; None where he never wrote."""
    own = (Identity.channel_id == account.channel_id, Identity.external_id == recipient)
    talks = select(Conversation).join(Identity, Identity.id == Conversation.identity_id).where(*own)
    found = session.scalars(talks.order_by(Conversation.id.desc()).limit(5)).all()
    if not found:
        return None
    said = _said(session, [talk.id for talk in found], limit)
    newest = found[0]
    used_up = _is_used_up(session, account, recipient, newest.id, now)
    return Talk(newest.id, newest.owner, newest.closed_at is not None, said, used_up)


_ROW = (
    Message.id, Message.seq, Message.author, Message.kind, Message.text, Message.state, Message.via,
    Message.created_at, Message.sent_at, Message.error, Job.waits, Job.not_before, Job.attempts,
    Job.error.label("job_error"), Job.state.label("job_state"),
)  # fmt: skip


def _said(session: Session, conversations: Sequence[int], limit: int) -> list[Outgoing]:
    rows = session.execute(
        select(*_ROW)
        .outerjoin(Job, (Job.subject_id == Message.id) & (Job.kind == KIND))
        .where(is_any(Message.conversation_id, conversations), Message.direction == Direction.outbound)
        .order_by(Message.id.desc())
        .limit(limit)
    ).all()
    agents = [int(author) for author in {row.author for row in rows} if author.isdecimal()]
    named = session.execute(select(Agent.id, Agent.name).where(is_any(Agent.id, agents))).all() if agents else []
    names = {str(row[0]): row[1] for row in named}
    return [_read(row, names.get(row.author)) for row in rows]


def _read(row: Any, agent: str | None) -> Outgoing:
    timed = row.waits is not None and row.not_before != NEVER and row.job_state == JobState.queued
    return Outgoing(
        row.id, row.seq, row.author, row.kind, row.text, row.state, row.via, row.created_at, row.sent_at, row.waits,
        row.not_before if timed else None, row.attempts or 0, row.error or row.job_error, agent,
    )  # fmt: skip


def _is_used_up(session: Session, account: Account, recipient: str, conversation_id: int, now: datetime) -> bool:
    found, counts = windows.anchors(session, [conversation_id])
    heard = [anchor for each in found.values() for anchor in each]
    return windows.is_used_up(account.platform, account.credentials, recipient, heard, counts, now)
