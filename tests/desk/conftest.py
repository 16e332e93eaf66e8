import pytest

from app.agents.rights import Actor, Role
from app.db.database import Database
from tests.factories.people import make_agent


@pytest.fixture
async def lin(db: Database) -> Actor:
    return await make_agent(db, "lin", name="林小满")


@pytest.fixture
async def chen(db: Database) -> Actor:
    return await make_agent(db, "chen", name="陈一诺")


@pytest.fixture
async def zhou(db: Database) -> Actor:
    return await make_agent(db, "zhou", name="周正", roles=[Role.supervisor])
