"""What we may still send, as tables: windows to viewers, rates and quotas of channels, credentials, uploaded files."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, Id, UtcDateTime


class Allowed(Base):
    """How much of the allowance of a viewer's message is used up. Written by the sender alone, never by ingest."""

    __tablename__ = "allowances"
    identity_id: Mapped[int] = mapped_column(Id, ForeignKey("identities.id"), primary_key=True)
    anchor_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    """The viewer's message. No foreign key: the count outlives an erased message."""
    used: Mapped[int] = mapped_column(SmallInteger)
    """Also the last number that was given out in this window."""
    closed: Mapped[bool]
    """The platform says that it is over, whatever we counted."""
    used_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class Gate(Base):
    """The rate and the quotas of one API of a channel; all processes pass through the same row."""

    __tablename__ = "gates"
    __table_args__ = (
        CheckConstraint("waits IS NULL OR waits IN ('rate', 'quota', 'operator')", name="waits"),
        {"postgresql_with": {"fillfactor": 50}},
    )
    channel_id: Mapped[int] = mapped_column(Id, ForeignKey("channels.id"), primary_key=True)
    api: Mapped[str] = mapped_column(String(32), primary_key=True)
    """As the platform's ``passage`` names it; ``*`` is the whole channel."""
    next_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When the calls so far would have ended at exactly the allowed rate (GCRA's theoretical arrival time)."""
    day: Mapped[int]
    """Beijing's day that ``day_used`` counts, as ``date.toordinal``; the month it lies in is that of ``month_used``."""
    day_used: Mapped[int]
    month_used: Mapped[int]
    closed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    waits: Mapped[str | None] = mapped_column(String(8))
    """Why it is closed."""
    reason: Mapped[str | None] = mapped_column(String(200))


class Credential(Base):
    """A channel's access token, shared by all processes. ``version`` is what makes a replacement happen once."""

    __tablename__ = "credentials"
    channel_id: Mapped[int] = mapped_column(Id, ForeignKey("channels.id"), primary_key=True)
    version: Mapped[int]
    token: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Sealed with the keyring."""
    refresh_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """From here on a new one is fetched, while this one still works."""
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    leased_by: Mapped[str | None] = mapped_column(String(64))
    """Who fetches the next one."""
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class UploadedFile(Base):
    """A file of ours that a platform has, and what it calls it."""

    __tablename__ = "uploaded_files"
    channel_id: Mapped[int] = mapped_column(Id, ForeignKey("channels.id"), primary_key=True)
    scope: Mapped[str] = mapped_column(String(32), primary_key=True)
    """The platform's ``media_scope``."""
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    file: Mapped[str] = mapped_column(String(128), primary_key=True)
    media_id: Mapped[str] = mapped_column(String(2048))
    valid_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
