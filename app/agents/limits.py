"""How often somebody may try to sign in: by the name that is tried, and by the address that tries.

An attempt is counted before its password is looked at, and taken back when it was right: else a hundred attempts at
once would all be let in before the first of them is known to be wrong. Names that nobody has are counted alike.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import IPv6Address, ip_address
from math import ceil

from sqlalchemy import case, delete, or_, select, update
from sqlalchemy.orm import Session

from app.agents import audit
from app.agents.models import SignInLimit
from app.agents.naming import LoginInvalid, read_login
from app.agents.rights import Action, Actor, require_here
from app.db.rows import Insert, table_of
from app.db.sql import changed, for_update
from app.errors import AppError

FREE_BY_LOGIN, FREE_BY_ADDRESS = 5, 30
"""Failures in a row before anybody waits."""
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(minutes=15)
"""Doubled with each further failure."""
QUIET = timedelta(hours=1)
"""Without an attempt: all is forgotten."""


class TooManyAttempts(AppError):
    status_code, message = 429, "尝试次数过多，请等 {seconds} 秒后再试"
    longer = "尝试次数过多，请等 {minutes} 分钟后再试"

    def __init__(self, wait: timedelta) -> None:
        self.retry_after = max(1, ceil(wait.total_seconds()))
        """Seconds."""
        message = self.message if self.retry_after <= 90 else self.longer
        super().__init__(message, seconds=self.retry_after, minutes=ceil(self.retry_after / 60))


@dataclass(frozen=True, slots=True)
class Attempt:
    login: str | None
    """As an account could be called; None for anything else, which may be a password in the wrong field."""
    ip: str
    login_key: str
    address_key: str
    locked: timedelta | None
    """For how long the name is locked if this one fails too."""


_insert = Insert(table_of(SignInLimit), ("key", "failures", "tried_at"), or_ignore=True)


def admit(session: Session, login: str, ip: str, *, now: datetime) -> Attempt:
    """Count an attempt as failed before it is made; TooManyAttempts, which counts nothing, where it must wait."""
    known = _possible(login)
    login_key, address_key = f"login:{known or _digest(login)}", f"ip:{_network(ip)}"[:128]
    _insert(session, [(key, 0, now) for key in sorted((login_key, address_key))])
    _count(session, address_key, FREE_BY_ADDRESS, now)  # in the order of keys, as others lock them
    locked = _count(session, login_key, FREE_BY_LOGIN, now)
    return Attempt(known, ip, login_key, address_key, locked)


def note_failure(session: Session, attempt: Attempt, *, now: datetime) -> None:
    """It is counted already: here it is written down."""
    audit.record(session, None, "signin.failed", now=now, ip=attempt.ip, login=attempt.login)
    if attempt.locked is not None:
        seconds = int(attempt.locked.total_seconds())
        audit.record(session, None, "signin.locked", now=now, ip=attempt.ip, login=attempt.login, seconds=seconds)


def take_back(session: Session, attempt: Attempt) -> None:
    """It was no failure, and those before it stay: the password fits, and the second factor is still to come."""
    for key in (attempt.address_key, attempt.login_key):
        counted = (SignInLimit.key == key, SignInLimit.failures > 0)
        values = {"failures": SignInLimit.failures - 1, "blocked_until": None}
        session.execute(update(SignInLimit).where(*counted).values(values))


def note_success(session: Session, attempt: Attempt) -> None:
    """He is in: the name's failures are forgotten; the address's stay, as it may have an account of its own."""
    take_back(session, attempt)
    session.execute(delete(SignInLimit).where(SignInLimit.key == attempt.login_key))


def unlock(session: Session, login: str, *, by: Actor | None, now: datetime) -> bool:
    """Whether there was anything to forget of that name."""
    require_here(by, Action.edit_people)
    login = read_login(login)
    if changed(session.execute(delete(SignInLimit).where(SignInLimit.key == f"login:{login}"))) != 1:
        return False
    audit.record(session, by, "signin.unlock", now=now, login=login)
    return True


def forget(session: Session, *, now: datetime, limit: int = 500) -> int:
    """Drop what counts no more; how many, ``limit`` at most."""
    quiet = select(SignInLimit.key).where(SignInLimit.tried_at < now - QUIET).order_by(SignInLimit.key).limit(limit)
    keys = list(session.scalars(for_update(quiet, skip_locked=True)))
    return changed(session.execute(delete(SignInLimit).where(SignInLimit.key.in_(keys)))) if keys else 0


def _count(session: Session, key: str, free: int, now: datetime) -> timedelta | None:
    """One more; how long the key is locked because of it."""
    open_ = or_(SignInLimit.blocked_until.is_(None), SignInLimit.blocked_until <= now)
    more = case((SignInLimit.tried_at < now - QUIET, 1), else_=SignInLimit.failures + 1)
    counting = update(SignInLimit).where(SignInLimit.key == key, open_).values(failures=more, tried_at=now)
    failures: int | None = session.scalar(counting.returning(SignInLimit.failures))
    if failures is None:
        until = session.scalar(select(SignInLimit.blocked_until).where(SignInLimit.key == key))
        raise TooManyAttempts((until or now) - now)
    if failures < free:
        return None
    wait = min(LONGEST_WAIT, FIRST_WAIT * (1 << min(failures - free, 20)))
    session.execute(update(SignInLimit).where(SignInLimit.key == key).values(blocked_until=now + wait))
    return wait


def _possible(login: str) -> str | None:
    try:
        return read_login(login)
    except LoginInvalid:
        return None


def _digest(text: str) -> str:
    """An address mark, so that no possible name is like it."""
    return f"#{sha256(text.encode(errors='replace')).hexdigest()[:32]}"


def _network(ip: str) -> str:
    """Whoever has an address of IPv6 has a /64 of them."""
    try:
        address = ip_address(ip)
    except ValueError:
        return ip
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Address(int(address) >> 64 << 64))
