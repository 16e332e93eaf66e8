"""Credentials for the platforms' APIs: one a channel, fetched when it is needed, shared by all who send."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from app.channels.delivery import Line
from app.conversations.accounts import Account

if TYPE_CHECKING:  # imported with the first call: see Sender
    import httpx

EARLY = 300
"""Seconds before its end from which on a credential is not used any more."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the platforms' APIs are, by platform name: the real ones, and those that the simulator plays."""

    real: Mapping[str, str]
    simulated: Mapping[str, str]

    def of(self, account: Account) -> str:
        """The base address for an account; what the simulator invented must never reach a real platform."""
        return (self.simulated if account.simulated else self.real)[account.platform.name]


class Tokens:
    def __init__(self, http: "httpx.AsyncClient", addresses: Addresses) -> None:
        self._http, self._addresses = http, addresses
        self._known: dict[int, tuple[str, float]] = {}
        self._fetching: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def current(self, account: Account) -> str:
        """A usable credential, or the DeliveryError of fetching it. Of many who ask at once one fetches."""
        async with self._fetching[account.channel_id]:
            token, usable_until = self._known.get(account.channel_id, ("", 0.0))
            if monotonic() >= usable_until:
                base_url = self._addresses.of(account)
                token, seconds = await account.platform.fetch_token(Line(self._http, base_url), account.credentials)
                self._known[account.channel_id] = token, monotonic() + max(seconds - EARLY, seconds / 2)
            return token

    def drop(self, account: Account, token: str) -> None:
        """Forget a credential that the platform refused, unless somebody has replaced it already."""
        if self._known.get(account.channel_id, ("", 0.0))[0] == token:
            del self._known[account.channel_id]
