"""Links that are good once: the first administrator, invitations, resets."""

import asyncio
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy.orm import Session

from app.agents import audit, links, people, sessions, signing_in, totp
from app.agents.links import FIRST_ROLES, VALID, LinkGone, PersonInactive, Purpose, SetUpAlready
from app.agents.naming import LoginInvalid
from app.agents.passwords import PasswordTooWeak
from app.agents.rights import Forbidden, Role
from app.agents.signing_in import Opened
from app.db.database import Database
from tests.db.gates import Gate, until_blocked
from tests.factories.conversations import KEYRING, NOW
from tests.factories.people import PASSWORD, actor_of, make_agent, signed_in

IP = "192.0.2.7"


async def first(db: Database) -> str:
    token = await db.write(links.first_link, now=NOW)
    assert token is not None
    return token


async def set_up(db: Database, token: str, login: str = "chief", password: str = PASSWORD) -> Opened:
    return await signing_in.set_up(
        db, token, login=login, name="主任", password=password, ip=IP, browser="Chromium", now=NOW
    )


async def choose(db: Database, token: str, password: str = PASSWORD) -> Opened:
    return await signing_in.choose_password(db, token, password=password, ip=IP, browser="Chromium", now=NOW)


async def test_the_first_administrator_makes_himself_once(db: Database) -> None:
    token = await first(db)
    found = await db.read(links.find_link, token, now=NOW)
    assert found is not None
    assert found.purpose is Purpose.setup
    for wrong in ({"login": "主任"}, {"password": "chief2026!!"}):
        with pytest.raises((LoginInvalid, PasswordTooWeak)):
            await set_up(db, token, **wrong)
    opened = await set_up(db, token)
    signed = await db.read(sessions.find, opened.token, now=NOW)
    assert signed is not None
    assert signed.actor.roles == set(FIRST_ROLES)
    with pytest.raises(LinkGone):
        await set_up(db, token, "other")
    assert await db.write(links.first_link, now=NOW) is None
    recorded = [entry.action for entry in await db.read(audit.list_entries, by=None)]
    assert recorded == ["signin.in", "people.first", "people.add"]


async def test_a_restart_makes_another_link_and_voids_the_former(db: Database) -> None:
    former, token = await first(db), await first(db)
    assert await db.read(links.find_link, former, now=NOW) is None
    assert await db.read(links.find_link, token, now=NOW + VALID[Purpose.setup]) is None
    assert await db.read(links.find_link, token, now=NOW) is not None
    await make_agent(db, "lin")  # by the command line
    assert await db.read(links.find_link, token, now=NOW) is None


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_of_two_who_open_links_at_once_one_becomes_administrator(db: Database, database_url: str) -> None:
    """Even with two links that are both good, as two processes that start at the same moment print."""
    gate, tokens = Gate(), list[str]()

    def make_beside(session: Session, name: str) -> None:
        tokens.append(links.make(session, Purpose.setup, None, by=None, now=NOW))
        if name == "held":
            gate.stop(session)

    making = asyncio.ensure_future(db.write(make_beside, "held"))
    await gate.reached()
    await db.write(make_beside, "beside")
    gate.open()
    await making
    assert [await db.read(links.find_link, token, now=NOW) is not None for token in tokens] == [True, True]
    gate = Gate()

    def redeem(session: Session, token: str, login: str) -> int:
        made = links.redeem_setup(session, token, login=login, name="主任", password_hash="x", now=NOW)
        if login == "first":
            gate.stop(session)
        return made

    becoming = asyncio.ensure_future(db.write(redeem, tokens[0], "first"))
    await gate.reached()
    other = asyncio.ensure_future(db.write(redeem, tokens[1], "second"))
    await until_blocked(database_url)
    gate.open()
    made = await becoming
    with pytest.raises(SetUpAlready):
        await other
    assert [person.id for person in await db.read(people.list_people, by=None)] == [made]


async def test_an_invitation_and_a_reset(db: Database) -> None:
    lin = await make_agent(db)
    purpose, former = await db.write(links.make_password_link, lin.id, by=None, now=NOW)
    _, token = await db.write(links.make_password_link, lin.id, by=None, now=NOW)
    assert purpose is Purpose.invitation
    with pytest.raises(LinkGone):
        await choose(db, former)
    with pytest.raises(PasswordTooWeak):
        await choose(db, token, "short")
    ends = await asyncio.gather(choose(db, token), choose(db, token), return_exceptions=True)
    assert sorted(type(end).__name__ for end in ends) == ["LinkGone", "Opened"]
    elsewhere = await signed_in(db, lin.id)
    purpose, token = await db.write(links.make_password_link, lin.id, by=None, now=NOW)
    assert purpose is Purpose.reset
    assert await db.read(links.find_link, token, now=NOW + VALID[Purpose.reset]) is None
    opened = await choose(db, token, "另一个 灯市口 2031")
    assert await db.read(sessions.find, elsewhere, now=NOW) is None
    assert await db.read(sessions.find, opened.token, now=NOW) is not None


async def test_a_reset_does_not_pass_the_second_factor_by(db: Database) -> None:
    lin = await make_agent(db)
    enrolment = await db.write(totp.begin, by=lin, keyring=KEYRING)
    code = pyotp.TOTP(enrolment.secret).at(NOW)
    await db.write(totp.confirm, code, by=lin, keep=0, keyring=KEYRING, now=NOW)
    _, token = await db.write(links.make_password_link, lin.id, by=None, now=NOW)
    opened = await choose(db, token)
    signed = await db.read(sessions.find, opened.token, now=NOW)
    assert signed is not None
    assert (opened.needs_second, signed.verified) == (True, False)


async def test_who_has_left_chooses_no_password(db: Database) -> None:
    lin = await make_agent(db)
    _, token = await db.write(links.make_password_link, lin.id, by=None, now=NOW)
    await db.write(people.deactivate, lin.id, by=None, now=NOW)
    with pytest.raises(LinkGone):
        await db.write(links.redeem_password, token, password_hash="x", now=NOW)
    with pytest.raises(PersonInactive):
        await db.write(links.make_password_link, lin.id, by=None, now=NOW)
    await db.write(people.reactivate, lin.id, by=None, now=NOW)
    with pytest.raises(LinkGone):
        await db.write(links.redeem_password, token, password_hash="x", now=NOW)


async def test_links_are_for_what_they_were_made_for(db: Database) -> None:
    setup, administrator = await first(db), actor_of(Role.administrator)
    with pytest.raises(LinkGone):
        await db.write(links.redeem_password, setup, password_hash="x", now=NOW)
    lin = await make_agent(db)
    await db.write(people.deactivate, lin.id, by=None, now=NOW)  # so that nobody is active
    await db.write(people.reactivate, lin.id, by=None, now=NOW)
    _, invitation = await db.write(links.make_password_link, lin.id, by=None, now=NOW)
    await db.write(people.deactivate, lin.id, by=None, now=NOW)
    with pytest.raises(LinkGone):
        await db.write(links.redeem_setup, invitation, login="x1", name="x", password_hash="x", now=NOW)
    with pytest.raises(Forbidden):
        await db.write(links.make, Purpose.setup, None, by=administrator, now=NOW)


async def test_what_is_over_is_forgotten(db: Database) -> None:
    await first(db)
    end = NOW + VALID[Purpose.setup]
    assert await db.write(links.forget, before=end) == 0
    assert await db.write(links.forget, before=end + timedelta(seconds=1)) == 1
