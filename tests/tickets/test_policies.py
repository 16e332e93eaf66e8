"""Policies of deadlines: their order, which one counts, what is refused."""

import asyncio
from datetime import timedelta

import pytest

from app.agents import audit
from app.agents.naming import NameInvalid
from app.agents.rights import Actor
from app.commands import demo_policies
from app.db.database import Database
from app.errors import AppError
from app.tickets import policies
from app.tickets.policies import (
    ConditionInvalid,
    FirstTooLong,
    MinutesInvalid,
    Policy,
    PolicyNameTaken,
    PolicyNotFound,
    TooManyPolicies,
    WarningInvalid,
    Written,
)
from tests.factories.conversations import NOW


async def make(db: Database, *given: Written) -> list[int]:
    return [await db.write(policies.add, by=None, written=written, now=NOW) for written in given]


async def names(db: Database) -> list[str]:
    return [policy.name for policy in await db.read(policies.load)]


async def test_policies_come_as_they_were_written(db: Database, zhou: Actor) -> None:
    full = Written("微信投诉", "complaint", "high", "wechat", 15, 30, 525_600, 0)
    first, second = await make(db, full, Written("其他"))
    assert await db.read(policies.load) == (
        Policy(first, "微信投诉", 1, "complaint", "high", "wechat", 15, 30, 525_600, 0),
        Policy(second, "其他", 2, None, None, None, None, None, None, 80),
    )
    await db.write(policies.edit, first, by=zhou, written=Written("投诉", "complaint", resolution_m=600), now=NOW)
    found = await db.read(policies.get_policy, first, by=zhou)
    assert found == Policy(first, "投诉", 1, "complaint", None, None, None, None, 600, 80)
    await db.write(policies.delete_policy, second, by=zhou, now=NOW)
    assert await names(db) == ["投诉"]
    for gone in (second, 0):
        with pytest.raises(PolicyNotFound):
            await db.read(policies.get_policy, gone, by=zhou)
        with pytest.raises(PolicyNotFound):
            await db.write(policies.delete_policy, gone, by=zhou, now=NOW)
    recorded = await db.read(audit.list_entries, by=None, action="policies.")
    assert [entry.action.partition(".")[2] for entry in recorded] == ["delete", "edit", "add", "add"]
    assert recorded[1].detail["after"] == {
        "first_response_m": None, "name": "投诉", "next_response_m": None, "priority": None, "resolution_m": 600,
        "source": None, "warn_percent": 80,
    }  # fmt: skip


async def test_what_does_not_change_is_not_recorded(db: Database, zhou: Actor) -> None:
    (policy_id,) = await make(db, Written("其他", first_response_m=60))
    again = Written(" 其他 ", first_response_m=60)
    await db.write(policies.edit, policy_id, by=zhou, written=again, now=NOW + timedelta(hours=1))
    await db.write(policies.move, policy_id, by=zhou, up=True, now=NOW)
    await db.write(policies.move, policy_id, by=zhou, up=False, now=NOW)
    assert len(await db.read(audit.list_entries, by=None, action="policies.")) == 1


@pytest.mark.parametrize(
    ("written", "error"),
    [
        (Written("其他"), PolicyNameTaken),
        (Written(" "), NameInvalid),
        (Written("新的", kind="praise"), ConditionInvalid),
        (Written("新的", priority="1"), ConditionInvalid),
        (Written("新的", source="telegram"), ConditionInvalid),
        (Written("新的", kind=""), ConditionInvalid),
        (Written("新的", first_response_m=0), MinutesInvalid),
        (Written("新的", next_response_m=-5), MinutesInvalid),
        (Written("新的", resolution_m=525_601), MinutesInvalid),
        (Written("新的", first_response_m=61, resolution_m=60), FirstTooLong),
        (Written("新的", warn_percent=100), WarningInvalid),
        (Written("新的", warn_percent=-1), WarningInvalid),
    ],
)
async def test_what_cannot_be_is_refused(db: Database, written: Written, error: type[AppError]) -> None:
    _, second = await make(db, Written("其他"), Written("投诉"))
    with pytest.raises(error):
        await make(db, written)
    with pytest.raises(error):
        await db.write(policies.edit, second, by=None, written=written, now=NOW)
    assert await names(db) == ["其他", "投诉"]


async def test_edges_are_allowed(db: Database) -> None:
    await make(db, Written("一", first_response_m=60, resolution_m=60, warn_percent=99), Written("二", source="phone"))
    assert await names(db) == ["一", "二"]


async def test_they_are_moved_one_place_at_a_time(db: Database, zhou: Actor) -> None:
    first, second, third = await make(db, Written("一"), Written("二"), Written("三"))
    await db.write(policies.move, third, by=zhou, up=True, now=NOW)
    assert await names(db) == ["一", "三", "二"]
    await db.write(policies.move, first, by=zhou, up=False, now=NOW)
    assert await names(db) == ["三", "一", "二"]
    for _ in range(2):
        await db.write(policies.move, third, by=zhou, up=True, now=NOW)  # is the first already
    await db.write(policies.delete_policy, first, by=zhou, now=NOW)
    await make(db, Written("四"))
    await db.write(policies.move, second, by=zhou, up=False, now=NOW)
    loaded = await db.read(policies.load)
    assert [(policy.name, policy.position) for policy in loaded] == [("三", 1), ("四", 2), ("二", 3)]
    with pytest.raises(PolicyNotFound):
        await db.write(policies.move, first, by=zhou, up=True, now=NOW)


async def test_moves_at_once_leave_one_order(db: Database) -> None:
    ids = await make(db, *(Written(f"{number} 号") for number in range(6)))
    moves = [db.write(policies.move, one, by=None, up=number % 2 == 0, now=NOW) for number, one in enumerate(ids)]
    added = db.write(policies.add, by=None, written=Written("新的"), now=NOW)
    await asyncio.gather(*moves, added)
    loaded = await db.read(policies.load)
    assert {policy.id for policy in loaded} > set(ids)
    assert [policy.position for policy in loaded] == sorted({policy.position for policy in loaded})


async def test_there_is_an_end_to_them(db: Database) -> None:
    await make(db, *(Written(f"{number} 号") for number in range(policies.MOST)))
    with pytest.raises(TooManyPolicies):
        await make(db, Written("再来一条"))


def policy(name: str, kind: str | None = None, priority: str | None = None, source: str | None = None) -> Policy:
    return Policy(0, name, 0, kind, priority, source, None, None, None, 0)


def test_the_first_that_fits_counts() -> None:
    known = [
        policy("微信紧急投诉", "complaint", "urgent", "wechat"), policy("紧急", priority="urgent"),
        policy("投诉", "complaint"), policy("QQ", source="qq"),
    ]  # fmt: skip

    def name(kind: str, priority: str, source: str) -> str | None:
        found = policies.fitting(known, kind, priority, source)
        return found.name if found else None

    assert name("complaint", "urgent", "wechat") == "微信紧急投诉"
    assert name("complaint", "urgent", "qq") == "紧急"
    assert name("complaint", "high", "qq") == "投诉"
    assert name("fault", "low", "qq") == "QQ"
    assert name("fault", "low", "wechat") is None
    assert policies.fitting([], "fault", "low", "qq") is None


async def test_demo_mode_has_some_until_somebody_changes_them(db: Database) -> None:
    for _ in range(2):
        await demo_policies.add_policies(db)
    assert await names(db) == ["紧急", "投诉", "其他工单"]
    loaded = await db.read(policies.load)
    assert all(policies.fitting(loaded, kind, "normal", "qq") for kind in ("complaint", "fault", "data"))
    for one in loaded:
        await db.write(policies.delete_policy, one.id, by=None, now=NOW)
    await demo_policies.add_policies(db)
    assert await names(db) == []
