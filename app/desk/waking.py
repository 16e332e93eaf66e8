"""What was put off comes back by itself when its time is over, so that lists need not ask for the clock alone.

What its viewer writes to comes back at once: that is told by ``viewer_wrote_at``, see ``loads.is_awake``.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import events
from app.conversations import history
from app.conversations.history import Entry, Kind
from app.conversations.models import Conversation
from app.db.rows import Update, table_of, together
from app.db.sql import for_update

_wake = Update(table_of(Conversation), ("snoozed_at", "snoozed_until"))


def wake(session: Session, *, now: datetime, limit: int = 200) -> int:
    """Those whose time is over are no longer put off; how many."""
    due = select(Conversation).where(Conversation.snoozed_until.is_not(None), Conversation.snoozed_until <= now)
    page = for_update(due.order_by(Conversation.snoozed_until, Conversation.id).limit(limit), skip_locked=True)
    found = session.scalars(page, execution_options={"populate_existing": True}).all()
    if not found:
        return 0
    told = [Entry(talk.id, talk.last_seq, Kind.woken, now) for talk in found if talk.closed_at is None]
    together(session, [(_wake, [(talk.id, None, None) for talk in found]), history.entries(told)])
    events.publish(session, events.Kind.conversation, [talk.id for talk in found], now=now)
    events.publish(session, events.Kind.agent, {talk.agent_id for talk in found if talk.agent_id}, now=now)
    return len(found)
