from collections.abc import AsyncIterator

import pytest

from tests.fakes import wechat
from tests.fakes.wechat import WeChatApi


@pytest.fixture
async def api() -> AsyncIterator[WeChatApi]:
    """WeChat's API on a free port."""
    async with wechat.running() as api:
        yield api
