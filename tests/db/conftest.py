from collections.abc import AsyncIterator

import pytest

from app.db.database import Database
from app.db.opening import connect
from app.settings import Settings


@pytest.fixture
async def db(settings: Settings) -> AsyncIterator[Database]:
    """Without a limit on a write's time: tests of this folder wait inside their rules."""
    db = connect(settings)
    yield db
    await db.close()
