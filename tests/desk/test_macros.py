"""Macros of tickets: whose they are, what they may change, what is refused."""

from datetime import timedelta
from typing import Any

import pytest

from app.agents import audit, teams
from app.agents.rights import Actor
from app.db.database import Database
from app.desk.tags import TagUnusable, TooManyTags
from app.desk.tickets import macros
from app.desk.tickets.macros import (
    ChangesInvalid,
    MacroEmpty,
    MacroNameInvalid,
    MacroNameTaken,
    MacroNotFound,
    MacroTeamWrong,
    QuestionMissing,
    ReplyTooLong,
    StatusTwice,
    Written,
)
from app.errors import AppError
from tests.factories.conversations import NOW
from tests.factories.people import make_agent, make_team

REFUND = Written(
    "退款", changes={"kind": "refund", "priority": "high", "tags": ["退款", "#退款", "财务 "]}, reply=" 好\r\n "
)


async def make(db: Database, by: Actor, *given: Written) -> list[int]:
    return [await db.write(macros.add, by=by, written=written, now=NOW) for written in given]


async def test_each_uses_everybodys_and_those_of_his_teams(db: Database, zhou: Actor) -> None:
    own, other = await make_team(db, "会员服务"), await make_team(db, "播放与内容")
    member = await make_agent(db, "li", teams=[own])
    ids = await make(
        db, zhou, Written("一", own, closes=True), Written("二", other, closes=True), Written("三", closes=True)
    )
    assert {macro.name for macro in await db.read(macros.list_for, by=member)} == {"一", "三"}
    assert {macro.name for macro in await db.read(macros.list_for, by=zhou)} == {"三"}
    listed = {macro.name: (macro.team_id, macro.team) for macro in await db.read(macros.list_macros, by=zhou)}
    assert listed == {"一": (own, "会员服务"), "二": (other, "播放与内容"), "三": (None, None)}
    assert (await db.read(macros.get_for, ids[0], by=member)).name == "一"
    with pytest.raises(MacroNotFound):
        await db.read(macros.get_for, ids[1], by=member)


async def test_macros_are_kept_tidy_changed_and_deleted(db: Database, zhou: Actor) -> None:
    team = await make_team(db, "财务")
    (macro_id,) = await make(db, zhou, REFUND)
    kept = await db.read(macros.get_macro, macro_id, by=zhou)
    assert (kept.changes, kept.reply, kept.closes) == (
        {"kind": "refund", "priority": "high", "tags": ["退款", "财务"]}, "好", False
    )  # fmt: skip
    changed = Written("退款", changes={"status": "waiting", "team_id": team, "kind": ""}, reply="请发一下订单号")
    for _ in range(2):
        await db.write(macros.edit, macro_id, by=zhou, written=changed, now=NOW + timedelta(hours=1))
    await db.write(teams.archive, team, by=None, now=NOW)
    await db.write(macros.edit, macro_id, by=zhou, written=changed, now=NOW)  # what it had stays possible
    kept = await db.read(macros.get_macro, macro_id, by=zhou)
    assert (kept.changes, kept.updated_at) == ({"status": "waiting", "team_id": team}, NOW + timedelta(hours=1))
    await db.write(macros.delete_macro, macro_id, by=zhou, now=NOW)
    for refused in (macros.get_macro, macros.get_for):
        with pytest.raises(MacroNotFound):
            await db.read(refused, macro_id, by=zhou)
    recorded = await db.read(audit.list_entries, by=None, action="macros.")
    assert [entry.action for entry in recorded] == ["macros.delete", "macros.edit", "macros.add"]
    assert set(recorded[1].detail["after"]) == {"changes", "reply"}


@pytest.mark.parametrize(
    ("written", "error"),
    [
        (Written("退款", closes=True), MacroNameTaken),
        (Written("", closes=True), MacroNameInvalid),
        (Written("长" * 33, closes=True), MacroNameInvalid),
        (Written("新的"), MacroEmpty),
        (Written("新的", changes={"kind": "", "tags": []}), MacroEmpty),
        (Written("新的", reply="长" * 2001), ReplyTooLong),
        (Written("新的", changes={"status": "waiting"}), QuestionMissing),
        (Written("新的", changes={"status": "in_progress"}, closes=True), StatusTwice),
        (Written("新的", 987_654, closes=True), MacroTeamWrong),
        (Written("新的", changes={"team_id": 987_654}), MacroTeamWrong),
        (Written("新的", changes={"tags": [""]}), TagUnusable),
        (Written("新的", changes={"tags": [str(number) for number in range(21)]}), TooManyTags),
    ],
)
async def test_what_cannot_be_is_refused(
    db: Database, zhou: Actor, written: Written, error: type[AppError]
) -> None:  # fmt: skip
    await make(db, zhou, REFUND)
    with pytest.raises(error):
        await make(db, zhou, written)
    (other,) = await make(db, zhou, Written("关闭", closes=True))
    with pytest.raises(error):
        await db.write(macros.edit, other, by=zhou, written=written, now=NOW)
    assert [macro.name for macro in await db.read(macros.list_macros, by=zhou)] == sorted(["关闭", "退款"])


@pytest.mark.parametrize(
    "changes",
    [
        {"owner_id": 1}, {"closed_at": "now"}, {"status": "closed"}, {"status": "open"}, {"priority": "asap"},
        {"kind": 3}, {"dimension": "music"}, {"team_id": "3"}, {"team_id": True}, {"category": "x" * 65},
        {"category": "a\nb"}, {"tags": "退款"}, {"tags": [3]}, {"priority": ["high"]},
    ],
)  # fmt: skip
async def test_nothing_else_is_changed(db: Database, zhou: Actor, changes: dict[str, Any]) -> None:
    with pytest.raises(ChangesInvalid):
        await make(db, zhou, Written("新的", changes=changes))
