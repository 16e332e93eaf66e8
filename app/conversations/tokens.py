"""Credentials for the platforms' APIs: one a channel, fetched when it is needed, shared by all who send."""

import asyncio
from collections import defaultdict
from time import monotonic

import httpx

from app.conversations.accounts import Account

EARLY = 300
"""Seconds before its end from which on a credential is not used any more."""


class Tokens:
    def __init__(self, http: httpx.AsyncClient, base_urls: dict[str, str]) -> None:
        self._http, self._base_urls = http, base_urls
        self._known: dict[int, tuple[str, float]] = {}
        self._fetching: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def current(self, account: Account) -> str:
        """A usable credential, or the DeliveryError of fetching it. Of many who ask at once one fetches."""
        async with self._fetching[account.channel_id]:
            token, usable_until = self._known.get(account.channel_id, ("", 0.0))
            if monotonic() >= usable_until:
                base_url = self._base_urls[account.platform.name]
                token, seconds = await account.platform.fetch_token(self._http, account.credentials, base_url)
                self._known[account.channel_id] = token, monotonic() + max(seconds - EARLY, seconds / 2)
            return token

    def drop(self, account: Account, token: str) -> None:
        """Forget a credential that the platform refused, unless somebody has replaced it already."""
        if self._known.get(account.channel_id, ("", 0.0))[0] == token:
            del self._known[account.channel_id]
