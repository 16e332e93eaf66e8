"""Whose agent is gone: where his viewer waits, somebody else can have him."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app import events
from app.agents.duty import GRACE
from app.agents.models import Agent
from app.conversations import history, queue
from app.conversations.history import Entry, Kind
from app.conversations.models import Conversation, Owner
from app.db.rows import Update, table_of, together

_PAUSE = timedelta(minutes=1)


@dataclass(slots=True)
class Watch:
    """Since when somebody has looked, without a pause: after a restart everybody is gone for a moment."""

    since: datetime
    looked_at: datetime

    def look(self, now: datetime) -> bool:
        """Whether who has not been seen for the grace is gone, and not we were."""
        if not timedelta() <= now - self.looked_at <= _PAUSE:
            self.since = now
        self.looked_at = now
        return now - self.since >= GRACE


_give_back = Update(
    table_of(Conversation),
    ("owner", "agent_id", "queued_at", "acknowledged", "awaiting", "snoozed_at", "snoozed_until"),
)


def give_back(session: Session, *, now: datetime, limit: int = 200) -> int:
    """Those of agents who are gone or deactivated, in which the viewer waits, to the queue since he waits; how many.

    Somebody who has never opened the desk is not gone from it.
    """
    gone = or_(Agent.deactivated_at.is_not(None), Agent.seen_at <= now - GRACE)
    own = (Conversation.agent_id.is_not(None), Conversation.closed_at.is_(None), Conversation.waits_since.is_not(None))
    rows = select(Conversation).join(Agent, Agent.id == Conversation.agent_id).where(gone, *own)
    page = rows.order_by(Conversation.id).limit(limit).with_for_update(of=Conversation, skip_locked=True)
    found = session.scalars(page, execution_options={"populate_existing": True}).all()
    if not found:
        return 0
    changes = [(talk.id, Owner.queue, None, talk.waits_since, False, None, None, None) for talk in found]
    told = [Entry(talk.id, talk.last_seq, Kind.queued, now, {"former": talk.agent_id, "why": "gone"}) for talk in found]
    together(session, [(_give_back, changes), history.entries(told)])
    queue.rank(session, [talk.id for talk in found], priority=0)
    events.publish(session, events.Kind.conversation, [talk.id for talk in found], now=now)
    events.publish(session, events.Kind.queue, now=now)
    events.publish(session, events.Kind.agent, {talk.agent_id for talk in found if talk.agent_id}, now=now)
    return len(found)
