"""What those who wait for a person can expect: one row, written every few seconds by the worker, read by the way in."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db.base import Base, UtcDateTime
from app.db.rows import table_of
from app.db.upserts import Upsert

ONLY = 1
"""Id of the row."""
VALID = timedelta(minutes=2)
"""Nothing is told by an older one: no worker runs."""


class QueueOutlook(Base):
    __tablename__ = "queue_outlook"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    there: Mapped[int | None]
    """Agents who are at the desk, or were a moment ago; None: none has ever been."""
    free: Mapped[int]
    """Conversations that could be given to somebody this moment."""
    pace_ms: Mapped[int | None]
    """Milliseconds between two who leave the queue to a person, while somebody waits; None: not known."""


class Outlook(NamedTuple):
    """As it stands in the row."""

    at: datetime
    there: int | None
    free: int
    pace_ms: int | None

    def is_valid(self, now: datetime) -> bool:
        return abs(now - self.at) < VALID

    def expected(self, ahead: int) -> timedelta | None:
        """How long somebody with so many before him waits; None: not known."""
        if self.free > ahead:
            return timedelta()
        return None if self.pace_ms is None else timedelta(milliseconds=self.pace_ms * (ahead + 1))


_put = Upsert(table_of(QueueOutlook), ("id",), ("at", "there", "free", "pace_ms"))


def put(session: Session, outlook: Outlook) -> None:
    _put(session, [(ONLY, *outlook)])
