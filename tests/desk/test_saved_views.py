"""Saved views, on both engines."""

import pytest

from app.agents.rights import Actor
from app.db.database import Database
from app.desk import saved
from tests.factories.people import make_agent

FILTERS = {"view": "mine", "tag": "退款"}


async def names(db: Database, by: Actor) -> list[str]:
    return [view.name for view in await db.read(saved.list_own, by=by)]


async def test_a_view_is_saved_renamed_and_deleted_by_its_owner_alone(db: Database) -> None:
    lin, wu = await make_agent(db, "lin"), await make_agent(db, "wu")
    view_id = await db.write(saved.save, by=lin, name=" 我的 退款 ", filters=FILTERS)
    assert await db.read(saved.list_own, by=lin) == [saved.Saved(view_id, "我的 退款", FILTERS)]
    with pytest.raises(saved.NameTaken):
        await db.write(saved.save, by=lin, name="我的 退款", filters={})
    await db.write(saved.save, by=wu, name="我的 退款", filters={})
    with pytest.raises(saved.ViewNotFound):
        await db.write(saved.rename, view_id, by=wu, name="别人的")
    await db.write(saved.delete_view, view_id, by=wu)
    other = await db.write(saved.save, by=lin, name="另一个", filters={})
    with pytest.raises(saved.NameTaken):
        await db.write(saved.rename, other, by=lin, name="我的 退款")
    await db.write(saved.rename, view_id, by=lin, name="退款")
    assert await names(db, lin) == ["退款", "另一个"]
    await db.write(saved.delete_view, view_id, by=lin)
    assert await names(db, lin) == ["另一个"]


async def test_there_are_so_many_views_at_the_most(db: Database) -> None:
    lin = await make_agent(db)
    for number in range(saved.MOST):
        await db.write(saved.save, by=lin, name=f"视图 {number}", filters={})
    with pytest.raises(saved.TooManyViews):
        await db.write(saved.save, by=lin, name="再一个", filters={})
    await db.write(saved.save, by=lin, name="视图 1", filters={}, page=saved.Page.tickets)


async def test_each_page_has_its_own_views(db: Database) -> None:
    lin, tickets = await make_agent(db, "lin"), saved.Page.tickets
    await db.write(saved.save, by=lin, name="退款", filters=FILTERS)
    view_id = await db.write(saved.save, by=lin, name="退款", filters={"kind": "refund"}, page=tickets)
    with pytest.raises(saved.ViewNotFound):
        await db.write(saved.rename, view_id, by=lin, name="别页的")
    await db.write(saved.delete_view, view_id, by=lin)
    await db.write(saved.rename, view_id, by=lin, name="退款单", page=tickets)
    assert await db.read(saved.list_own, by=lin, page=tickets) == [saved.Saved(view_id, "退款单", {"kind": "refund"})]
    assert await names(db, lin) == ["退款"]


@pytest.mark.parametrize("name", ["", "  ", "长" * 33, "\u202e"])
async def test_a_view_has_a_name(db: Database, name: str) -> None:
    with pytest.raises(saved.NameInvalid):
        await db.write(saved.save, by=await make_agent(db), name=name, filters={})
