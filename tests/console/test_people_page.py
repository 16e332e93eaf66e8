"""People and teams: found, added, changed, deactivated, with the record of it."""

import re
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from app.agents import audit, people, teams
from app.agents.rights import Role
from app.conversations import routing
from app.conversations.models import Conversation, Owner
from tests.console.conftest import HTMX, PAGE, Console, Person
from tests.factories.conversations import channel as make_channel
from tests.factories.conversations import conversation as make_conversation
from tests.factories.people import make_agent, make_team


def logins(text: str) -> list[str]:
    shown = text.partition('id="people-list"')[2]
    return re.findall(r'<span class="meta">([\w.@-]+)</span>', shown)


async def test_people_are_found_by_name_role_team_and_state(console: Console, admin: Person) -> None:
    team = await make_team(console.db)
    await make_agent(console.db, "lin", name="林小满", teams=[team])
    await make_agent(console.db, "zhou", name="周正", roles=[Role.supervisor])
    left = await make_agent(console.db, "chen", name="陈一诺")
    await console.db.write(people.deactivate, left.id, by=None, now=datetime.now(UTC))
    for query, found in [
        ("", ["admin", "lin", "zhou"]), ("q=小满", ["lin"]), ("role=supervisor", ["zhou"]), (f"team={team}", ["lin"]),
        ("state=inactive", ["chen"]), ("q=nobody", []), ("role=king&team=x&after=0", ["admin", "lin", "zhou"]),
    ]:  # fmt: skip
        assert logins((await admin.get(f"/people?{query}")).text) == found, query
    fragment = await admin.http.get("/people?q=zhou", headers=HTMX)
    assert fragment.text.lstrip().startswith('<div id="people-list"')
    assert "<html" in (await admin.http.get("/people", headers=HTMX | {"hx-history-restore-request": "true"})).text


async def test_long_lists_come_in_pages(console: Console, admin: Person) -> None:
    def fill(session: Session) -> None:
        for number in range(60):
            people.add(
                session, by=None, login=f"p{number}", name=f"同事{number}", roles=[Role.agent], now=datetime.now(UTC)
            )

    await console.db.write(fill)
    first = await admin.get("/people")
    more = re.search(r'href="([^"]*after=\d+)"', first.text)
    assert more is not None
    second = await admin.get(more[1].replace("&amp;", "&"))
    assert len(logins(first.text)) == 50
    assert len({*logins(first.text), *logins(second.text)}) == 61


async def test_somebody_new_gets_a_link_that_is_shown_once(console: Console, admin: Person) -> None:
    team = await make_team(console.db)
    answer = await admin.post("/people", login="Lin", name="林小满", roles=["agent", "supervisor"], teams=[str(team)])
    link = re.search(r'value="http://desk\.test(/invitation/[\w-]+)"', answer.text)
    assert link is not None
    assert (await console.client().get(link[1], headers=PAGE)).status_code == 200
    found = (await console.db.read(people.list_people, by=None, query="lin"))[0]
    assert (found.login, found.roles, found.teams) == (
        "lin",
        frozenset({Role.agent, Role.supervisor}),
        ((team, "会员服务"),),
    )
    taken = await admin.post("/people", login="lin", name="别人", roles=["agent"], teams=[])
    assert (taken.status_code, taken.json()["error"]) == (409, "这个登录名已经有人用了，请换一个")
    assert (await admin.post("/people", login="x1", name="别人", teams=[])).json()["error"] == "请至少选择一个角色"
    assert (await admin.post("/people", login="x1", name="别人", roles=["king"], teams=[])).status_code == 422


async def test_a_person_is_changed_and_the_record_tells_it(console: Console, admin: Person) -> None:
    lin = await make_agent(console.db, "lin", name="林小满")
    path = f"/people/{lin.id}"
    fields = {"name": "林大满", "skills": ["退款", "会员"], "capacity": "5", "language": "en"}
    assert (await admin.post(path, **fields)).status_code == 204
    assert (await admin.post(f"{path}/roles", roles=["agent", "quality"])).status_code == 204
    found = await console.db.read(people.get_person, lin.id, by=None)
    assert (found.name, found.skills, found.capacity, found.language) == ("林大满", ("退款", "会员"), 5, "en")
    shown = (await admin.get("/audit")).text
    assert "修改了 林大满 的角色：客服 → 客服、质检" in shown
    assert "修改了 林大满 的名字、技能、同时接待、界面语言" in shown
    assert "添加了 林大满（lin），角色：客服" in shown
    assert "林大满" in (await admin.get(f"/audit?about=agent:{lin.id}")).text


async def test_who_leaves_gives_his_conversations_back(console: Console, admin: Person) -> None:
    lin = await console.person("lin", Role.agent, name="林小满")
    conversation = await make_conversation(console.db, await make_channel(console.db))
    await console.db.write(routing.take_over, conversation, by=lin.actor, now=datetime.now(UTC))
    page = await admin.get(f"/people/{lin.actor.id}")
    assert "停用 林小满：马上退出所有登录。手上的 1 个会话回到排队，由其他人接待。" in page.text
    assert (await admin.post(f"/people/{lin.actor.id}/deactivate")).headers["hx-refresh"] == "true"
    held = await console.db.read(lambda session: session.get_one(Conversation, conversation))
    assert (held.owner, held.agent_id) == (Owner.queue, None)
    assert (await lin.get("/account")).status_code == 303
    assert "这个账号已停用" in (await admin.get(f"/people/{lin.actor.id}")).text
    assert (await admin.post(f"/people/{lin.actor.id}/link")).json()["error"] == "这个账号已停用，请先恢复"
    await admin.post(f"/people/{lin.actor.id}/reactivate")
    assert (await console.db.read(people.get_person, lin.actor.id, by=None)).is_active
    last = await admin.post(f"/people/{admin.actor.id}/deactivate")
    assert last.json()["error"] == "至少要保留一位在职的管理员，请先让别人成为管理员"


async def test_who_may_speak_no_more_gives_his_conversations_back(console: Console, admin: Person) -> None:
    lin = await console.person("lin", Role.agent, name="林小满")
    conversation = await make_conversation(console.db, await make_channel(console.db))
    await console.db.write(routing.take_over, conversation, by=lin.actor, now=datetime.now(UTC))
    assert (await admin.post(f"/people/{lin.actor.id}/roles", roles=["quality"])).status_code == 204
    held = await console.db.read(lambda session: session.get_one(Conversation, conversation))
    assert (held.owner, held.agent_id) == (Owner.queue, None)


async def test_a_team_is_made_changed_and_archived(console: Console, admin: Person) -> None:
    lin = await make_agent(console.db, "lin", name="林小满")
    assert (await admin.post("/teams", name="会员服务", skills=["会员"])).status_code == 204
    assert (await admin.post("/teams", name="会员服务", skills=[])).status_code == 409
    team = (await console.db.read(teams.list_teams))[0]
    await admin.post(f"/teams/{team.id}", name="会员与退款", skills=["会员", "退款"])
    await admin.post(f"/teams/{team.id}/members", members=[str(lin.id)])
    shown = (await admin.get(f"/teams/{team.id}")).text
    assert "会员与退款" in shown
    assert re.search(rf'value="{lin.id}" checked', shown)
    await admin.post(f"/teams/{team.id}/archive")
    assert "已归档" in (await admin.get("/teams")).text
    await admin.post(f"/teams/{team.id}/restore")
    record = (await admin.get("/audit?group=team.")).text
    for said in ("添加了小组 会员服务", "修改了小组 会员与退款 的组员：– → 林小满", "归档了小组", "恢复了小组"):
        assert said in record, said


async def test_a_supervisor_sees_and_changes_nothing(console: Console) -> None:
    zhou = await console.person("zhou", Role.supervisor)
    page = (await zhou.get(f"/people/{zhou.actor.id}")).text
    assert "disabled" in page
    assert "停用" not in page
    assert "添加人员" not in (await zhou.get("/people")).text


# -------------------- the record


async def test_the_record_is_searched_and_paged(console: Console, admin: Person) -> None:
    def fill(session: Session) -> None:
        for number in range(120):
            at = datetime(2026, 11, 1 + number % 20, 4, tzinfo=UTC)
            audit.record(session, admin.actor, "people.unheard-of", now=at, subject="agent", subject_id=1, n=number)

    await console.db.write(fill)
    shown: list[str] = []
    path: str | None = "/audit?group=people.&since=2026-11-02&until=2026-11-20"
    while path:
        text = (await admin.get(path)).text
        shown += re.findall(r'id="entry-(\d+)"', text)
        more = re.search(r'href="(/audit\?[^"]*before=\d+)"', text)
        path = more[1].replace("&amp;", "&") if more else None
    assert len(shown) == len(set(shown)) == 114
    assert shown == sorted(shown, key=int, reverse=True)
    nobody = await admin.get("/audit?ip=192.0.2.99&since=2027-01-01")
    assert "没有符合条件的记录" in nobody.text
    garbage = await admin.get("/audit?who=x&since=yesterday&before=%00&about=agent:x&group=%27&ip=zz")
    assert garbage.status_code == 200
