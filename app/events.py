"""Live events: what changed, told to every open page. An event says which things, never what they are now."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db.base import Base, Id, Json, UtcDateTime


class LiveEvent(Base):
    """The truth of what was told; a bell (NOTIFY, a look at the file) only says that something is here."""

    __tablename__ = "live_events"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    ids: Mapped[list[int]] = mapped_column(Json)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


def publish(session: Session, kind: str, ids: Iterable[int] = (), *, now: datetime) -> None:
    """Tell all pages, once this transaction has committed, that these things of a kind have changed."""
    session.add(LiveEvent(kind=kind, ids=sorted(set(ids)), at=now))
