"""The second factor: what turns it on, which codes are good and how often."""

import asyncio
import re
from datetime import datetime, timedelta

import pyotp
import pytest
from sqlalchemy.orm import Session

from app.agents import audit, sessions, totp
from app.agents.rights import Actor, Role
from app.agents.totp import CODES, CodeWrong, Enrolment, SecondFactorOff, SecondFactorOn
from app.db.database import Database
from tests.db.gates import Gate, until_blocked
from tests.factories.conversations import KEYRING, NOW
from tests.factories.people import get_agent, make_agent, signed_in

STEP = timedelta(seconds=totp.STEP)


async def begin(db: Database, agent: Actor) -> pyotp.TOTP:
    enrolment: Enrolment = await db.write(totp.begin, by=agent, keyring=KEYRING)
    return pyotp.TOTP(enrolment.secret)


async def turn_on(db: Database, agent: Actor) -> tuple[pyotp.TOTP, list[str]]:
    """Long before NOW."""
    app, earlier = await begin(db, agent), NOW - 10 * STEP
    codes = await db.write(totp.confirm, app.at(earlier), by=agent, keep=0, keyring=KEYRING, now=earlier)
    return app, codes


async def check(db: Database, agent: Actor, code: str, now: datetime = NOW) -> bool:
    return await db.write(totp.check_code, agent.id, KEYRING, code, now=now)


async def test_it_is_on_once_a_code_confirms_it(db: Database) -> None:
    lin = await make_agent(db)
    here, there = [await signed_in(db, lin.id) for _ in range(2)]
    signed = await db.read(sessions.find, here, now=NOW)
    assert signed is not None
    keep = signed.sign_in_id
    with pytest.raises(SecondFactorOff):
        await db.write(totp.confirm, "123456", by=lin, keep=keep, keyring=KEYRING, now=NOW)
    app = await begin(db, lin)
    assert not await check(db, lin, app.at(NOW))
    with pytest.raises(CodeWrong):
        await db.write(totp.confirm, app.at(NOW - 5 * STEP), by=lin, keep=keep, keyring=KEYRING, now=NOW)
    codes = await db.write(totp.confirm, app.at(NOW), by=lin, keep=keep, keyring=KEYRING, now=NOW)
    assert (len(set(codes)), {bool(re.fullmatch(r"[2-9a-z]{4}-[2-9a-z]{4}", code)) for code in codes}) == (
        CODES,
        {True},
    )
    assert [await db.read(sessions.find, token, now=NOW) is not None for token in (here, there)] == [True, False]
    with pytest.raises(SecondFactorOn):
        await begin(db, lin)
    assert not await check(db, lin, app.at(NOW))  # it was used to confirm
    assert app.secret.encode() not in ((await db.read(get_agent, lin.id)).totp_secret or b"")


async def test_clocks_may_differ_by_one_step_and_no_code_is_good_twice(db: Database) -> None:
    lin = await make_agent(db)
    app, _ = await turn_on(db, lin)
    assert [await check(db, lin, app.at(NOW + n * STEP)) for n in (-2, -1, -1, 1, 0, 1, 2)] == [
        False, True, False, True, False, False, False,
    ]  # fmt: skip
    assert not await check(db, lin, "")
    assert not await check(db, lin, "٠١٢٣٤٥")
    spaced = app.at(NOW + 10 * STEP)
    assert await check(db, lin, f" {spaced[:3]} {spaced[3:]}", NOW + 10 * STEP)


@pytest.mark.parametrize("kind", ["app", "recovery"])
async def test_of_two_who_use_a_code_at_once_one_gets_in(db: Database, database_url: str, kind: str) -> None:
    lin = await make_agent(db)
    app, codes = await turn_on(db, lin)
    code, gate = app.at(NOW) if kind == "app" else codes[3], Gate()

    def use(session: Session, held: bool) -> bool:
        fits = totp.check_code(session, lin.id, KEYRING, code, now=NOW)
        if held:
            gate.stop(session)
        return fits

    first = asyncio.ensure_future(db.write(use, True))
    await gate.reached()
    second = asyncio.ensure_future(db.write(use, False))
    if database_url.startswith("postgresql"):
        await until_blocked(database_url)
    gate.open()
    assert (await first, await second) == (True, False)


async def test_recovery_codes_are_good_once_and_for_their_owner(db: Database) -> None:
    lin, chen = await make_agent(db, "lin"), await make_agent(db, "chen")
    (_, codes), _ = await turn_on(db, lin), await turn_on(db, chen)
    assert not await check(db, chen, codes[0])
    assert await check(db, lin, f" {codes[0].upper().replace('-', ' ')}")
    assert not await check(db, lin, codes[0])
    assert await db.read(totp.count_codes, lin.id) == CODES - 1
    new = await db.write(totp.new_codes, by=lin, now=NOW)
    assert not await check(db, lin, codes[1])
    assert await check(db, lin, new[1])


async def test_an_administrator_turns_it_off_for_others_and_nobody_else(db: Database) -> None:
    lin, chen = await make_agent(db, "lin"), await make_agent(db, "chen")
    admin = await make_agent(db, "admin", roles=[Role.administrator])
    app, codes = await turn_on(db, lin)
    token = await signed_in(db, lin.id)
    with pytest.raises(Exception, match="没有这项权限"):
        await db.write(totp.turn_off, lin.id, by=chen, now=NOW)
    assert await db.write(totp.turn_off, lin.id, by=admin, now=NOW)
    assert not await db.write(totp.turn_off, lin.id, by=lin, now=NOW)
    assert await db.read(sessions.find, token, now=NOW) is None
    assert not await check(db, lin, app.at(NOW))
    assert not await check(db, lin, codes[0])
    [off, *_] = await db.read(audit.list_entries, by=None)
    assert (off.action, off.agent_id, off.subject_id) == ("totp.off", admin.id, lin.id)


async def test_the_secret_is_shown_as_an_app_wants_it(db: Database) -> None:
    lin = await make_agent(db)
    enrolment = await db.write(totp.begin, by=lin, keyring=KEYRING)
    read = pyotp.parse_uri(enrolment.uri)
    assert (read.issuer, read.name) == ("观众服务台", "lin")
    svg = totp.qr_svg(enrolment.uri)
    assert svg.startswith("<svg")
    assert "style" not in svg
