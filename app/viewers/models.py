"""Who writes to us: a person, and the person's account on one channel."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, Id, UtcDateTime


class Viewer(Base):
    """A person. Identities of one person are merged with proof, and can be parted again."""

    __tablename__ = "viewers"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    name: Mapped[str | None] = mapped_column(String(64))
    """As agents call him: platforms tell none."""
    remark: Mapped[str | None] = mapped_column(String(500))
    """What agents should know of him."""
    vip: Mapped[bool] = mapped_column(server_default=sql("false"))
    """Goes before others who wait as long."""


class Identity(Base):
    """A viewer on a channel (openid…)."""

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("external_id", "channel_id"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    channel_id: Mapped[int] = mapped_column(Id, ForeignKey("channels.id"))
    external_id: Mapped[str] = mapped_column(String(128))
    viewer_id: Mapped[int] = mapped_column(Id, ForeignKey("viewers.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    following: Mapped[bool | None]
    """None: the platform has not told."""
    proactive: Mapped[bool | None]
    """Whether the viewer, or a group's owner, lets us speak first; None: the platform has not told."""
    refused_pushes_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Since when the viewer wants no value-added pushes (退订)."""


class Consent(Base):
    """What a viewer agreed to or took back, in the order of time: never changed, only added to."""

    __tablename__ = "consents"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    identity_id: Mapped[int] = mapped_column(Id, ForeignKey("identities.id"), index=True)
    topic: Mapped[str] = mapped_column(String(64))
    """``pushes``: value-added pushes of every kind. ``ticket:<number>``: the one notice of its result."""
    granted: Mapped[bool]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
