"""Policies of deadlines over HTTP: the list in words, the form, the order."""

import re

import pytest

from app.agents.models import Language
from app.agents.rights import Role
from app.console import deadline_words, ticket_words
from app.console.deadlines import read_time, write_time
from app.tickets import policies
from app.tickets.models import TicketKind, TicketPriority
from app.tickets.policies import MinutesInvalid, Policy
from tests.console.conftest import HTMX, Console, Person

FORM = {
    "name": "投诉", "kind": "complaint", "priority": "", "source": "wechat", "first": "1.5", "first_unit": "h",
    "next": "", "next_unit": "h", "resolution": "40", "resolution_unit": "h", "warn": "80",
}  # fmt: skip


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The rules are tried on both engines elsewhere."""
    return sqlite_url


@pytest.fixture
async def zhou(console: Console) -> Person:
    return await console.person("zhou", Role.supervisor, name="周正")


async def test_a_policy_is_added_read_in_words_changed_and_deleted(console: Console, zhou: Person) -> None:
    assert "先添加一条不选条件的" in (await zhou.get("/deadlines")).text
    added = await zhou.post("/deadlines", **FORM)
    assert (added.status_code, '"changed": "policies"' in added.headers["hx-trigger"]) == (204, True)
    listed = (await zhou.http.get("/deadlines", headers=HTMX)).text
    assert "投诉 · 微信：首次答复 1 小时 30 分钟，办结 40 小时；用掉 80% 时提醒负责人" in listed
    assert "<html" not in listed
    (policy_id,) = re.findall(r'hx-get="/deadlines/(\d+)"', listed)
    form = (await zhou.http.get(f"/deadlines/{policy_id}", headers=HTMX)).text
    assert 'name="first" value="90"' in form
    assert '<option value="m" selected>分钟' in form
    assert '<option value="wechat" selected>微信' in form
    assert (await zhou.post(f"/deadlines/{policy_id}", **FORM | {"warn": "0", "source": ""})).status_code == 204
    assert "<p>投诉：首次答复 1 小时 30 分钟，办结 40 小时</p>" in (await zhou.get("/deadlines")).text
    assert (await zhou.post(f"/deadlines/{policy_id}/delete")).status_code == 204
    assert (await zhou.http.get(f"/deadlines/{policy_id}", headers=HTMX)).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"first": "一个半"}, "时限最短 1 分钟"), ({"first": "0"}, "时限最短 1 分钟"), ({"next": "NaN"}, "时限最短"),
        ({"resolution": "8761"}, "最长 8760 小时"), ({"first": "0.01"}, "时限最短"), ({"next": "1e9"}, "时限最短"),
        ({"resolution": "1"}, "首次答复的时限不能比办结的还长"), ({"warn": "100"}, "0 到 99"),
        ({"warn": "²"}, "0 到 99"),
        ({"kind": "praise"}, "请从列表里选择"), ({"name": ""}, "名字是空的"),
    ],
)  # fmt: skip
async def test_what_cannot_be_is_said(zhou: Person, wrong: dict[str, str], said: str) -> None:
    answer = await zhou.post("/deadlines", **FORM | wrong)
    assert (answer.status_code, said in answer.text) == (422, True), answer.text
    assert "还没有时限" in (await zhou.get("/deadlines")).text


async def test_what_never_counts_says_so_until_it_is_moved(console: Console, zhou: Person) -> None:
    await zhou.post("/deadlines", **FORM | {"name": "所有", "kind": "", "source": ""})
    await zhou.post("/deadlines", **FORM)
    shown = (await zhou.get("/deadlines")).text
    assert "排在前面的“所有”已经包括了它" in shown
    last = re.findall(r'id="policy-(\d+)"', shown)[-1]
    assert (await zhou.post(f"/deadlines/{last}/move", way="up")).status_code == 204
    assert [policy.name for policy in await console.db.read(policies.load)] == ["投诉", "所有"]
    assert "已经包括了它" not in (await zhou.get("/deadlines")).text
    await zhou.post(f"/deadlines/{last}/move", way="down")
    assert [policy.name for policy in await console.db.read(policies.load)] == ["所有", "投诉"]


async def test_changes_are_told_in_the_record(zhou: Person, admin: Person) -> None:
    await zhou.post("/deadlines", **FORM)
    await zhou.post("/deadlines", **FORM | {"name": "其他", "kind": ""})
    listed = (await zhou.get("/deadlines")).text
    first, second = re.findall(r'id="policy-(\d+)"', listed)
    await zhou.post(f"/deadlines/{second}/move", way="up")
    await zhou.post(f"/deadlines/{first}", **FORM | {"first": "2", "warn": "50"})
    await zhou.post(f"/deadlines/{second}/delete")
    shown = (await admin.get("/audit?group=policies.")).text
    for said in (
        "添加了时限 投诉", "调整了时限的顺序：其他、投诉", "修改了时限 投诉 的首次答复、提前提醒", "删除了时限 其他"
    ):  # fmt: skip
        assert said in shown


async def test_whoever_may_not_sees_and_sends_nothing(console: Console) -> None:
    ye = await console.person("ye", Role.operator)
    for path in ("/deadlines", "/deadlines/new"):
        assert (await ye.get(path)).status_code == 403
    assert (await ye.post("/deadlines", **FORM)).status_code == 403


def test_every_kind_priority_and_source_has_a_word() -> None:
    assert set(ticket_words.KINDS) == set(TicketKind)
    assert set(ticket_words.PRIORITIES) == set(TicketPriority)
    assert set(ticket_words.SOURCES) == set(policies.SOURCES)


def test_policies_are_told_in_both_languages() -> None:
    full = Policy(1, "x", 1, "complaint", "urgent", "qq", 60, 1, 61, 99)
    assert deadline_words.sentence_of(Language.en, full) == (
        "Complaint · Urgent · QQ: first answer 1 hour, next answer 1 minute, resolution 1 hour 1 minute; "
        "the owner is warned after 99%"
    )
    bare = Policy(1, "x", 1, None, None, None, None, None, None, 80)
    assert deadline_words.sentence_of(Language.zh, bare) == "所有工单：不限时"


@pytest.mark.parametrize(
    ("text", "unit", "minutes"),
    [("", "h", None), (" 2 ", "h", 120), ("0.5", "h", 30), ("15", "m", 15), ("8760", "h", 525_600), ("２", "h", 120)],
)
def test_times_are_read(text: str, unit: str, minutes: int | None) -> None:
    assert read_time(text, unit) == minutes


@pytest.mark.parametrize(("text", "unit"), [("1.5", "m"), ("sNaN", "h"), ("Infinity", "h"), ("-1", "h"), ("1_0x", "m")])
def test_times_that_are_none_are_refused(text: str, unit: str) -> None:
    with pytest.raises(MinutesInvalid):
        read_time(text, unit)


@pytest.mark.parametrize("minutes", [None, 1, 59, 60, 90, 525_600])
def test_times_come_back_as_they_were(minutes: int | None) -> None:
    assert read_time(*write_time(minutes)) == minutes
