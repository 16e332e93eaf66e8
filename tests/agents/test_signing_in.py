"""How people come in: passwords, limits, the second factor, and what a change in between does."""

import asyncio
from datetime import datetime, timedelta

import pyotp
import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.agents import audit, hashing, limits, links, people, sessions, signing_in, totp
from app.agents.limits import TooManyAttempts
from app.agents.models import Agent, SignInLimit
from app.agents.rights import Actor
from app.agents.sessions import Signed, SignedOut
from app.agents.signing_in import Opened, WrongCode, WrongCredentials
from app.db.database import Database
from tests.factories.conversations import KEYRING, NOW
from tests.factories.people import PASSWORD, get_agent, hash_of, hashing_held, make_agent, signed_in, until_hashing

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
IP = "192.0.2.7"


async def enter(
    db: Database, password: str = PASSWORD, login: str = "lin", *, now: datetime = NOW, ip: str = IP
) -> Opened:
    return await signing_in.sign_in(db, login, password, ip=ip, browser="Chromium", now=now)


async def look(db: Database, token: str) -> Signed | None:
    return await db.read(sessions.find, token, now=NOW, ip=IP)


async def with_second(db: Database, login: str = "lin") -> tuple[Actor, pyotp.TOTP]:
    """Somebody whose second factor is on; its first code is used up a minute before NOW."""
    agent = await make_agent(db, login, password=PASSWORD)
    enrolment = await db.write(totp.begin, by=agent, keyring=KEYRING)
    app = pyotp.TOTP(enrolment.secret)
    earlier = NOW - MINUTE
    await db.write(totp.confirm, app.at(earlier), by=agent, keep=0, keyring=KEYRING, now=earlier)
    return agent, app


async def actions(db: Database) -> list[str]:
    entries = await db.read(audit.list_entries, by=None)
    return [entry.action for entry in reversed(entries) if entry.action.startswith("signin.")]


async def test_the_right_password_opens(db: Database) -> None:
    agent = await make_agent(db, password=PASSWORD)
    opened = await enter(db, login=" LIN ")
    signed = await look(db, opened.token)
    assert signed is not None
    assert (signed.actor, signed.login, signed.verified, opened.needs_second) == (
        Actor(agent.id, "lin", agent.roles, ip=IP), "lin", True, False,
    )  # fmt: skip
    await signing_in.sign_out(db, opened.token, ip=IP, now=NOW)
    assert await look(db, opened.token) is None
    assert await actions(db) == ["signin.in", "signin.out"]


@pytest.mark.parametrize(
    ("login", "password"),
    [("lin", "something else"), ("nobody", PASSWORD), ("没有的人", PASSWORD), ("lin", ""), ("lin", PASSWORD * 30)],
)
async def test_whatever_is_wrong_is_told_alike(db: Database, login: str, password: str) -> None:
    await make_agent(db, password=PASSWORD)
    with pytest.raises(WrongCredentials, match=r"^登录名或密码不对$"):
        await enter(db, password, login)
    assert await actions(db) == ["signin.failed"]


async def test_who_has_left_or_has_no_password_stays_out(db: Database) -> None:
    left = await make_agent(db, password=PASSWORD)
    await make_agent(db, "chen", password=None)
    await db.write(people.deactivate, left.id, by=None, now=NOW)
    for login in ("lin", "chen"):
        with pytest.raises(WrongCredentials):
            await enter(db, login=login)


async def test_after_five_failures_even_the_right_password_waits(db: Database) -> None:
    await make_agent(db, password=PASSWORD)
    for _ in range(limits.FREE_BY_LOGIN):
        with pytest.raises(WrongCredentials):
            await enter(db, "wrong")
    with pytest.raises(TooManyAttempts, match="请等 5 秒后再试") as refused:
        await enter(db)
    assert refused.value.retry_after == 5
    assert (await actions(db))[-2:] == ["signin.failed", "signin.locked"]
    assert (await enter(db, now=NOW + 5 * SECOND)).token
    with pytest.raises(WrongCredentials):  # all is forgotten: nobody waits
        await enter(db, "wrong", now=NOW + 6 * SECOND)


async def test_a_hundred_attempts_at_once_are_five(db: Database) -> None:
    await make_agent(db, password=PASSWORD)
    ends = await asyncio.gather(
        *(enter(db, f"guess {n}", ip=f"192.0.2.{n}") for n in range(100)), return_exceptions=True
    )
    assert sum(isinstance(end, WrongCredentials) for end in ends) == limits.FREE_BY_LOGIN
    assert sum(isinstance(end, TooManyAttempts) for end in ends) == 100 - limits.FREE_BY_LOGIN


async def test_the_second_factor_opens_under_another_token(db: Database) -> None:
    _, app = await with_second(db)
    opened = await enter(db)
    waiting = await look(db, opened.token)
    assert waiting is not None
    assert (waiting.verified, opened.needs_second) == (False, True)
    token = await signing_in.second(db, KEYRING, opened.token, app.at(NOW), ip=IP, now=NOW)
    signed = await look(db, token)
    assert signed is not None
    assert signed.verified
    assert await look(db, opened.token) is None
    with pytest.raises(SignedOut):
        await signing_in.second(db, KEYRING, token, app.at(NOW + MINUTE), ip=IP, now=NOW)


async def test_a_code_is_good_once(db: Database) -> None:
    agent, app = await with_second(db)
    first, other = [await signed_in(db, agent.id, verified=False) for _ in range(2)]
    await signing_in.second(db, KEYRING, first, app.at(NOW), ip=IP, now=NOW)
    with pytest.raises(WrongCode):
        await signing_in.second(db, KEYRING, other, app.at(NOW), ip=IP, now=NOW)


async def test_the_right_password_does_not_forget_wrong_codes(db: Database) -> None:
    """Else whoever has the password could try codes without end, signing in anew after every fourth."""
    await with_second(db)
    for n in range(limits.FREE_BY_LOGIN):
        if n in (0, 4):
            opened = await enter(db)
        with pytest.raises(WrongCode):
            await signing_in.second(db, KEYRING, opened.token, "000000", ip=IP, now=NOW)
    with pytest.raises(TooManyAttempts):
        await signing_in.second(db, KEYRING, opened.token, "000000", ip=IP, now=NOW)
    with pytest.raises(TooManyAttempts):
        await enter(db)


async def test_the_second_factor_must_come_soon(db: Database) -> None:
    agent, app = await with_second(db)
    token, later = await signed_in(db, agent.id, verified=False), NOW + sessions.UNVERIFIED
    with pytest.raises(SignedOut):
        await signing_in.second(db, KEYRING, token, app.at(later), ip=IP, now=later)


async def test_a_dated_hash_is_renewed(db: Database) -> None:
    agent = await make_agent(db, password=PASSWORD)
    await enter(db)
    renewed = (await db.read(get_agent, agent.id)).password_hash
    assert renewed != hash_of(PASSWORD)
    await enter(db)
    assert (await db.read(get_agent, agent.id)).password_hash == renewed


async def test_a_password_that_changes_while_it_is_looked_at_does_not_open(db: Database) -> None:
    agent = await make_agent(db, password=PASSWORD)
    with hashing_held():
        entering = asyncio.ensure_future(enter(db))
        await until_hashing()
        await db.write(_set_hash, agent.id, None)
    with pytest.raises(WrongCredentials):
        await entering


async def test_who_leaves_while_his_password_is_looked_at_stays_out(db: Database) -> None:
    agent = await make_agent(db, password=PASSWORD)
    with hashing_held():
        entering = asyncio.ensure_future(enter(db))
        await until_hashing()
        await db.write(people.deactivate, agent.id, by=None, now=NOW)
    with pytest.raises(WrongCredentials):
        await entering


async def test_too_many_at_once_are_sent_away_and_it_is_no_failure(db: Database) -> None:
    await make_agent(db, password=PASSWORD)
    with hashing_held():
        waiting = [asyncio.ensure_future(hashing.verify(hash_of(PASSWORD), PASSWORD)) for _ in range(hashing.MOST)]
        await until_hashing(hashing.MOST)
        with pytest.raises(hashing.TooBusy):
            await enter(db)
    assert all(await asyncio.gather(*waiting))
    assert (await db.read(_failures), await actions(db)) == (0, [])


def _failures(session: Session) -> int:
    return session.scalar(select(func.max(SignInLimit.failures))) or 0


def _set_hash(session: Session, agent_id: int, hashed: str | None) -> None:
    session.execute(update(Agent).where(Agent.id == agent_id).values(password_hash=hashed))


async def test_changing_the_password_ends_all_other_sign_ins(db: Database) -> None:
    agent = await make_agent(db, password=PASSWORD)
    here, elsewhere = [await signed_in(db, agent.id) for _ in range(2)]
    signed = await look(db, here)
    assert signed is not None
    new = "另一个 灯市口 2031"
    with pytest.raises(signing_in.WrongPassword):
        await signing_in.change_password(
            db, by=agent, sign_in_id=signed.sign_in_id, old="wrong", new=new, ip=IP, now=NOW
        )
    _, reset = await db.write(links.make_password_link, agent.id, by=None, now=NOW)
    await signing_in.change_password(db, by=agent, sign_in_id=signed.sign_in_id, old=PASSWORD, new=new, ip=IP, now=NOW)
    assert await look(db, here) is not None
    assert await look(db, elsewhere) is None
    assert await db.read(links.find_link, reset, now=NOW) is None
    with pytest.raises(WrongCredentials):
        await enter(db)
    assert (await enter(db, new)).token
