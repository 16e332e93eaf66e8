"""The record of what people changed."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.agents.models import AuditEntry
from app.agents.rights import Actor


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
