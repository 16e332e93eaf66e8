"""What stands in the database, as the tests look at it."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from app.conversations.models import Conversation, Direction, InboundEvent, Message
from app.dialogue.events import backlog_depth
from app.jobs.lanes import depth
from app.jobs.models import Lane
from app.viewers.models import Identity


@dataclass(frozen=True, slots=True)
class Line:
    """A message of a conversation."""

    id: int
    conversation_id: int
    seq: int
    direction: str
    text: str
    state: str
    via: str | None

    @property
    def is_answer(self) -> bool:
        return self.direction == Direction.outbound


def lines(session: Session) -> dict[str, list[Line]]:
    """Messages by viewer, in the order of their conversation."""
    joined = select(Identity.external_id, Message).select_from(Message).join(Conversation).join(Identity)
    found = defaultdict(list)
    for viewer, m in session.execute(joined.order_by(Message.conversation_id, Message.seq)):
        found[viewer].append(Line(m.id, m.conversation_id, m.seq, m.direction, m.text, m.state, m.via))
    return found


def event_states(session: Session) -> Counter[str]:
    """How many events there are in each state."""
    counted = select(InboundEvent.state, func.count().label("count")).group_by(InboundEvent.state)
    return Counter({row.state: row.count for row in session.execute(counted)})


def damage_body(session: Session, message_id: int) -> None:
    """Make what was stored of a push unreadable, as a broken disk or a lost key would."""
    event = InboundEvent.dedupe_key == f"m:{message_id}"
    session.execute(update(InboundEvent).where(event).values(body=b"damaged"))


def end_leases(session: Session) -> None:
    """Let the time pass after which the lanes of a dead sender are taken over."""
    now = datetime.now(UTC)
    session.execute(update(Lane).where(Lane.leased_until.is_not(None)).values(leased_until=now, ready_at=now))


def is_idle(session: Session) -> bool:
    """Whether nothing waits to be decided or sent."""
    return not backlog_depth(session) and not depth(session)


def deadlocks(session: Session) -> int:
    """How many PostgreSQL met in this database."""
    met = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    return int(session.execute(text(met)).scalar_one())
