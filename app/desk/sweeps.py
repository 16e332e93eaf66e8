"""What the desk tidies up by itself, by the clock."""

from datetime import datetime, timedelta

from sqlalchemy import and_, exists, not_, select
from sqlalchemy.orm import Session

from app.agents import duty
from app.agents.models import Agent
from app.conversations import routing
from app.conversations.models import Conversation
from app.desk import drafts, replies, viewing

KEPT = timedelta(days=2)
"""For so long a repeat of a reply is recognised; no browser repeats later."""


def give_up_gone(session: Session, *, now: datetime) -> int:
    """Whoever may not speak and was given a conversation meanwhile: it waits in the queue again. How many, a page."""
    holds = exists().where(Conversation.agent_id == Agent.id, Conversation.closed_at.is_(None))
    gone = select(Agent.id).where(not_(and_(*duty.speaks())), holds).order_by(Agent.id).limit(1)
    agent_id = session.scalars(gone).one_or_none()
    return 0 if agent_id is None else routing.give_up_all(session, agent_id, now=now)


def forget(session: Session, *, now: datetime) -> int:
    """Drop what means nothing any more; how many rows, a page of each."""
    before = now - KEPT
    return (
        replies.forget_keys(session, before=before)
        + drafts.forget(session, before=before)
        + viewing.forget(session, before=before)
    )
