"""Each door opens to the roles that the table of rights names, and to no other."""

import pytest

from app.agents.rights import ALLOWED, Action, Forbidden, Role
from app.db.database import Database
from app.errors import AppError
from tests.factories.doors import DOORS, LATER, Door
from tests.factories.people import make_agent


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # what is asked is decided before the database is
@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
async def test_a_door_opens_to_the_roles_of_the_table(db: Database, door: Door) -> None:
    assert {role for role in Role if await _opens(db, door, role)} == ALLOWED[door.action]


async def _opens(db: Database, door: Door, role: Role) -> bool:
    actor = await make_agent(db, role.value, roles=[role])
    try:
        await db.write(door.call, actor)
    except Forbidden:
        return False
    except AppError:
        return True
    return True


def test_every_right_has_a_door_or_waits_for_one() -> None:
    there = {door.action for door in DOORS}
    assert there | LATER == set(Action)
    assert not there & LATER
    assert set(ALLOWED) == set(Action)
