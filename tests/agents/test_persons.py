"""People as administrators make and change them, on both engines."""

import asyncio

import pytest
from sqlalchemy.orm import Session

from app.agents import audit, people, sessions, teams
from app.agents.audit import Entry
from app.agents.models import Language
from app.agents.people import LastAdministrator, LoginTaken
from app.agents.rights import Role
from app.db.database import Database
from app.errors import AppError
from tests.db.gates import Gate, until_blocked
from tests.factories.conversations import NOW
from tests.factories.people import actor_of, make_agent, make_team, signed_in

ADMINISTRATOR = frozenset({Role.administrator})


async def entries(db: Database) -> list[Entry]:
    return await db.read(audit.list_entries, by=None)


async def test_an_actor_has_his_roles_teams_and_skills(db: Database) -> None:
    team = await make_team(db, "会员服务", ["会员", "退款"])
    other = await make_team(db, "播放", ["播放"])
    made = await make_agent(db, roles=[Role.agent, Role.supervisor], teams=[team, other], skills=["粤语"])
    found = await db.read(people.actor, made.id, "::1")
    assert found is not None
    assert found.roles == {Role.agent, Role.supervisor}
    assert (set(found.teams), found.ip) == ({team, other}, "::1")
    assert found.skills == {"会员", "退款", "播放", "粤语"}
    await db.write(teams.archive, team, by=None, now=NOW)
    found = await db.read(people.actor, made.id)
    assert found is not None
    assert set(found.teams) == {other}
    assert found.skills == {"播放", "粤语"}
    await db.write(people.deactivate, made.id, by=None, now=NOW)
    assert await db.read(people.actor, made.id) is None


async def test_a_new_person_is_invited_and_away(db: Database) -> None:
    team = await make_team(db)
    agent_id = await db.write(
        people.add, by=None, login=" Lin.Xiaoman ", name="林  小满", roles=[Role.agent], teams=[team],
        skills=["粤语", "粤语 ", "手语"], language=Language.en, now=NOW,
    )  # fmt: skip
    person = await db.read(people.get_person, agent_id, by=None)
    assert (person.login, person.name, person.language) == ("lin.xiaoman", "林 小满", "en")
    assert person.roles == {Role.agent}
    assert (person.teams, person.skills) == (((team, "会员服务"),), ("粤语", "手语"))
    assert (person.presence, person.is_active, person.is_invited, person.has_totp) == ("away", True, True, False)
    [added, _] = await entries(db)
    assert (added.action, added.subject_id, added.agent_id) == ("people.add", agent_id, None)
    assert added.detail["roles"] == ["agent"]


@pytest.mark.parametrize(
    "wrong",
    [{"login": "林"}, {"login": "a"}, {"login": "a b"}, {"name": " "}, {"name": "x" * 65}, {"name": "a\u202eb"},
     {"roles": []}, {"capacity": -1}, {"capacity": 101}, {"skills": [""]}, {"skills": ["x" * 33]}, {"teams": [99]}],
)  # fmt: skip
async def test_what_cannot_be_is_refused(db: Database, wrong: dict[str, object]) -> None:
    given: dict[str, object] = {"login": "lin", "name": "林小满", "roles": [Role.agent], **wrong}
    with pytest.raises(AppError) as refused:
        await db.write(people.add, by=None, now=NOW, **given)  # type: ignore[arg-type]
    assert refused.value.status_code == 422
    assert await db.read(people.list_people, by=None) == []


async def test_a_login_is_taken_once(db: Database) -> None:
    ends = await asyncio.gather(*(make_agent(db, login) for login in ("lin", "LIN", "Lin")), return_exceptions=True)
    assert [isinstance(end, LoginTaken) for end in ends].count(True) == 2
    assert len(await db.read(people.list_people, by=None)) == 1


async def test_an_edit_says_what_it_changed(db: Database) -> None:
    lin = await make_agent(db, name="林小满", skills=["会员"])
    administrator = actor_of(Role.administrator, agent_id=lin.id)
    await db.write(people.edit, lin.id, by=administrator, name="林小满", skills=["会员", "退款"], capacity=3, now=NOW)
    [edited, *_] = await entries(db)
    assert edited.detail == {
        "before": {"skills": ["会员"], "capacity": 8}, "after": {"skills": ["会员", "退款"], "capacity": 3},
    }  # fmt: skip
    assert (edited.action, edited.agent_id, edited.agent) == ("people.edit", lin.id, "林小满")
    count = len(await entries(db))
    await db.write(people.edit, lin.id, by=None, capacity=3, now=NOW)
    assert len(await entries(db)) == count


async def test_the_list_is_searched_and_paged(db: Database) -> None:
    team = await make_team(db)
    made = [
        (await make_agent(db, f"lin{n}", name=f"林{n}", roles=[Role.supervisor if n == 3 else Role.agent])).id
        for n in range(5)
    ]
    await db.write(teams.set_members, team, by=None, agents=made[1:3], now=NOW)
    await db.write(people.deactivate, made[4], by=None, now=NOW)

    async def ids(**given: object) -> list[int]:
        return [person.id for person in await db.read(people.list_people, by=None, **given)]  # type: ignore[arg-type]

    assert await ids() == made[:4]
    assert await ids(limit=2, after=made[0]) == made[1:3]
    assert await ids(query="LIN3") == [made[3]]
    assert await ids(query="林2") == [made[2]]
    assert await ids(query="%") == []
    assert await ids(role=Role.supervisor) == [made[3]]
    assert await ids(team=team) == made[1:3]
    assert await ids(inactive=True) == [made[4]]


async def test_who_is_deactivated_is_out_at_once_and_may_come_back(db: Database) -> None:
    lin = await make_agent(db)
    token = await signed_in(db, lin.id)
    await db.write(people.deactivate, lin.id, by=None, now=NOW)
    await db.write(people.deactivate, lin.id, by=None, now=NOW)
    assert await db.read(sessions.find, token, now=NOW) is None
    await db.write(people.reactivate, lin.id, by=None, now=NOW)
    assert await db.read(sessions.find, token, now=NOW) is None
    back = await db.read(people.get_person, lin.id, by=None)
    assert (back.is_active, back.presence) == (True, "away")
    assert [entry.action for entry in await entries(db)][:2] == ["people.reactivate", "people.deactivate"]


async def test_the_last_administrator_stays(db: Database) -> None:
    chief = await make_agent(db, "chief", roles=ADMINISTRATOR)
    gone = await make_agent(db, "gone", roles=ADMINISTRATOR)
    await db.write(people.deactivate, gone.id, by=None, now=NOW)
    with pytest.raises(LastAdministrator):
        await db.write(people.deactivate, chief.id, by=None, now=NOW)
    with pytest.raises(LastAdministrator):
        await db.write(people.set_roles, chief.id, by=None, roles=[Role.agent], now=NOW)
    await db.write(people.set_roles, chief.id, by=None, roles=[Role.agent, Role.administrator], now=NOW)
    await db.write(people.reactivate, gone.id, by=None, now=NOW)
    await db.write(people.set_roles, chief.id, by=None, roles=[Role.agent], now=NOW)
    assert (await db.read(people.get_person, chief.id, by=None)).roles == {Role.agent}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("first", ["deactivate", "set_roles"])
@pytest.mark.parametrize("second", ["deactivate", "set_roles"])
async def test_of_two_administrators_who_remove_each_other_one_stays(
    db: Database, database_url: str, first: str, second: str
) -> None:
    both = [(await make_agent(db, login, roles=ADMINISTRATOR)).id for login in ("one", "other")]
    gate = Gate()

    def remove(session: Session, how: str, agent_id: int) -> None:
        if how == "deactivate":
            people.deactivate(session, agent_id, by=None, now=NOW)
        else:
            people.set_roles(session, agent_id, by=None, roles=[Role.agent], now=NOW)
        session.flush()
        if agent_id == both[0]:
            gate.stop(session)

    removing = asyncio.ensure_future(db.write(remove, first, both[0]))
    await gate.reached()
    other = asyncio.ensure_future(db.write(remove, second, both[1]))
    await until_blocked(database_url)
    gate.open()
    await removing
    with pytest.raises(LastAdministrator):
        await other


async def test_teams_of_a_person(db: Database) -> None:
    first, second, archived = [await make_team(db, name) for name in ("甲", "乙", "丙")]
    lin = await make_agent(db, teams=[first, archived])
    await db.write(teams.archive, archived, by=None, now=NOW)
    await db.write(people.set_teams, lin.id, by=None, teams=[second], now=NOW)
    [changed, *_] = await entries(db)
    assert (changed.action, changed.detail) == ("people.teams", {"before": [first], "after": [second]})
    await db.write(teams.restore, archived, by=None, now=NOW)
    assert {name for _, name in (await db.read(people.get_person, lin.id, by=None)).teams} == {"乙", "丙"}
    with pytest.raises(people.TeamUnknown):
        await db.write(people.set_teams, lin.id, by=None, teams=[99], now=NOW)
