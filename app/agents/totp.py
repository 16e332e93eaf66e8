"""The second factor: six digits of an app (RFC 6238), or one of ten recovery codes; each is good once."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest

import pyotp
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from app.agents import audit, sessions
from app.agents.models import Agent, RecoveryCode
from app.agents.people import lock
from app.agents.rights import Action, Actor, require_here
from app.db.rows import Insert, table_of
from app.db.sql import changed
from app.errors import AppError
from app.secrets import Keyring

ISSUER = "观众服务台"
STEP = 30
"""Seconds."""
CODES = 10
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
"""None that is read as another."""


class SecondFactorOn(AppError):
    status_code, message = 409, "两步验证已经开启；要换手机，请先关闭再重新开启"


class SecondFactorOff(AppError):
    status_code, message = 409, "两步验证没有开启，请先开启"


class CodeWrong(AppError):
    status_code, message = 422, "验证码不对，请核对手机时间后输入新的一组数字"


@dataclass(frozen=True, slots=True)
class Enrolment:
    secret: str
    """For typing it in."""
    uri: str
    """For the QR code."""


def begin(session: Session, *, by: Actor, keyring: Keyring) -> Enrolment:
    """A new secret of his own, which counts once a first code confirms it. SecondFactorOn."""
    agent = lock(session, by.id)
    if agent.totp_since is not None:
        raise SecondFactorOn
    secret = pyotp.random_base32()
    agent.totp_secret, agent.totp_step = keyring.seal(secret.encode(), _context(agent.id)), None
    return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=agent.login, issuer_name=ISSUER))


def confirm(session: Session, code: str, *, by: Actor, keep: int, keyring: Keyring, now: datetime) -> list[str]:
    """Turn it on; the recovery codes, to be shown once. CodeWrong. His sign-ins but ``keep`` are ended."""
    agent = lock(session, by.id)
    if agent.totp_since is not None:
        raise SecondFactorOn
    if agent.totp_secret is None:
        raise SecondFactorOff
    step = _step_of(agent.totp_secret, by.id, keyring, _digits(code), now)
    if step is None:
        raise CodeWrong
    agent.totp_since, agent.totp_step = now, step
    audit.record(session, by, "totp.on", now=now, subject="agent", subject_id=by.id)
    sessions.revoke_all(session, by.id, keep=keep, now=now)
    return _renew_codes(session, by.id)


def new_codes(session: Session, *, by: Actor, now: datetime) -> list[str]:
    """Instead of those that he has, used or not. SecondFactorOff."""
    if lock(session, by.id).totp_since is None:
        raise SecondFactorOff
    audit.record(session, by, "totp.codes", now=now, subject="agent", subject_id=by.id)
    return _renew_codes(session, by.id)


def count_codes(session: Session, agent_id: int) -> int:
    """Recovery codes that he has left."""
    unused = (RecoveryCode.agent_id == agent_id, RecoveryCode.used_at.is_(None))
    return session.scalar(select(func.count()).where(*unused)) or 0


def turn_off(session: Session, agent_id: int, *, by: Actor | None, now: datetime, keep: int | None = None) -> bool:
    """His own, or by an administrator for somebody who lost his phone. False where it was off."""
    if by is None or by.id != agent_id:
        require_here(by, Action.edit_people)
    agent = lock(session, agent_id)
    was_on = agent.totp_since is not None
    agent.totp_secret = agent.totp_since = agent.totp_step = None
    session.execute(delete(RecoveryCode).where(RecoveryCode.agent_id == agent_id))
    if was_on:
        audit.record(session, by, "totp.off", now=now, subject="agent", subject_id=agent_id)
        sessions.revoke_all(session, agent_id, keep=keep, now=now)
    return was_on


def check_code(session: Session, agent_id: int, keyring: Keyring, code: str, *, now: datetime) -> bool:
    """Use up a code of the app, or a recovery code. Clocks may differ by one step of 30 s."""
    digits = _digits(code)
    if len(digits) == 6 and digits.isdecimal():
        return _use_step(session, agent_id, keyring, digits, now)
    unused = (
        RecoveryCode.agent_id == agent_id, RecoveryCode.code_hash == _digest(agent_id, digits),
        RecoveryCode.used_at.is_(None),
    )  # fmt: skip
    if changed(session.execute(update(RecoveryCode).where(*unused).values(used_at=now))) != 1:
        return False
    audit.record(session, None, "totp.recovery", now=now, subject="agent", subject_id=agent_id)
    return True


def qr_svg(uri: str) -> str:
    """An SVG without styles, which the pages' policy forbids; white below, as cameras need it."""
    import segno  # 1 MB that nothing else needs

    return str(segno.make(uri, error="m").svg_inline(scale=4, light="#fff", svgclass="qr", lineclass=None))


def _use_step(session: Session, agent_id: int, keyring: Keyring, digits: str, now: datetime) -> bool:
    is_on = (Agent.id == agent_id, Agent.totp_since.is_not(None))
    secret = session.scalar(select(Agent.totp_secret).where(*is_on))
    step = None if secret is None else _step_of(secret, agent_id, keyring, digits, now)
    if step is None:
        return False
    newer = or_(Agent.totp_step.is_(None), Agent.totp_step < step)
    return changed(session.execute(update(Agent).where(*is_on, newer).values(totp_step=step))) == 1


def _step_of(sealed: bytes, agent_id: int, keyring: Keyring, digits: str, now: datetime) -> int | None:
    """The time step whose code this is: the present one, that before it or that after it."""
    own = pyotp.TOTP(keyring.open(sealed, _context(agent_id)).decode())
    present = int(now.timestamp()) // STEP
    fitting = [
        step
        for step in (present - 1, present, present + 1)
        if compare_digest(own.generate_otp(step).encode(), digits.encode(errors="replace"))
    ]
    return max(fitting, default=None)


def _renew_codes(session: Session, agent_id: int) -> list[str]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.agent_id == agent_id))
    codes = ["".join(secrets.choice(_LETTERS) for _ in range(8)) for _ in range(CODES)]
    _keep(session, sorted((agent_id, _digest(agent_id, code)) for code in codes))
    return _readable(codes)


_keep = Insert(table_of(RecoveryCode), ("agent_id", "code_hash"))


def _readable(codes: Sequence[str]) -> list[str]:
    return [f"{code[:4]}-{code[4:]}" for code in codes]


def _digits(code: str) -> str:
    """Without what people put between."""
    return "".join(code.split()).replace("-", "").lower()


def _digest(agent_id: int, code: str) -> bytes:
    return sha256(f"{agent_id}:{code}".encode(errors="replace")).digest()


def _context(agent_id: int) -> str:
    return f"agent:{agent_id}:totp"
