"""Sign-ins: a person in a browser, from his password to his leaving. What runs with each request is one SELECT."""

import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from app import events
from app.agents import audit
from app.agents.actors import COLUMNS, read_actor, with_roles_and_teams
from app.agents.models import Agent, AgentRole, SignIn
from app.agents.rights import Actor, Role
from app.db.base import UtcDateTime
from app.db.driver import Prepared
from app.db.rows import table_of
from app.db.sql import changed, for_update, is_any
from app.errors import AppError, NotFound

IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)
UNVERIFIED = timedelta(minutes=10)
"""Within which the second factor must come."""
TOUCHED_EVERY = timedelta(minutes=5)


class SignInNotFound(NotFound):
    message = "这次登录已经退出"


class SignedOut(AppError):
    status_code, message = 401, "登录已过期，请重新登录"


@dataclass(frozen=True, slots=True)
class Signed:
    """Who sends this request, and from which sign-in."""

    sign_in_id: int
    actor: Actor
    login: str
    name: str
    language: str
    verified: bool
    """False: the second factor is still to come, and nothing else may be opened."""
    has_totp: bool
    presence: str
    away_reason: str | None
    touch_due: bool
    """``touch`` is to be called."""


class Warrant(NamedTuple):
    """What somebody comes in by who then stays, without another request."""

    sign_in_id: int
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class Listed:
    id: int
    created_at: datetime
    seen_at: datetime
    ip: str
    browser: str
    verified: bool


def open_(session: Session, agent_id: int, *, verified: bool, ip: str, browser: str, now: datetime) -> str:
    """The token for the cookie; it is nowhere else."""
    token = secrets.token_urlsafe(32)
    values = {
        "token_hash": _digest(token), "agent_id": agent_id, "verified": verified, "created_at": now, "seen_at": now,
        "expires_at": now + (LONGEST if verified else UNVERIFIED), "ip": ip[:45], "browser": browser[:200],
    }  # fmt: skip
    session.execute(insert(SignIn).values(values))
    return token


_agents, _sign_ins = table_of(Agent), table_of(SignIn)
_alive = (
    _sign_ins.c.revoked_at.is_(None),
    _sign_ins.c.expires_at > bindparam("now", type_=UtcDateTime),
    _sign_ins.c.seen_at > bindparam("idle_since", type_=UtcDateTime),
)
_OWN = (
    _sign_ins.c.id, _agents.c.login, _agents.c.language, _sign_ins.c.verified, _agents.c.totp_since,
    _agents.c.presence, _agents.c.away_reason, _sign_ins.c.seen_at,
)  # fmt: skip
_FIND = Prepared(
    select(*COLUMNS, *_OWN)
    .select_from(with_roles_and_teams(_sign_ins.join(_agents, _agents.c.id == _sign_ins.c.agent_id)))
    .where(_sign_ins.c.token_hash == bindparam("token"), _agents.c.deactivated_at.is_(None), *_alive)
)


def find(session: Session, token: str, *, now: datetime, ip: str | None = None) -> Signed | None:
    """None: over, revoked, made up, or of somebody who has left."""
    rows = _FIND(session, token=_digest(token), now=now, idle_since=now - IDLE)
    if not rows:
        return None
    own: tuple[Any, ...] = rows[0][len(COLUMNS) :]
    sign_in_id, login, language, verified, totp_since, presence, away_reason, seen_at = own
    actor = read_actor(rows, ip)
    return Signed(
        sign_in_id, actor, login, actor.name, language, verified, totp_since is not None, presence, away_reason,
        now - seen_at >= TOUCHED_EVERY,
    )  # fmt: skip


_owners_roles = table_of(AgentRole)
_STANDING = Prepared(
    select(_sign_ins.c.id, _owners_roles.c.role)
    .select_from(
        _sign_ins.join(_agents, _agents.c.id == _sign_ins.c.agent_id).outerjoin(
            _owners_roles, _owners_roles.c.agent_id == _agents.c.id
        )
    )
    .where(is_any(_sign_ins.c.id, "ids"), _sign_ins.c.verified, _agents.c.deactivated_at.is_(None), *_alive)
)


def still_hold(session: Session, warrants: Collection[Warrant], *, now: datetime) -> set[Warrant]:
    """Those whose sign-in is not over, and whose owner may do what he could: one SELECT, however many they are."""
    ids = sorted({warrant.sign_in_id for warrant in warrants})
    roles: dict[int, set[Role]] = {}
    for sign_in_id, role in _STANDING(session, ids=ids, now=now, idle_since=now - IDLE):
        roles.setdefault(sign_in_id, set()).update(() if role is None else (Role(role),))
    alive = {Warrant(sign_in_id, frozenset(own)) for sign_in_id, own in roles.items()}
    return alive & set(warrants)


def touch(session: Session, sign_in_id: int, *, now: datetime, ip: str | None = None) -> None:
    """He is still there. Of several requests at once one writes it down."""
    due = (SignIn.id == sign_in_id, SignIn.seen_at <= now - TOUCHED_EVERY)
    session.execute(update(SignIn).where(*due).values(seen_at=now, **({"ip": ip[:45]} if ip else {})))


def verify_second(session: Session, sign_in_id: int, *, now: datetime) -> str:
    """The second factor fits: the sign-in opens everything, under a new token. SignedOut where it is over."""
    token = secrets.token_urlsafe(32)
    pending = (
        SignIn.id == sign_in_id, SignIn.verified.is_(False), SignIn.revoked_at.is_(None), SignIn.expires_at > now,
    )  # fmt: skip
    values = {"token_hash": _digest(token), "verified": True, "seen_at": now, "expires_at": now + LONGEST}
    if changed(session.execute(update(SignIn).where(*pending).values(values))) != 1:
        raise SignedOut
    return token


# -------------------- ending


def revoke(session: Session, sign_in_id: int, *, by: Actor, now: datetime) -> None:
    """One of his own. SignInNotFound for those of others, and where it is over."""
    own = (SignIn.id == sign_in_id, SignIn.agent_id == by.id, SignIn.revoked_at.is_(None))
    if changed(session.execute(update(SignIn).where(*own).values(revoked_at=now))) != 1:
        raise SignInNotFound
    _tell(session, by.id, now)
    audit.record(session, by, "signin.revoke", now=now, subject="agent", subject_id=by.id, count=1)


def end(session: Session, sign_in_id: int, *, now: datetime) -> bool:
    """False where it is over already."""
    open_one = (SignIn.id == sign_in_id, SignIn.revoked_at.is_(None))
    ended = update(SignIn).where(*open_one).values(revoked_at=now).returning(SignIn.agent_id)
    owner = session.scalars(ended).one_or_none()
    if owner is None:
        return False
    _tell(session, owner, now)
    return True


def revoke_others(session: Session, *, by: Actor, keep: int, now: datetime) -> int:
    """All of his own but this one; how many those were."""
    count = revoke_all(session, by.id, keep=keep, now=now)
    if count:
        audit.record(session, by, "signin.revoke", now=now, subject="agent", subject_id=by.id, count=count)
    return count


def revoke_all(session: Session, agent_id: int, *, now: datetime, keep: int | None = None) -> int:
    """Whenever his password or second factor changes: whoever came in by the old one goes."""
    open_ones = (SignIn.agent_id == agent_id, SignIn.revoked_at.is_(None), SignIn.id != (keep or 0))
    count = changed(session.execute(update(SignIn).where(*open_ones).values(revoked_at=now)))
    if count:
        _tell(session, agent_id, now)
    return count


def _tell(session: Session, agent_id: int, now: datetime) -> None:
    """What is open by a sign-in that is over ends (``app.live.feed``)."""
    events.publish(session, events.Kind.people, [agent_id], now=now)


def list_sign_ins(session: Session, agent_id: int, *, now: datetime) -> list[Listed]:
    """Those that are open, newest first."""
    rows = (
        select(SignIn)
        .where(SignIn.agent_id == agent_id, SignIn.revoked_at.is_(None))
        .where(SignIn.expires_at > now, SignIn.seen_at > now - IDLE)
        .order_by(SignIn.seen_at.desc(), SignIn.id.desc())
    )
    return [
        Listed(row.id, row.created_at, row.seen_at, row.ip, row.browser, row.verified) for row in session.scalars(rows)
    ]


def forget(session: Session, *, before: datetime, limit: int = 500) -> int:
    """Drop those that ended before then; how many, ``limit`` at most."""
    over = select(SignIn.id).where(SignIn.expires_at < before).order_by(SignIn.expires_at).limit(limit)
    ids = list(session.scalars(for_update(over, skip_locked=True)))
    return changed(session.execute(delete(SignIn).where(SignIn.id.in_(ids)))) if ids else 0


# -------------------- forms


def csrf(token: str) -> str:
    """What the forms of this sign-in carry; it tells nothing of the token."""
    return urlsafe_b64encode(hmac.digest(token.encode(), b"viewer desk: forms", "sha256")).decode().rstrip("=")


def csrf_fits(token: str, given: str) -> bool:
    return hmac.compare_digest(csrf(token).encode(), given.encode())


def _digest(token: str) -> bytes:
    return sha256(token.encode(errors="replace")).digest()
