"""People as administrators make and change them, on both engines."""

from app.agents import people, sessions, teams
from app.agents.rights import Role
from app.db.database import Database
from tests.factories.conversations import NOW
from tests.factories.people import make_agent, make_team, signed_in


async def test_an_actor_has_his_roles_teams_and_skills(db: Database) -> None:
    team = await make_team(db, "会员服务", ["会员", "退款"])
    other = await make_team(db, "播放", ["播放"])
    made = await make_agent(db, roles=[Role.agent, Role.supervisor], teams=[team, other], skills=["粤语"])
    found = await db.read(people.actor, made.id, "::1")
    assert found is not None
    assert found.roles == {Role.agent, Role.supervisor}
    assert found.teams == {team, other}
    assert found.skills == {"会员", "退款", "播放", "粤语"}
    await db.write(teams.archive, team, by=None, now=NOW)
    found = await db.read(people.actor, made.id)
    assert found is not None
    assert found.teams == {other}
    assert found.skills == {"播放", "粤语"}
    token = await signed_in(db, made.id)
    signed = await db.read(sessions.find, token, now=NOW, ip="::1")
    assert signed is not None
    assert signed.actor.roles == made.roles
