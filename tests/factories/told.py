"""What was told since the last time: live events, read and taken away."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.events import LiveEvent

Told = list[tuple[str, list[int]]]


def take(session: Session) -> Told:
    """(kind, ids) in the order of being told; the next call sees only what was told after this one."""
    rows = session.scalars(select(LiveEvent).order_by(LiveEvent.id)).all()
    session.execute(delete(LiveEvent))
    return [(row.kind, row.ids) for row in rows]
