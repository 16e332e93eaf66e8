"""What a platform reports later of messages that it took: delivered, or not after all."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ForeignKey, String, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.conversations.models import Conversation, Message, MessageState
from app.db.base import Base, Id, UtcDateTime
from app.db.rows import Insert, table_of
from app.events import Kind, publish

KEPT = timedelta(days=2)
"""How long a report waits for its message; one of a message that we did not send waits in vain."""


class EarlyReport(Base):
    """A report that came before the receipt of its message was written."""

    __tablename__ = "early_reports"
    channel_id: Mapped[int] = mapped_column(Id, ForeignKey("channels.id"), primary_key=True)
    platform_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    delivered: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Report(NamedTuple):
    channel_id: int
    platform_id: str
    delivered: bool
    reason: str


_insert = Insert(table_of(EarlyReport), ("channel_id", "platform_id", "delivered", "reason", "at"), or_ignore=True)
_OPEN = (MessageState.sending, MessageState.sent, MessageState.unknown)
"""States that a report can still change: one that is delivered or read does not fail any more."""


def note(session: Session, reports: Sequence[Report], now: datetime) -> None:
    """Enter what the platform says; a report whose message is not known yet is kept for a while."""
    early = [report for report in sorted(reports) if not _enter(session, report, now)]
    _insert(session, [(*report[:3], report.reason[:200], now) for report in early])


def _enter(session: Session, report: Report, now: datetime) -> bool:
    ours = select(Conversation.id).where(
        Conversation.id == Message.conversation_id, Conversation.channel_id == report.channel_id
    )
    own = (Message.platform_id == report.platform_id, Message.state.in_(_OPEN), ours.exists())
    values = (
        {"state": MessageState.delivered, "error": None}
        if report.delivered
        else {"state": MessageState.failed, "error": f"the platform reports: {report.reason}"[:200]}
    )
    entered = update(Message).where(*own).values(values).returning(Message.conversation_id)
    conversations = session.scalars(entered).all()
    publish(session, Kind.conversation, conversations, now=now)
    return bool(conversations)


def enter_early(session: Session, now: datetime, limit: int = 500) -> int:
    """Enter the reports whose messages are known by now; returns how many."""
    found = select(EarlyReport).join(Message, Message.platform_id == EarlyReport.platform_id).limit(limit)
    entered = 0
    for row in session.scalars(found).all():
        if _enter(session, Report(row.channel_id, row.platform_id, row.delivered, row.reason), now):
            session.delete(row)
            entered += 1
    session.execute(delete(EarlyReport).where(EarlyReport.at < now - KEPT))
    return entered
