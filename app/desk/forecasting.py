"""How long those who wait for a person have to expect: from what has really happened.

While somebody waits, people leave the queue as fast as agents take them. So what counts is the time within the last
half hour in which somebody waited, by how many left it then; a queue that stands still makes it longer by itself. Where
too few have left, it is how many can be spoken with at a time, by how long one takes.
"""

from datetime import datetime, timedelta

from sqlalchemy import func, literal_column, select
from sqlalchemy.orm import Session

from app.agents import duty
from app.agents.models import Agent
from app.conversations import outlook
from app.conversations.history import HistoryEntry, Kind
from app.conversations.models import Conversation
from app.conversations.outlook import Outlook
from app.desk import flow, staff

WINDOW = timedelta(minutes=30)
ENOUGH = 5
"""Samples without which nothing is said."""
_RECENT = timedelta(hours=24)
_LOOKED_AT = 200


def update_outlook(session: Session, *, assigns: bool, now: datetime) -> Outlook:
    """``assigns``: those who wait are given to whoever has room, so that room means no waiting."""
    about = select(func.count(), func.coalesce(func.sum(Agent.capacity), 0)).where(*duty.is_about(now))
    there, places = session.execute(about).one()
    members = staff.list_free(session, now=now) if assigns else []
    free = sum(member.capacity - member.load for member in members)
    found = Outlook(now, there if there or _was_anybody_ever(session) else None, free, _pace(session, places, now))
    outlook.put(session, found)
    return found


def _was_anybody_ever(session: Session) -> bool:
    """Also somebody who is deactivated by now: the desk was in use."""
    return session.scalar(select(Agent.id).where(Agent.seen_at.is_not(None)).limit(1)) is not None


def _pace(session: Session, places: int, now: datetime) -> int | None:
    """Milliseconds between two who leave."""
    exits = flow.read(session, since=now - WINDOW, until=now + timedelta(seconds=1)).exits
    if len(exits) < ENOUGH:
        return _by_handling(session, places, now)
    spans = [(max(left.since, now - WINDOW), left.at) for left in exits]
    if (oldest := _oldest(session)) is not None:
        spans.append((max(oldest, now - WINDOW), now))
    return flow.busy(spans) // timedelta(milliseconds=1) // len(exits)


def _oldest(session: Session) -> datetime | None:
    """Of those who wait for anybody: who needs a skill may wait although others leave."""
    waiting = (Conversation.owner == literal_column("'queue'"), Conversation.closed_at.is_(None))
    anybody = (Conversation.team_id.is_(None), Conversation.skill.is_(None))
    since = select(func.min(func.coalesce(Conversation.waits_since, Conversation.queued_at)))
    return session.scalar(since.where(*waiting, *anybody))


def _by_handling(session: Session, places: int, now: datetime) -> int | None:
    """From the conversations that agents have ended of late."""
    if not places:
        return None
    ended = (
        select(Conversation.id, Conversation.closed_at)
        .where(Conversation.closed_by.is_not(None), Conversation.closed_at > now - _RECENT)
        .order_by(Conversation.closed_at.desc())
        .limit(_LOOKED_AT)
        .subquery()
    )
    begun = (
        select(ended.c.closed_at, func.min(HistoryEntry.at, type_=HistoryEntry.at.type))
        .join(HistoryEntry, HistoryEntry.conversation_id == ended.c.id)
        .where(HistoryEntry.kind.in_([Kind.taken.value, Kind.assigned.value]))
        .group_by(ended.c.id, ended.c.closed_at)
    )
    took = [closed_at - taken_at for closed_at, taken_at in session.execute(begun)]
    if len(took) < ENOUGH:
        return None
    return sum(took, timedelta()) // len(took) // timedelta(milliseconds=1) // places
