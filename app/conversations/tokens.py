"""Access tokens for the platforms' APIs: fetched ahead of their end, once for all processes."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from app.channels.delivery import DeliveryError, Line, Outcome
from app.conversations import credentials
from app.conversations.accounts import Account
from app.conversations.credentials import Stored
from app.db.database import Database
from app.secrets import Keyring, WrongKey

if TYPE_CHECKING:  # imported with the first call: see Sender
    import httpx

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=20)
"""For so long one process fetches."""
LONGEST = 12.0
"""Seconds of a fetch."""
AHEAD_EVERY = timedelta(seconds=10)
"""Between two attempts to fetch ahead of the end, however many calls there are."""
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
    account: Account = field(repr=False)
    """For whom it was looked up: a channel that was saved anew is another."""


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
        self._looking: dict[int, asyncio.Task[_Known]] = {}
        self._tried_ahead: dict[int, datetime] = {}

    async def current(self, account: Account) -> Token:
        """A usable token, or the DeliveryError of fetching it. Near its end the next is fetched beside its use."""
        known = self._known.get(account.channel_id)
        now = self._clock()
        if known is None or known.account is not account or now >= known.stored.expires_at:
            known = await asyncio.shield(self._look_once(account))  # one who waits no longer does not stop the others
        elif now >= known.stored.refresh_at:
            self._refresh_beside(account, now)
        return Token(known.value, known.stored.version)

    async def replace(self, account: Account, refused: Token) -> None:
        """The platform refused a token: the next ``current`` gives another, whoever fetches it."""
        known = self._known.get(account.channel_id)
        if known is not None and known.stored.version == refused.version:
            del self._known[account.channel_id]
        await self._db.write(credentials.refuse, account.channel_id, refused.version)

    async def close(self) -> None:
        looking = list(self._looking.values())
        for task in looking:
            task.cancel()
        await asyncio.gather(*looking, return_exceptions=True)

    def _look_once(self, account: Account) -> "asyncio.Task[_Known]":
        """Of many who ask at once one looks, and what it finds, or its failure, is told to all."""
        task = self._looking.get(account.channel_id)
        if task is None:
            task = self._looking[account.channel_id] = asyncio.create_task(self._look(account))

            def done(task: "asyncio.Task[_Known]") -> None:
                del self._looking[account.channel_id]
                if not task.cancelled():
                    task.exception()  # whoever waits for it gets it; nobody need

            task.add_done_callback(done)
        return task

    def _refresh_beside(self, account: Account, now: datetime) -> None:
        tried = self._tried_ahead.get(account.channel_id)
        if account.channel_id in self._looking or (tried is not None and tried <= now < tried + AHEAD_EVERY):
            return
        self._tried_ahead[account.channel_id] = now

        def tell(task: "asyncio.Task[_Known]") -> None:
            if not task.cancelled() and (error := task.exception()) is not None:
                extra = {"channel": account.name, "reason": str(error)}
                log.warning("token not refreshed ahead", extra=extra)

        self._look_once(account).add_done_callback(tell)

    async def _look(self, account: Account) -> _Known:
        """What is stored, or else what this or another process fetches now."""
        deadline = self._clock() + 2 * LEASE
        while (now := self._clock()) < deadline:
            stored, version = await self._db.read(credentials.find, account.channel_id)
            kept = self._keep(account, stored) if stored is not None and now < stored.expires_at else None
            if kept is not None and now < kept.stored.refresh_at:
                return kept
            mine = await self._db.write(
                credentials.lease, account.channel_id, version, worker=self._worker, now=now, until=now + LEASE
            )
            if mine:
                await self._fetch(account, version)
            elif kept is not None:
                return kept
            else:
                await asyncio.sleep(LOOK_EVERY)
        raise DeliveryError("no_token", Outcome.retry, "another process did not fetch it in time")

    async def _fetch(self, account: Account, version: int) -> None:
        line = Line(self._http, self._addresses.of(account))
        try:
            async with asyncio.timeout(LONGEST):
                value, seconds = await account.platform.fetch_token(line, account.credentials)
        except TimeoutError:
            await self._db.write(credentials.give_up, account.channel_id, worker=self._worker)
            raise DeliveryError("no_answer", Outcome.retry, f"no token within {LONGEST:g} s") from None
        except BaseException:
            await self._db.write(credentials.give_up, account.channel_id, worker=self._worker)
            raise
        sealed = self._keyring.seal(value.encode(), _context(account.channel_id))
        await self._db.write(
            credentials.store, account.channel_id, version, sealed, worker=self._worker, now=self._clock(),
            seconds=seconds,
        )  # fmt: skip

    def _keep(self, account: Account, stored: Stored) -> _Known | None:
        try:
            value = self._keyring.open(stored.sealed, _context(account.channel_id)).decode()
        except WrongKey:  # the keys were changed; another token costs less than finding out which
            return None
        known = self._known[account.channel_id] = _Known(stored, value, account)
        return known


def _context(channel_id: int) -> str:
    """What a token is sealed to: the key of its row."""
    return f"credentials:{channel_id}"
