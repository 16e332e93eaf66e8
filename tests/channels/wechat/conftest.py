"""The played platform for the tests of its clients."""

from collections.abc import AsyncIterator

import pytest

from tests.fakes.played_wechat import Standing, standing


@pytest.fixture
async def stands() -> AsyncIterator[Standing]:
    async with standing() as found:
        yield found
