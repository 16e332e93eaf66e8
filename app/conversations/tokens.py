"""Access tokens for the platforms' APIs: fetched ahead of their end, once for all processes."""

import asyncio
import logging
import secrets
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from app.channels.delivery import DeliveryError, Line, Outcome
from app.conversations import credentials
from app.conversations.accounts import Account
from app.conversations.credentials import Stored
from app.db.database import Database
from app.secrets import Keyring

if TYPE_CHECKING:  # imported with the first call: see Sender
    import httpx

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=20)
"""For so long one process fetches; a call takes 12 s at the most."""
LOOK_EVERY = 0.05
"""Seconds between two looks at what another process is fetching."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the platforms' APIs are, by platform name: the real ones, and those that the simulator plays."""

    real: Mapping[str, str]
    simulated: Mapping[str, str]

    def of(self, account: Account) -> str:
        """The base address for an account; what the simulator invented must never reach a real platform."""
        return (self.simulated if account.simulated else self.real)[account.platform.name]


class Token(NamedTuple):
    value: str
    version: int


@dataclass(slots=True)
class _Known:
    stored: Stored
    value: str = field(repr=False)


class Tokens:
    def __init__(
        self,
        db: Database,
        keyring: Keyring,
        http: "httpx.AsyncClient",
        addresses: Addresses,
        clock: Callable[[], datetime],
    ) -> None:
        self._db, self._keyring, self._http, self._addresses, self._clock = db, keyring, http, addresses, clock
        self._worker = secrets.token_hex(8)
        self._known: dict[int, _Known] = {}
        self._asking: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._ahead: set[asyncio.Task[None]] = set()

    async def current(self, account: Account) -> Token:
        """A usable token, or the DeliveryError of fetching it. Near its end the next is fetched beside its use."""
        known = self._known.get(account.channel_id)
        now = self._clock()
        if known is None or now >= known.stored.expires_at:
            async with self._asking[account.channel_id]:  # of many who ask at once one looks
                known = self._known.get(account.channel_id)
                if known is None or self._clock() >= known.stored.expires_at:
                    known = await self._look(account)
        elif now >= known.stored.refresh_at and not self._asking[account.channel_id].locked():
            self._refresh_beside(account)
        return Token(known.value, known.stored.version)

    async def replace(self, account: Account, refused: Token) -> None:
        """The platform refused a token: the next ``current`` gives another, whoever fetches it."""
        known = self._known.get(account.channel_id)
        if known is not None and known.stored.version == refused.version:
            del self._known[account.channel_id]
        await self._db.write(credentials.refuse, account.channel_id, refused.version)

    async def close(self) -> None:
        for task in self._ahead:
            task.cancel()
        await asyncio.gather(*self._ahead, return_exceptions=True)

    def _refresh_beside(self, account: Account) -> None:
        async def refresh() -> None:
            async with self._asking[account.channel_id]:
                try:
                    await self._look(account)
                except DeliveryError as error:
                    log.warning("token not refreshed ahead", extra={"channel": account.name, "code": error.code})
                except Exception:
                    log.exception("token not refreshed ahead")

        task = asyncio.create_task(refresh())
        self._ahead.add(task)
        task.add_done_callback(self._ahead.discard)

    async def _look(self, account: Account) -> _Known:
        """What is stored, or else what this or another process fetches now."""
        deadline = self._clock() + 2 * LEASE
        while (now := self._clock()) < deadline:
            stored, version = await self._db.read(credentials.find, account.channel_id)
            if stored is not None and now < stored.refresh_at:
                return self._keep(account, stored)
            mine = await self._db.write(
                credentials.lease, account.channel_id, version, worker=self._worker, now=now, until=now + LEASE
            )
            if mine:
                await self._fetch(account, version)
            elif stored is not None and now < stored.expires_at:
                return self._keep(account, stored)
            else:
                await asyncio.sleep(LOOK_EVERY)
        raise DeliveryError("no_token", Outcome.retry, "another process did not fetch it in time")

    async def _fetch(self, account: Account, version: int) -> None:
        line = Line(self._http, self._addresses.of(account))
        try:
            value, seconds = await account.platform.fetch_token(line, account.credentials)
        except BaseException:
            await self._db.write(credentials.give_up, account.channel_id, worker=self._worker)
            raise
        sealed = self._keyring.seal(value.encode(), _context(account.channel_id))
        await self._db.write(
            credentials.store, account.channel_id, version, sealed, worker=self._worker, now=self._clock(),
            seconds=seconds,
        )  # fmt: skip

    def _keep(self, account: Account, stored: Stored) -> _Known:
        value = self._keyring.open(stored.sealed, _context(account.channel_id)).decode()
        known = self._known[account.channel_id] = _Known(stored, value)
        return known


def _context(channel_id: int) -> str:
    """What a token is sealed to: the key of its row."""
    return f"credentials:{channel_id}"
