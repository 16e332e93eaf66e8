"""Macros of tickets over HTTP: the list in words, the form."""

import re

import pytest

from app.agents import teams
from app.agents.models import Language
from app.agents.rights import Role
from app.console import macro_words, ticket_words
from app.desk.tickets import macros
from app.desk.tickets.macros import Macro
from app.tickets.models import Dimension
from tests.console.conftest import HTMX, Console, Person
from tests.factories.conversations import NOW
from tests.factories.people import make_team


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The rules are tried on both engines elsewhere."""
    return sqlite_url


@pytest.fixture
async def zhou(console: Console) -> Person:
    return await console.person("zhou", Role.supervisor, name="周正")


async def test_a_macro_is_added_read_in_words_changed_and_deleted(
    console: Console, zhou: Person, admin: Person
) -> None:
    team = await make_team(console.db, "财务")
    assert "先为最常见的一类工单添加一个" in (await zhou.get("/macros")).text
    fields = {
        "name": "<退款>", "place": str(team), "priority": "urgent", "kind": "refund", "team": str(team),
        "tags": ["退款", "财务"], "reply": "已提交财务", "closes": "", "category": "refund.status",
    }  # fmt: skip
    added = await zhou.post("/macros", **fields)
    assert (added.status_code, '"changed": "macros"' in added.headers["hx-trigger"]) == (204, True)
    listed = (await zhou.http.get("/macros", headers=HTMX)).text
    said = re.findall(r'<span class="chip">(.*?)</span>', listed)
    assert said == [
        "优先级改为紧急", "类型改为退款", "问题改为 refund.status", "转给 财务", "加标签 退款", "加标签 财务", "财务"
    ]  # fmt: skip
    assert "&lt;退款&gt;" in listed
    (macro_id,) = re.findall(r'hx-get="/macros/(\d+)"', listed)
    form = (await zhou.http.get(f"/macros/{macro_id}", headers=HTMX)).text
    assert form.count(f'<option value="{team}" selected>财务') == 2
    assert '<option value="urgent" selected>紧急' in form
    await console.db.write(teams.archive, team, by=None, now=NOW)
    assert "财务 · 已归档" in (await zhou.http.get(f"/macros/{macro_id}", headers=HTMX)).text
    assert "财务" not in (await zhou.http.get("/macros/new", headers=HTMX)).text
    assert (await zhou.post(f"/macros/{macro_id}", name="关闭", reply="", closes="yes")).status_code == 204
    (macro,) = await console.db.read(macros.list_macros, by=zhou.actor)
    assert (macro.name, macro.team_id, macro.changes, macro.reply, macro.closes) == ("关闭", None, {}, "", True)
    assert (await zhou.post(f"/macros/{macro_id}/delete")).status_code == 204
    assert (await zhou.http.get(f"/macros/{macro_id}", headers=HTMX)).status_code == 404
    record = (await admin.get("/audit?group=macros.")).text
    for sentence in (
        "添加了工单宏 &lt;退款&gt;",
        "修改了工单宏 关闭 的改动、关闭工单、名字、答复、小组",
        "删除了工单宏 关闭",
    ):
        assert sentence in record


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": "长" * 40}, "名字为 1 到 32 个字"), ({"place": "x"}, "没有归档的小组"),
        ({"team": "9" * 30}, "转给太长了"), ({"team": "9" * 20}, "没有归档"),
        ({"closes": ""}, "请至少选一项改动"), ({"priority": "asap"}, "请从列表里选择"),
        ({"status": "waiting", "closes": ""}, "要问他什么"), ({"tags": ["长" * 33]}, "标签为 1 到 32 个字"),
    ],
)  # fmt: skip
async def test_what_cannot_be_is_said(zhou: Person, wrong: dict[str, object], said: str) -> None:
    answer = await zhou.post("/macros", **{"name": "关闭", "closes": "yes"} | wrong)
    assert (answer.status_code, said in answer.text) == (422, True), answer.text
    assert "还没有工单宏" in (await zhou.get("/macros")).text


async def test_whoever_may_not_sees_and_sends_nothing(console: Console) -> None:
    lin = await console.person("lin", Role.agent)
    for path in ("/macros", "/macros/new", "/macros/1"):
        assert (await lin.get(path)).status_code == 403
    assert (await lin.post("/macros", name="关闭", closes="yes")).status_code == 403


def test_everything_a_macro_does_has_words() -> None:
    assert set(ticket_words.DIMENSIONS) == set(Dimension)
    changes = {"dimension": "sound", "status": "waiting", "team_id": 3, "tags": ["vip"]}
    macro = Macro(1, "x", None, None, changes, "", True, 1, NOW)
    assert macro_words.effects_of(Language.en, macro, {3: "Billing"}) == [
        "quality dimension becomes Sound", "state becomes Waiting for viewer", "hand on to Billing", "add the tag vip",
        "Close the ticket",
    ]  # fmt: skip
