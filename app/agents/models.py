"""The people who work here: what they may do, how they sign in, in which teams they are, and what they changed."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, SmallInteger, String, Text, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, Id, Json, UtcDateTime, where


class Presence(StrEnum):
    """What a person says of himself; whether he is there at all is told by his live connection (``seen_at``)."""

    online = "online"
    busy = "busy"
    """There, but gets nothing new."""
    away = "away"


class Language(StrEnum):
    """Of the console."""

    zh = "zh"
    en = "en"


class Agent(Base):
    """A person with an account, whatever his roles are. Never deleted: his words and deeds keep their author."""

    __tablename__ = "agents"
    __table_args__ = (
        CheckConstraint("presence IN ('online', 'busy', 'away')", name="presence"),
        CheckConstraint("language IN ('zh', 'en')", name="language"),
        CheckConstraint("capacity >= 0", name="capacity"),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    login: Mapped[str] = mapped_column(String(64), unique=True)
    """In lower case."""
    name: Mapped[str] = mapped_column(String(64))
    """As colleagues see it."""
    language: Mapped[str] = mapped_column(String(2))
    password_hash: Mapped[str | None] = mapped_column(Text)
    """None: invited, and has chosen none so far."""
    totp_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Sealed with the keyring."""
    totp_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """None while the secret is not confirmed by a first code."""
    totp_step: Mapped[int | None] = mapped_column(Id)
    """The time step of the newest code that was taken: each is good once."""
    skills: Mapped[list[str]] = mapped_column(Json)
    capacity: Mapped[int] = mapped_column(SmallInteger)
    """Conversations that he is given at a time."""
    presence: Mapped[str] = mapped_column(String(6))
    away_reason: Mapped[str | None] = mapped_column(String(32))
    presence_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Since when."""
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When his live connection was last seen."""
    given_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When he was last given a conversation: of two who are equally free, who has waited longer gets the next."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    deactivated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AgentRole(Base):
    __tablename__ = "agent_roles"
    __table_args__ = (
        CheckConstraint("role IN ('agent', 'supervisor', 'operator', 'quality', 'administrator')", name="role"),
    )
    agent_id: Mapped[int] = mapped_column(Id, ForeignKey("agents.id"), primary_key=True, autoincrement=False)
    role: Mapped[str] = mapped_column(String(13), primary_key=True)


class BusinessCalendar(Base):
    """When teams work, written as people write service hours (``calendars.read_calendar``)."""

    __tablename__ = "business_calendars"
    __table_args__ = (
        Index("uq_business_calendars_default", "is_default", unique=True, **where("is_default")),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    hours: Mapped[str] = mapped_column(String(500))
    holidays: Mapped[str] = mapped_column(Text)
    workdays: Mapped[str] = mapped_column(Text)
    """Make-up working days."""
    is_default: Mapped[bool] = mapped_column(default=False, server_default=sql("false"))
    """The service hours of the settings, as the process that was started last has them."""
    day_names: Mapped[dict[str, str]] = mapped_column(Json, default=dict, server_default="{}")
    """By day (2027-01-01) of which holiday it is a part, or for which it is worked."""
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    """Another after each change by a person."""
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Recount(Base):
    """Something by which tickets are timed has changed: their clocks are to be counted anew. Gone once they are."""

    __tablename__ = "recounts"
    __table_args__ = (
        Index("uq_recounts_waiting", "scope", "subject_id", unique=True, **where("rank IS NULL")),
        CheckConstraint("scope IN ('policies', 'calendar', 'team')", name="scope"),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    scope: Mapped[str] = mapped_column(String(8))
    subject_id: Mapped[int] = mapped_column(Id, server_default="0")
    """The calendar or the team."""
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    hours: Mapped[str | None] = mapped_column(Text)
    """With the next two: by which the time before ``since`` is counted; None: as the time after it."""
    holidays: Mapped[str | None] = mapped_column(Text)
    workdays: Mapped[str | None] = mapped_column(Text)
    since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    rank: Mapped[int | None] = mapped_column(SmallInteger)
    """With the next: of the ticket up to which it has come; None: not begun."""
    ticket_id: Mapped[int | None] = mapped_column(Id)
    seen: Mapped[int] = mapped_column(server_default="0")
    """Tickets."""


class Team(Base):
    __tablename__ = "teams"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    skills: Mapped[list[str]] = mapped_column(Json)
    """What each of its members can do."""
    calendar_id: Mapped[int | None] = mapped_column(Id, ForeignKey("business_calendars.id"))
    """When its work is done; None: in the service hours."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TeamMember(Base):
    __tablename__ = "team_members"
    team_id: Mapped[int] = mapped_column(Id, ForeignKey("teams.id"), primary_key=True, autoincrement=False)
    agent_id: Mapped[int] = mapped_column(
        Id, ForeignKey("agents.id"), primary_key=True, autoincrement=False, index=True
    )


class SignIn(Base):
    """A session of a person in a browser. The cookie holds the token, this row only its digest."""

    __tablename__ = "sign_ins"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    """SHA-256."""
    agent_id: Mapped[int] = mapped_column(Id, ForeignKey("agents.id"), index=True)
    verified: Mapped[bool]
    """False while the second factor is still to come: opens nothing but the page that asks for it."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ip: Mapped[str] = mapped_column(String(45))
    browser: Mapped[str] = mapped_column(String(200))


class OneTimeLink(Base):
    """A link that is good once: to make the first administrator, or to choose a password."""

    __tablename__ = "one_time_links"
    __table_args__ = (CheckConstraint("purpose IN ('setup', 'invitation', 'reset')", name="purpose"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    purpose: Mapped[str] = mapped_column(String(10))
    agent_id: Mapped[int | None] = mapped_column(Id, ForeignKey("agents.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RecoveryCode(Base):
    """Good once, instead of a code of the second factor."""

    __tablename__ = "recovery_codes"
    __table_args__ = (UniqueConstraint("agent_id", "code_hash"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    agent_id: Mapped[int] = mapped_column(Id, ForeignKey("agents.id"))
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SignInLimit(Base):
    """How often signing in failed of late, by name and by address: the next attempt waits ever longer."""

    __tablename__ = "sign_in_limits"
    key: Mapped[str] = mapped_column(String(128), primary_key=True)
    """``login:<name>``, ``ip:<address>``."""
    failures: Mapped[int]
    tried_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """The newest attempt."""
    blocked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AuditEntry(Base):
    """What a person changed: never changed itself."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_agent_id_id", "agent_id", "id"),
        Index("ix_audit_entries_action_id", "action", "id"),
        Index("ix_audit_entries_subject_id", "subject", "subject_id", "id"),
        Index("ix_audit_entries_at", "at"),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    agent_id: Mapped[int | None] = mapped_column(Id, ForeignKey("agents.id"))
    """None: by a command on the server, or by somebody who is not signed in."""
    action: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str | None] = mapped_column(String(16))
    """What was changed: ``agent``, ``team``, ``conversation``…"""
    subject_id: Mapped[int | None] = mapped_column(Id)
    detail: Mapped[dict[str, Any] | None] = mapped_column(Json)
    ip: Mapped[str | None] = mapped_column(String(45))
