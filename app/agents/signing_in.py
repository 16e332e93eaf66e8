"""How somebody comes in: by his password and, where he has one, a second factor; and by a link that is good once.

Each step takes what it needs in one transaction, hashes beside it, and looks again in the next.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agents import audit, hashing, limits, links, passwords, people, sessions, totp
from app.agents.limits import Attempt
from app.agents.links import LinkGone, Purpose
from app.agents.models import Agent
from app.agents.naming import read_login, read_name
from app.agents.rights import Actor
from app.agents.sessions import SignedOut
from app.db.database import Database
from app.errors import AppError
from app.secrets import Keyring

log = logging.getLogger(__name__)


class WrongCredentials(AppError):
    """Whatever was wrong: which accounts there are is nobody's business."""

    status_code, message = 401, "登录名或密码不对"


class WrongCode(AppError):
    status_code, message = 401, "验证码不对，或者已经用过，请输入新的一组数字"


class WrongPassword(AppError):
    status_code, message = 422, "密码不对"


@dataclass(frozen=True, slots=True)
class Opened:
    token: str
    needs_second: bool


@dataclass(frozen=True, slots=True)
class _Known:
    id: int
    login: str
    name: str
    hashed: str | None


async def sign_in(db: Database, login: str, password: str, *, ip: str, browser: str, now: datetime) -> Opened:
    """WrongCredentials, TooManyAttempts (even for the right password), TooBusy."""
    attempt = await db.write(limits.admit, login, ip, now=now)
    known = await db.read(_find, attempt.login)
    hashed, fresh = await _check_password(db, attempt, known, password)
    opened = None
    if known is not None and hashed is not None:
        opened = await db.write(_open, known.id, hashed, fresh, attempt, browser=browser, now=now)
    if opened is None:
        await _fail(db, attempt, now)
        raise WrongCredentials
    return opened


async def second(db: Database, keyring: Keyring, token: str, code: str, *, ip: str, now: datetime) -> str:
    """The new token of a sign-in that waits for its second factor. WrongCode, TooManyAttempts, SignedOut."""
    signed = await db.read(sessions.find, token, now=now, ip=ip)
    if signed is None or signed.verified:
        raise SignedOut
    attempt = await db.write(limits.admit, signed.login, ip, now=now)
    verified = await db.write(_verify, signed.sign_in_id, signed.actor, keyring, code, attempt, now=now)
    if verified is None:
        await _fail(db, attempt, now)
        raise WrongCode
    return verified


async def sign_out(db: Database, token: str, *, ip: str, now: datetime) -> None:
    """Nothing where he is out already."""
    await db.write(_close, token, ip, now=now)


async def set_up(
    db: Database, token: str, *, login: str, name: str, password: str, ip: str, browser: str, now: datetime
) -> Opened:
    """Make the first administrator, and let him in. LinkGone, SetUpAlready, and what is wrong with his entries."""
    login, name = read_login(login), read_name(name)
    found = await db.read(links.find_link, token, now=now)
    if found is None or found.purpose is not Purpose.setup:
        raise LinkGone
    passwords.check_strength(password, login, name)
    hashed = await hashing.hash_password(password)
    redeem = partial(links.redeem_setup, token=token, login=login, name=name, password_hash=hashed, now=now, ip=ip)
    return await db.write(_enter, redeem, ip=ip, browser=browser, now=now)


async def choose_password(db: Database, token: str, *, password: str, ip: str, browser: str, now: datetime) -> Opened:
    """Take up an invitation or a reset, and come in. LinkGone, PasswordTooWeak, TooBusy."""
    found = await db.read(links.find_link, token, now=now)
    if found is None or found.purpose is Purpose.setup:
        raise LinkGone
    passwords.check_strength(password, found.login, found.name)
    hashed = await hashing.hash_password(password)
    redeem = partial(links.redeem_password, token=token, password_hash=hashed, now=now, ip=ip)
    return await db.write(_enter, redeem, ip=ip, browser=browser, now=now)


async def confirm_password(db: Database, password: str, *, by: Actor, ip: str, now: datetime) -> str:
    """The hash that it fits, before something that a borrowed browser must not do. WrongPassword, TooManyAttempts."""
    known = await db.read(_find_by_id, by.id)
    attempt = await db.write(limits.admit, known.login, ip, now=now)
    hashed, _ = await _check_password(db, attempt, known, password)
    if hashed is None:
        await _fail(db, attempt, now)
        raise WrongPassword
    await db.write(limits.take_back, attempt)
    return hashed


async def change_password(
    db: Database, *, by: Actor, sign_in_id: int, old: str, new: str, ip: str, now: datetime
) -> None:
    """His own; all his other sign-ins are ended. WrongPassword, PasswordTooWeak, TooManyAttempts, TooBusy."""
    known = await db.read(_find_by_id, by.id)
    passwords.check_strength(new, known.login, known.name)
    if new == old:
        raise passwords.PasswordTooWeak("新密码与旧密码相同，请换一个")
    hashed = await confirm_password(db, old, by=by, ip=ip, now=now)
    fresh = await hashing.hash_password(new)
    await db.write(_change, hashed, fresh, by=by, keep=sign_in_id, now=now)


# -------------------- the steps


async def _check_password(
    db: Database, attempt: Attempt, known: _Known | None, password: str
) -> tuple[str | None, str | None]:
    """(the hash that the password fits, a fresh hash where that one is dated)."""
    hashed = known.hashed if known else None
    try:
        if not await hashing.verify(hashed, password) or hashed is None:
            return None, None
        return hashed, await hashing.hash_password(password) if passwords.needs_rehash(hashed) else None
    except hashing.TooBusy:
        await db.write(limits.take_back, attempt)
        raise


async def _fail(db: Database, attempt: Attempt, now: datetime) -> None:
    await db.write(limits.note_failure, attempt, now=now)
    if attempt.locked is not None:
        seconds = int(attempt.locked.total_seconds())
        log.warning("signing in is locked", extra={"login": attempt.login, "ip": attempt.ip, "seconds": seconds})


def _find(session: Session, login: str | None) -> _Known | None:
    if login is None:
        return None
    active = (Agent.login == login, Agent.deactivated_at.is_(None))
    row = session.execute(select(Agent.id, Agent.login, Agent.name, Agent.password_hash).where(*active)).one_or_none()
    return _Known(*row) if row else None


def _find_by_id(session: Session, agent_id: int) -> _Known:
    own = select(Agent.id, Agent.login, Agent.name, Agent.password_hash).where(Agent.id == agent_id)
    return _Known(*session.execute(own).one())


def _open(
    session: Session, agent_id: int, hashed: str, fresh: str | None, attempt: Attempt, *, browser: str, now: datetime
) -> Opened | None:
    """None where he has left, or has another password, since it was looked at."""
    agent = people.lock(session, agent_id)
    if agent.deactivated_at is not None or agent.password_hash != hashed:
        return None
    if fresh is not None:
        agent.password_hash = fresh
    if agent.totp_since is not None:  # failures of the second factor are not forgotten because the password is right
        limits.take_back(session, attempt)
    else:
        limits.note_success(session, attempt)
    return _let_in(session, agent, ip=attempt.ip, browser=browser, now=now)


def _enter(session: Session, redeem: "partial[int]", *, ip: str, browser: str, now: datetime) -> Opened:
    return _let_in(session, people.lock(session, redeem(session)), ip=ip, browser=browser, now=now)


def _let_in(session: Session, agent: Agent, *, ip: str, browser: str, now: datetime) -> Opened:
    needs_second = agent.totp_since is not None
    token = sessions.open_(session, agent.id, verified=not needs_second, ip=ip, browser=browser, now=now)
    if not needs_second:
        actor = people.actor(session, agent.id, ip)
        audit.record(session, actor, "signin.in", now=now, subject="agent", subject_id=agent.id)
    return Opened(token, needs_second)


def _verify(
    session: Session, sign_in_id: int, actor: Actor, keyring: Keyring, code: str, attempt: Attempt, *, now: datetime
) -> str | None:
    if not totp.check_code(session, actor.id, keyring, code, now=now):
        return None
    limits.note_success(session, attempt)
    audit.record(session, actor, "signin.in", now=now, subject="agent", subject_id=actor.id, second=True)
    return sessions.verify_second(session, sign_in_id, now=now)


def _close(session: Session, token: str, ip: str, *, now: datetime) -> None:
    signed = sessions.find(session, token, now=now, ip=ip)
    if signed is not None and sessions.end(session, signed.sign_in_id, now=now):
        actor = signed.actor
        audit.record(session, actor, "signin.out", now=now, subject="agent", subject_id=actor.id)


def _change(session: Session, hashed: str, fresh: str, *, by: Actor, keep: int, now: datetime) -> None:
    agent = people.lock(session, by.id)
    if agent.password_hash != hashed:  # somebody else was faster
        raise WrongPassword
    agent.password_hash = fresh
    sessions.revoke_all(session, by.id, keep=keep, now=now)
    links.void(session, by.id)
    audit.record(session, by, "password.change", now=now, subject="agent", subject_id=by.id)
