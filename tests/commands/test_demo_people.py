"""The accounts of demo mode: there at once, and closed where a production server meets them."""

import logging

import pytest

from app.agents import links, people, sessions, signing_in
from app.agents.demo import PASSWORD, PEOPLE
from app.agents.rights import Role
from app.agents.signing_in import WrongCredentials
from app.commands import demo_people
from app.db.database import Database
from tests.factories.conversations import NOW
from tests.factories.people import PASSWORD as STRONG
from tests.factories.people import get_agent, make_agent

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def enter(db: Database, login: str, password: str = PASSWORD) -> bool:
    try:
        await signing_in.sign_in(db, login, password, ip="127.0.0.1", browser="", now=NOW)
    except WrongCredentials:
        return False
    return True


async def test_each_role_has_somebody_who_can_sign_in(db: Database) -> None:
    await demo_people.add_people(db)
    await demo_people.add_people(db)
    found = {person.login: person for person in await db.read(people.list_people, by=None)}
    assert set(found) == set(PEOPLE)
    assert {role for person in found.values() for role in person.roles} == set(Role)
    assert [name for _, name in found["lin"].teams] == ["会员服务"]
    assert {login for login, person in found.items() if person.presence == "online"} == {"lin", "chen", "zhou"}
    assert len({(await db.read(get_agent, person.id)).password_hash for person in found.values()}) == 1
    assert await enter(db, "admin")
    assert await db.write(links.first_link, now=NOW) is None


async def test_production_closes_those_whose_password_everybody_knows(
    db: Database, caplog: pytest.LogCaptureFixture
) -> None:
    chief = await make_agent(db, "chief", password=STRONG)
    real = await make_agent(db, "su", password=STRONG)
    await demo_people.add_people(db)
    changed = (await db.read(people.get_by_login, "zhou", by=None)).id
    _, token = await db.write(links.make_password_link, changed, by=None, now=NOW)
    await signing_in.choose_password(db, token, password=STRONG, ip="", browser="", now=NOW)
    opened = await signing_in.sign_in(db, "lin", PASSWORD, ip="", browser="", now=NOW)
    with caplog.at_level(logging.WARNING, "app.commands.demo_people"):
        await demo_people.close_people(db)
        await demo_people.close_people(db)
    closed = sorted(record.login for record in caplog.records if record.name == "app.commands.demo_people")  # type: ignore[attr-defined]
    assert closed == ["admin", "chen", "lin", "ye"]
    assert await db.read(sessions.find, opened.token, now=NOW) is None
    assert {person.id for person in await db.read(people.list_people, by=None)} == {chief.id, real.id, changed}
    lin = await db.read(people.get_by_login, "lin", by=None)
    await db.write(people.reactivate, lin.id, by=None, now=NOW)
    assert not await enter(db, "lin")  # before he chooses another


async def test_a_closed_database_has_nobody_and_can_be_set_up_or_shown_again(db: Database) -> None:
    await demo_people.add_people(db)
    await demo_people.close_people(db)
    assert await db.write(links.first_link, now=NOW) is not None
    await demo_people.add_people(db)
    assert await enter(db, "admin")
