"""Links that are good once: to make the first administrator, and to choose a password."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.agents import audit, people, sessions
from app.agents.models import Agent, OneTimeLink
from app.agents.rights import Action, Actor, Forbidden, Role, require_here
from app.db.sql import reserve
from app.errors import AppError


class Purpose(StrEnum):
    setup = "setup"
    """The first administrator of an installation."""
    invitation = "invitation"
    reset = "reset"
    """A new password for somebody who has one."""


VALID = {
    Purpose.setup: timedelta(hours=24),
    Purpose.invitation: timedelta(days=7),
    Purpose.reset: timedelta(hours=1),
}
FIRST_ROLES = (Role.administrator, Role.supervisor)
"""Of the first administrator: he can try all there is, and change it."""


class LinkGone(AppError):
    status_code, message = 410, "链接已经用过或已过期，请找管理员重新发一个"


class SetUpAlready(AppError):
    status_code, message = 409, "已经有人可以登录了，请直接登录，或请管理员添加您的账号"


class PersonInactive(AppError):
    status_code, message = 409, "这个账号已停用，请先恢复"


@dataclass(frozen=True, slots=True)
class Found:
    purpose: Purpose
    agent_id: int | None
    login: str
    name: str
    """Both empty for the first administrator, who chooses them."""
    expires_at: datetime


def first_link(session: Session, *, now: datetime) -> str | None:
    """The token of a new link to ``/setup/``; None where somebody can sign in already. Former ones are void."""
    return None if _is_set_up(session) else make(session, Purpose.setup, None, by=None, now=now)


def make(session: Session, purpose: Purpose, agent_id: int | None, *, by: Actor | None, now: datetime) -> str:
    """The token, for ``/setup/`` or ``/invitation/``; it is nowhere else. Former ones of the kind are void."""
    require_here(by, Action.edit_people)
    if (agent_id is None) != (purpose is Purpose.setup) or (agent_id is None and by is not None):
        raise Forbidden
    if agent_id is not None and people.lock(session, agent_id).deactivated_at is not None:
        raise PersonInactive
    _void(session, purpose, agent_id)
    token = secrets.token_urlsafe(32)
    session.add(
        OneTimeLink(
            token_hash=_digest(token), purpose=purpose, agent_id=agent_id, created_at=now,
            expires_at=now + VALID[purpose],
        )
    )  # fmt: skip
    if agent_id is not None:
        audit.record(session, by, "link.make", now=now, subject="agent", subject_id=agent_id, purpose=purpose)
    return token


def make_password_link(session: Session, agent_id: int, *, by: Actor | None, now: datetime) -> tuple[Purpose, str]:
    """The invitation of somebody who has no password so far, or the reset of one."""
    require_here(by, Action.edit_people)
    has_none = people.lock(session, agent_id).password_hash is None
    purpose = Purpose.invitation if has_none else Purpose.reset
    return purpose, make(session, purpose, agent_id, by=by, now=now)


def find_link(session: Session, token: str, *, now: datetime) -> Found | None:
    """None where it is used, over, void, or of no use any more."""
    row = session.execute(
        select(OneTimeLink, Agent)
        .outerjoin(Agent, Agent.id == OneTimeLink.agent_id)
        .where(OneTimeLink.token_hash == _digest(token))
    ).one_or_none()
    if row is None or row[0].used_at is not None or row[0].expires_at <= now:
        return None
    link, agent = row
    purpose = Purpose(link.purpose)
    if purpose is Purpose.setup:
        return None if _is_set_up(session) else Found(purpose, None, "", "", link.expires_at)
    if agent is None or agent.deactivated_at is not None:
        return None
    return Found(purpose, agent.id, agent.login, agent.name, link.expires_at)


def redeem_setup(
    session: Session, token: str, *, login: str, name: str, password_hash: str, now: datetime, ip: str | None = None
) -> int:
    """The id of the first administrator. LinkGone, SetUpAlready: of two who do this at once, with whatever links, one
    succeeds.
    """
    reserve(session, "set-up")  # its lock makes one wait for the other
    if _is_set_up(session):
        raise SetUpAlready
    _use(session, token, (Purpose.setup,), now)
    agent_id = people.add(session, by=None, login=login, name=name, roles=FIRST_ROLES, now=now)
    session.execute(update(Agent).where(Agent.id == agent_id).values(password_hash=password_hash))
    audit.record(session, None, "people.first", now=now, subject="agent", subject_id=agent_id, ip=ip)
    return agent_id


def redeem_password(session: Session, token: str, *, password_hash: str, now: datetime, ip: str | None = None) -> int:
    """Whose password it is now. LinkGone. His sign-ins are ended, his other links void."""
    agent_id = _use(session, token, (Purpose.invitation, Purpose.reset), now)
    agent = people.lock(session, agent_id) if agent_id is not None else None
    if agent is None or agent.deactivated_at is not None:
        raise LinkGone
    agent.password_hash = password_hash
    sessions.revoke_all(session, agent.id, now=now)
    void(session, agent.id)
    audit.record(session, None, "password.set", now=now, subject="agent", subject_id=agent.id, ip=ip)
    return agent.id


def void(session: Session, agent_id: int) -> None:
    """His password is another one now: who holds an older link shall not change it again."""
    for purpose in (Purpose.invitation, Purpose.reset):
        _void(session, purpose, agent_id)


def forget(session: Session, *, before: datetime, limit: int = 500) -> int:
    """Drop those that ended before then; how many, ``limit`` at most."""
    over = select(OneTimeLink.id).where(OneTimeLink.expires_at < before).order_by(OneTimeLink.id).limit(limit)
    ids = list(session.scalars(over))
    session.execute(delete(OneTimeLink).where(OneTimeLink.id.in_(ids)))
    return len(ids)


def _use(session: Session, token: str, purposes: tuple[Purpose, ...], now: datetime) -> int | None:
    """Whose link it is, which is used now; LinkGone."""
    good = (
        OneTimeLink.token_hash == _digest(token), OneTimeLink.purpose.in_(purposes), OneTimeLink.used_at.is_(None),
        OneTimeLink.expires_at > now,
    )  # fmt: skip
    used = session.execute(update(OneTimeLink).where(*good).values(used_at=now).returning(OneTimeLink.agent_id)).all()
    if not used:
        raise LinkGone
    owner: int | None = used[0][0]
    return owner


def _void(session: Session, purpose: Purpose, agent_id: int | None) -> None:
    whose = OneTimeLink.agent_id.is_(None) if agent_id is None else OneTimeLink.agent_id == agent_id
    session.execute(delete(OneTimeLink).where(whose, OneTimeLink.purpose == purpose, OneTimeLink.used_at.is_(None)))


def _is_set_up(session: Session) -> bool:
    return session.scalar(select(Agent.id).where(Agent.deactivated_at.is_(None)).limit(1)) is not None


def _digest(token: str) -> bytes:
    return sha256(token.encode(errors="replace")).digest()
