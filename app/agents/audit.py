"""The record of what people changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agents.models import Agent, AuditEntry
from app.agents.rights import Action, Actor, require_here


@dataclass(frozen=True, slots=True)
class Entry:
    id: int
    at: datetime
    agent_id: int | None
    """None: by a command on the server, or by somebody who is not signed in."""
    agent: str | None
    """His name now."""
    action: str
    subject: str | None
    subject_id: int | None
    detail: dict[str, Any]
    ip: str | None


def record(
    session: Session,
    by: Actor | None,
    action: str,
    *,
    now: datetime,
    subject: str | None = None,
    subject_id: int | None = None,
    ip: str | None = None,
    **detail: Any,
) -> None:
    """Add an entry, in the transaction of the change itself. ``by`` None: a command, or nobody who is signed in."""
    session.add(
        AuditEntry(
            at=now, agent_id=by.id if by else None, action=action, subject=subject, subject_id=subject_id,
            detail=detail or None, ip=by.ip if by else ip,
        )
    )  # fmt: skip


def list_entries(
    session: Session, *, by: Actor | None, agent: int | None = None, action: str = "", subject: str | None = None,
    subject_id: int | None = None, ip: str | None = None, since: datetime | None = None,
    until: datetime | None = None, before: int | None = None, limit: int = 50,
) -> list[Entry]:  # fmt: skip
    """Newest first, those before the entry ``before``.

    ``action``: a whole one, or a group such as ``people.``. ``since`` is in the span, ``until`` is not.
    """
    require_here(by, Action.see_audit)
    rows = select(AuditEntry, Agent.name).outerjoin(Agent, Agent.id == AuditEntry.agent_id)
    if agent is not None:
        rows = rows.where(AuditEntry.agent_id == agent)
    if action:
        group = action.endswith(".")
        rows = rows.where(
            AuditEntry.action.startswith(action, autoescape=True) if group else AuditEntry.action == action
        )
    if subject is not None:
        rows = rows.where(AuditEntry.subject == subject)
    if subject_id is not None:
        rows = rows.where(AuditEntry.subject_id == subject_id)
    if ip is not None:
        rows = rows.where(AuditEntry.ip == ip)
    if since is not None:
        rows = rows.where(AuditEntry.at >= since)
    if until is not None:
        rows = rows.where(AuditEntry.at < until)
    if before is not None:
        rows = rows.where(AuditEntry.id < before)
    found = session.execute(rows.order_by(AuditEntry.id.desc()).limit(limit))
    return [
        Entry(e.id, e.at, e.agent_id, name, e.action, e.subject, e.subject_id, e.detail or {}, e.ip)
        for e, name in found
    ]


def last_change(session: Session, group: str, subject_id: int) -> tuple[str | None, datetime] | None:
    """Who changed what one sees of a thing last, and when; None for whom: a command did.

    ``group``: of actions, such as ``calendars.``; what only moves it in its list is no change of it.
    """
    rows = select(Agent.name, AuditEntry.at).select_from(AuditEntry).outerjoin(Agent, Agent.id == AuditEntry.agent_id)
    own = (
        AuditEntry.subject_id == subject_id, AuditEntry.action.startswith(group, autoescape=True),
        AuditEntry.action.not_like("%.move"),
    )  # fmt: skip
    found = session.execute(rows.where(*own).order_by(AuditEntry.id.desc()).limit(1)).one_or_none()
    return (found[0], found[1]) if found else None
