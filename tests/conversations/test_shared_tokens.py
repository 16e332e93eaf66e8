"""Processes that lose the same token at the same time fetch one between them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from app.channels.registry import PLATFORMS
from app.conversations.accounts import Account
from app.conversations.tokens import Addresses, Token, Tokens
from app.db.database import Database
from app.tls import trusted
from tests.factories import conversations as make
from tests.factories.conversations import KEYRING, SECRETS, WECHAT
from tests.fakes.wechat import WeChatApi

PROCESSES, ROUNDS = 6, 15


@pytest.fixture
async def processes(db: Database, api: WeChatApi) -> AsyncIterator[list[Tokens]]:
    addresses = Addresses({"wechat": api.url}, {})
    async with httpx.AsyncClient(verify=trusted()) as http:
        yield [Tokens(db, KEYRING, http, addresses, lambda: datetime.now(UTC)) for _ in range(PROCESSES)]


async def test_one_is_fetched_for_all(db: Database, api: WeChatApi, processes: list[Tokens]) -> None:
    """Whoever looks while another stores the new one must not take it for the one that was refused."""
    own = PLATFORMS["wechat"].account(WECHAT, SECRETS)
    account = Account(await make.channel(db), "main", False, PLATFORMS["wechat"], own)

    async def lose(tokens: Tokens, refused: Token) -> str:
        await tokens.replace(account, refused)
        return (await tokens.current(account)).value

    for number in range(1, ROUNDS + 1):
        held = await asyncio.gather(*(tokens.current(account) for tokens in processes))
        assert len(api.token_requests) == number
        api.expire_token()
        assert set(await asyncio.gather(*map(lose, processes, held))) == {api.token}
