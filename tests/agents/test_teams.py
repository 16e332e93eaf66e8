"""Teams: names, skills, members, the archive."""

import pytest

from app.agents import audit, people, teams
from app.agents.people import PersonNotFound
from app.agents.teams import TeamNameTaken, TeamNotFound
from app.db.database import Database
from tests.factories.conversations import NOW
from tests.factories.people import make_agent, make_team


async def test_teams_are_listed_with_those_who_are_there(db: Database) -> None:
    first, second = await make_team(db, "播放与内容", ["播放"]), await make_team(db, "会员服务")
    lin, chen = await make_agent(db, "lin", teams=[first]), await make_agent(db, "chen", teams=[first])
    await db.write(people.deactivate, chen.id, by=None, now=NOW)
    listed = {team.id: (team.name, team.skills, team.members) for team in await db.read(teams.list_teams)}
    assert listed == {first: ("播放与内容", ("播放",), 1), second: ("会员服务", (), 0)}
    assert await db.read(teams.list_members, first) == [(lin.id, "lin")]
    await db.write(teams.archive, second, by=None, now=NOW)
    assert [team.id for team in await db.read(teams.list_teams)] == [first]
    assert [team.is_archived for team in await db.read(teams.list_teams, archived=True)] == [False, True]
    assert await db.read(teams.find_by_name, "会员服务") is None
    await db.write(teams.restore, second, by=None, now=NOW)
    assert await db.read(teams.find_by_name, "会员服务") == second


async def test_a_name_is_taken_once(db: Database) -> None:
    first, second = await make_team(db, "甲"), await make_team(db, "乙")
    with pytest.raises(TeamNameTaken):
        await make_team(db, " 甲 ")
    with pytest.raises(TeamNameTaken):
        await db.write(teams.rename, second, by=None, name="甲", now=NOW)
    await db.write(teams.rename, first, by=None, name="丙", now=NOW)
    await db.write(teams.rename, second, by=None, name="甲", now=NOW)
    assert {team.id: team.name for team in await db.read(teams.list_teams)} == {first: "丙", second: "甲"}


async def test_changes_are_recorded_once(db: Database) -> None:
    team, lin = await make_team(db), await make_agent(db)
    for _ in range(2):
        await db.write(teams.set_skills, team, by=None, skills=["会员"], now=NOW)
        await db.write(teams.set_members, team, by=None, agents=[lin.id], now=NOW)
    recorded = [entry for entry in await db.read(audit.list_entries, by=None) if entry.subject == "team"]
    assert [(entry.action, entry.detail) for entry in reversed(recorded)] == [
        ("team.add", {"name": "会员服务", "skills": []}),
        ("team.edit", {"before": {"skills": []}, "after": {"skills": ["会员"]}}),
        ("team.members", {"before": [], "after": [lin.id]}),
    ]


async def test_only_who_is_active_becomes_a_member(db: Database) -> None:
    team, lin, chen = await make_team(db), await make_agent(db, "lin"), await make_agent(db, "chen")
    await db.write(teams.set_members, team, by=None, agents=[lin.id, chen.id], now=NOW)
    await db.write(people.deactivate, chen.id, by=None, now=NOW)
    await db.write(teams.set_members, team, by=None, agents=[], now=NOW)
    with pytest.raises(PersonNotFound):
        await db.write(teams.set_members, team, by=None, agents=[chen.id], now=NOW)
    await db.write(people.reactivate, chen.id, by=None, now=NOW)
    assert await db.read(teams.list_members, team) == [(chen.id, "chen")]
    with pytest.raises(TeamNotFound):
        await db.write(teams.archive, 99, by=None, now=NOW)
