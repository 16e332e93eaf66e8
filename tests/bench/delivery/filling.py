"""Stores in which very many messages wait: made by set-based statements, a table at a time."""

from datetime import datetime, timedelta

from sqlalchemy import TextClause, bindparam, text
from sqlalchemy.orm import Session

from app.conversations.pending import NEVER
from app.db.base import UtcDateTime
from app.jobs.models import Priority, Waits

_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)"
_VIEWERS = "INSERT INTO viewers (id, created_at) {n} SELECT :first + i, :at FROM n"
_IDENTITIES = """
INSERT INTO identities (id, channel_id, external_id, viewer_id, created_at)
{n} SELECT :first + i, :channel, 'openid-' || CAST(:first + i AS TEXT), :first + i, :at FROM n
"""
_CONVERSATIONS = """
INSERT INTO conversations (id, identity_id, channel_id, owner, last_seq, heard_seq, failures, opened_at,
    viewer_wrote_at, acknowledged, repeats)
{n} SELECT :first + i, :first + i, :channel, 'bot', 2, 1, 0, :at, :at, false, 0 FROM n
"""
_HEARD = """
INSERT INTO messages (id, conversation_id, seq, direction, author, kind, text, state, created_at)
{n} SELECT 2 * (:first + i), :first + i, 1, 'in', 'viewer', 'text', '在吗', 'received', :at FROM n
"""
_SAID = """
INSERT INTO messages (id, conversation_id, seq, direction, author, kind, text, state, via, created_at)
{n} SELECT 2 * (:first + i) + 1, :first + i, 2, 'out', 'bot', 'text', '第8集推迟到周六 20:00', 'queued', 'outbox', :at
FROM n
"""
_LANES = """
INSERT INTO lanes (id, topic, subject_id, channel_id, priority, ready_at)
{n} SELECT :first + i, 'conversation', :first + i, :channel, :priority, {due} FROM n
"""
_JOBS = """
INSERT INTO jobs (id, lane_id, kind, subject_id, state, priority, not_before, attempts, waits, doubtful, keyed,
    created_at)
{n} SELECT :first + i, :first + i, 'message', 2 * (:first + i) + 1, 'queued', :priority, {due}, 0, :waits, false, false,
    :at FROM n
"""
_TABLES = (_VIEWERS, _IDENTITIES, _CONVERSATIONS, _HEARD, _SAID, _LANES, _JOBS)
_NUMBERED = ("viewers", "identities", "conversations", "messages", "lanes", "jobs")


def fill(
    session: Session, channel_id: int, *, first: int, count: int, priority: Priority, now: datetime,
    for_viewer: bool = False,
) -> None:  # fmt: skip
    """``count`` viewers who have just written, and a message that waits for each: due one after the other.

    ``first``: all their numbers are above it. ``for_viewer``: they wait until their viewers write again.
    """
    dialect = session.get_bind().dialect.name
    begin = now - timedelta(microseconds=count)
    given = {
        "first": first, "count": count, "channel": channel_id, "priority": priority.rank, "at": now,
        "due": NEVER if for_viewer else begin, "waits": Waits.window.value if for_viewer else None,
    }  # fmt: skip
    step = "i" if dialect == "sqlite" else "i * interval '1 microsecond'"
    due = ":due" if for_viewer else f":due + {step}"
    for table in _TABLES:
        session.execute(_statement(table.format(n=_NUMBERS, due=due)), given)


def _statement(words: str) -> TextClause:
    times = [bindparam(name, type_=UtcDateTime()) for name in ("at", "due") if f":{name}" in words]
    return text(words).bindparams(*times)


def settle_down(session: Session) -> None:
    """What a store does by itself after a while: numbers go on behind those given here, tables are analysed."""
    if session.get_bind().dialect.name == "postgresql":
        for table in _NUMBERED:
            highest = f"(SELECT coalesce(max(id), 0) + 1 FROM {table})"
            session.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {highest}, false)"))
    session.execute(text("ANALYZE"))
