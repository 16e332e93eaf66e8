"""What the database holds of a push: read, never written. The wire shows what is true, not what was meant."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.conversations.models import Direction, InboundEvent, Message
from app.conversations.pending import KIND
from app.jobs.models import Job


@dataclass(frozen=True, slots=True)
class StoredReply:
    seq: int
    state: str
    via: str | None
    error: str | None
    waits: str | None


@dataclass(frozen=True, slots=True)
class StoredEvent:
    rows: int
    """How many there are of this key: the unique key allows one."""
    id: int
    state: str
    received_at: datetime
    error: str | None
    replies: tuple[StoredReply, ...]
    """What answers it: on its own response, where one rides there."""


def find(session: Session, channel_id: int, key: str) -> StoredEvent | None:
    own = (InboundEvent.channel_id == channel_id, InboundEvent.dedupe_key == key)
    events = session.scalars(select(InboundEvent).where(*own)).all()
    if not events:
        return None
    event = events[0]
    said = (
        select(Message.seq, Message.state, Message.via, Message.error, Job.error, Job.waits)
        .outerjoin(Job, (Job.subject_id == Message.id) & (Job.kind == KIND))
        .where(Message.event_id == event.id, Message.direction == Direction.outbound)
        .order_by(Message.id)
    )
    replies = [StoredReply(row[0], row[1], row[2], row[3] or row[4], row[5]) for row in session.execute(said)]
    return StoredEvent(len(events), event.id, event.state, event.received_at, event.error, tuple(replies))
