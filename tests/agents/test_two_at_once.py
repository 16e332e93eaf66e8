"""Two people who change one calendar, policy or macro: the second is told of the first, and overwrites nothing."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from app.agents import business_calendars
from app.agents.rights import Actor, Role
from app.agents.versions import ChangedByCommand, ChangedByPerson, ChangedMeanwhile
from app.db.database import Database
from app.desk.tickets import macros
from app.tickets import policies
from tests.agents.years import as_json
from tests.db.gates import Gate, until_second_waits
from tests.factories.people import make_agent

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
Edit = Callable[..., object]
Kind = tuple[Callable[[Session, Actor], int], Callable[[Session, int, Actor], int], Edit, Callable[[str], object]]


def calendar_written(name: str) -> business_calendars.Written:
    return business_calendars.Written(name, "每天 9:00-18:00")


def policy_written(name: str) -> policies.Written:
    return policies.Written(name, resolution_m=60)


def macro_written(name: str) -> macros.Written:
    return macros.Written(name, closes=True)


KINDS: dict[str, Kind] = {
    "calendar": (
        lambda s, by: business_calendars.add(s, by=by, written=calendar_written("原来的"), now=NOW),
        lambda s, row, by: business_calendars.get_calendar(s, row, by=by).version,
        business_calendars.edit, calendar_written,
    ),
    "policy": (
        lambda s, by: policies.add(s, by=by, written=policy_written("原来的"), now=NOW),
        lambda s, row, by: policies.get_policy(s, row, by=by).version,
        policies.edit, policy_written,
    ),
    "macro": (
        lambda s, by: macros.add(s, by=by, written=macro_written("原来的"), now=NOW),
        lambda s, row, by: macros.get_macro(s, row, by=by).version,
        macros.edit, macro_written,
    ),
}  # fmt: skip


@pytest.fixture
async def he(db: Database) -> Actor:
    return await make_agent(db, "ning", name="宁远", roles=[Role.supervisor])


@pytest.mark.parametrize("kind", KINDS)
async def test_a_stale_edit_is_refused_and_says_whose_was_first(
    db: Database, zhou: Actor, he: Actor, kind: str
) -> None:
    add, version_of, edit, written = KINDS[kind]
    row = await db.write(add, zhou)
    seen = await db.read(version_of, row, zhou)
    later = NOW + timedelta(minutes=3)
    await db.write(edit, row, by=zhou, written=written("周正的"), version=seen, now=later)
    with pytest.raises(ChangedByPerson, match="周正 在 2026-11-23 10:03 改过这里，您的修改没有保存"):
        await db.write(edit, row, by=he, written=written("宁远的"), version=seen, now=later)
    newer = await db.read(version_of, row, he)
    await db.write(edit, row, by=he, written=written("宁远的"), version=newer, now=later)
    with pytest.raises(ChangedMeanwhile, match="宁远"):
        await db.write(edit, row, by=zhou, written=written("再改"), version=newer, now=later)
    with pytest.raises(ChangedMeanwhile):
        await db.write(edit, row, by=zhou, written=written("再改"), version=2**31 - 1, now=later)
    # Whoever wants what is there already, or has seen no state at all, is refused nothing.
    await db.write(edit, row, by=zhou, written=written("宁远的"), version=newer, now=later)
    await db.write(edit, row, by=zhou, written=written("最后的"), now=later)


@pytest.mark.parametrize("kind", KINDS)
async def test_two_at_the_same_moment_are_one_and_a_refusal(
    db: Database, zhou: Actor, he: Actor, database_url: str, kind: str
) -> None:
    """The second comes while the first has written and not committed."""
    add, version_of, edit, written = KINDS[kind]
    row = await db.write(add, zhou)
    seen, gate = await db.read(version_of, row, zhou), Gate()

    def and_stop(session: Session) -> None:
        edit(session, row, by=zhou, written=written("周正的"), version=seen, now=NOW)
        session.flush()
        gate.stop(session)

    first = asyncio.ensure_future(db.write(and_stop))
    await gate.reached()
    second = asyncio.ensure_future(db.write(edit, row, by=he, written=written("宁远的"), version=seen, now=NOW))
    await until_second_waits(database_url)
    gate.open()
    await first
    with pytest.raises(ChangedByPerson, match="周正"):
        await second


async def test_a_file_that_was_imported_makes_an_open_form_stale(db: Database, zhou: Actor) -> None:
    """It holds the days as they were."""
    row = await db.write(KINDS["calendar"][0], zhou)
    seen = (await db.read(business_calendars.get_calendar, row, by=zhou)).version
    await db.write(business_calendars.import_days, row, as_json(), by=None, now=NOW)
    with pytest.raises(ChangedByCommand, match="服务器上的命令"):
        await db.write(
            business_calendars.edit, row, by=zhou, written=calendar_written("新名字"), version=seen, now=NOW
        )  # fmt: skip
    again = (await db.read(business_calendars.get_calendar, row, by=zhou)).version
    await db.write(business_calendars.import_days, row, as_json(), by=None, now=NOW)
    assert (await db.read(business_calendars.get_calendar, row, by=zhou)).version == again  # nothing is another


async def test_an_order_that_changes_makes_no_form_stale(db: Database, zhou: Actor) -> None:
    row = await db.write(KINDS["policy"][0], zhou)
    other = await db.write(policies.add, by=zhou, written=policy_written("另一条"), now=NOW)
    seen = (await db.read(policies.get_policy, row, by=zhou)).version
    await db.write(policies.move, other, by=zhou, up=True, now=NOW)
    await db.write(policies.edit, row, by=zhou, written=policy_written("新名字"), version=seen, now=NOW)
