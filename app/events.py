"""Live events: what changed, told to every open page. An event says which things, never what they are now.

The rows are the truth, written in the transaction that changed the things; whoever follows reads them (``app.live``).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import String, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db.base import Base, Id, Json, UtcDateTime
from app.db.database import LAST
from app.db.rows import Insert, Row, Write, table_of
from app.db.sql import changed

KEPT = timedelta(minutes=10)
"""For so long a reader can be absent and still miss nothing."""


class Kind(StrEnum):
    """What changed; at most 16 characters."""

    conversation = "conversation"
    """Something was said in it, or is now known of what was said, or somebody else has it."""
    queue = "queue"
    """Who waits for a person."""
    agent = "agent"
    """What a person has, or was named in."""
    viewing = "viewing"
    """Who looks at a conversation, and writes: no more than that changed."""
    outbox = "outbox"
    """What lets messages of an account leave."""
    ticket = "ticket"
    """What a ticket is, or what was written to it."""
    people = "people"
    """Who is there, in which teams, and how much each has."""


class LiveEvent(Base):
    """The truth of what was told; a bell (``app.live.bell``) only says that something is here."""

    __tablename__ = "live_events"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    ids: Mapped[list[int]] = mapped_column(Json)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    """No index on it: rows are dropped from the low end of the ids, and each would cost every batch of the way in."""


_insert = Insert(table_of(LiveEvent), ("kind", "ids", "at"))


@dataclass(slots=True)
class _Told:
    """What this transaction has to tell; the last act of the transaction writes it, a row a kind."""

    at: datetime
    ids: dict[Kind, set[int]] = field(default_factory=dict)

    def take(self) -> list[Row]:
        rows: list[Row] = [(kind, sorted(ids), self.at) for kind, ids in sorted(self.ids.items())]
        self.ids.clear()
        return rows

    def __call__(self, session: Session) -> None:
        if self.ids:
            _insert(session, self.take())


def publish(session: Session, kind: Kind, ids: Iterable[int] | None = None, *, now: datetime) -> None:
    """Tell all pages, once this transaction has committed, that these things have changed.

    None: something of this kind, whichever; no ids at all are nothing to tell. What one transaction tells is one row.
    """
    given = () if ids is None else set(ids)
    if given or ids is None:
        told = session.info.setdefault(LAST, _Told(now))
        told.ids.setdefault(kind, set()).update(given)


def publishing(session: Session) -> Write:
    """What the transaction has told so far, to be written beside other rows: a statement less."""
    told: Any = session.info.get(LAST)
    return _insert, told.take() if told is not None else ()


def forget(session: Session, *, before: datetime, limit: int = 5000) -> int:
    """Drop rows from before that time, a page at most; returns how many.

    The newest stays: on SQLite the next row's number follows that of the greatest one there.
    """
    oldest = select(LiveEvent.id, LiveEvent.at).order_by(LiveEvent.id).limit(limit).subquery()
    newest = select(func.max(LiveEvent.id)).scalar_subquery()
    old = select(oldest.c.id).where(oldest.c.at < before, oldest.c.id < newest)
    return changed(session.execute(delete(LiveEvent).where(LiveEvent.id.in_(old))))
