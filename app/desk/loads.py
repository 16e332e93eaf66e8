"""How much each agent has."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement, func, select
from sqlalchemy.orm import Session

from app.conversations.models import Conversation
from app.db.sql import is_any


def is_awake(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Not put off, or no longer: its time has come, or its viewer has written."""
    is_over = (Conversation.snoozed_until <= now) | (Conversation.viewer_wrote_at > Conversation.snoozed_at)
    return Conversation.snoozed_until.is_(None) | is_over


def loads_of(session: Session, agent_ids: Collection[int], *, now: datetime) -> dict[int, int]:
    """By agent, his open conversations that are not put off; who has none is missing."""
    own = (is_any(Conversation.agent_id, agent_ids), Conversation.agent_id.is_not(None))
    counted = (
        select(Conversation.agent_id, func.count())
        .where(*own, Conversation.closed_at.is_(None), is_awake(now))
        .group_by(Conversation.agent_id)
    )
    return {agent_id: count for agent_id, count in session.execute(counted) if agent_id is not None}
