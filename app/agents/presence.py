"""Whether somebody is there: what he says of himself, and what his live connection says."""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from app import events
from app.agents import audit
from app.agents.models import Agent, Presence
from app.agents.people import lock
from app.agents.rights import Action, Actor, require
from app.db.sql import for_update, is_any
from app.errors import AppError

GONE_AFTER = timedelta(seconds=40)
"""Without a sign of his live connection, which gives one every 15 s."""
LONGEST_REASON = 32


class Shown(StrEnum):
    online = "online"
    busy = "busy"
    away = "away"
    offline = "offline"
    """No page of his is open, whatever he said last."""


class ReasonTooLong(AppError):
    status_code, message = 422, f"离开原因最多 {LONGEST_REASON} 个字"


def set_presence(
    session: Session, *, by: Actor, presence: Presence, reason: str | None = None, now: datetime,
    agent_id: int | None = None,
) -> None:  # fmt: skip
    """His own, or with ``agent_id`` that of another. A reason is kept for ``away`` alone."""
    whose = by.id if agent_id is None else agent_id
    if whose != by.id:
        require(by, Action.set_presence)
    reason = (reason or "").strip() or None if presence is Presence.away else None
    if reason is not None and len(reason) > LONGEST_REASON:
        raise ReasonTooLong
    agent = lock(session, whose)
    if (agent.presence, agent.away_reason) == (presence, reason):
        return
    before = [agent.presence, agent.away_reason]
    agent.presence, agent.away_reason, agent.presence_at = presence.value, reason, now
    audit.record(
        session, by, "presence.set", now=now, subject="agent", subject_id=whose, before=before,
        after=[presence.value, reason],
    )  # fmt: skip
    events.publish(session, events.Kind.people, [whose], now=now)


def touch(session: Session, agent_ids: Collection[int], now: datetime) -> None:
    """The live connections of these people are open. Whose row is locked this moment is left to the next round."""
    older = or_(Agent.seen_at.is_(None), Agent.seen_at < now)
    rows = for_update(select(Agent.id).where(is_any(Agent.id, agent_ids), older), skip_locked=True, refer=True)
    session.execute(update(Agent).where(Agent.id.in_(rows.scalar_subquery())).values(seen_at=now))


def is_there(seen_at: datetime | None, now: datetime) -> bool:
    """Pure."""
    return seen_at is not None and now - seen_at < GONE_AFTER


def state_of(presence: str, seen_at: datetime | None, now: datetime) -> Shown:
    """As colleagues see it. Pure."""
    return Shown(presence) if is_there(seen_at, now) else Shown.offline
