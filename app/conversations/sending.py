"""The sender: as many messages on their way as it has places, each settled as soon as it ended.

Three steps, seen as such: ``claiming.claim`` takes what may leave, the platform is called, ``settling.settle`` writes
what became of it. A claim takes for all places that are free, and one write settles all that ended meanwhile: under
load transactions are shared, and without load nothing waits for another.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable, Coroutine, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, NamedTuple, TypeVar

from app import metrics
from app.agents.calendars import Calendar
from app.channels.delivery import DeliveryError, Outcome, Receipt
from app.conversations import claiming, credentials, settling
from app.conversations.accounts import Account, Directory
from app.conversations.calling import Caller, Refused
from app.conversations.claiming import Class
from app.conversations.connections import Connections
from app.conversations.fetching import Reach
from app.conversations.pending import Draft
from app.conversations.quiet import PATIENT
from app.conversations.settling import Ended
from app.conversations.tokens import Addresses, Tokens
from app.conversations.windows import Raced
from app.db.database import Database
from app.jobs import lanes
from app.secrets import Keyring
from app.storage.storage import Storage

T = TypeVar("T")
log = logging.getLogger(__name__)

PLACES = 32
"""Messages on their way at a time, and connections of a process to each platform."""
LEASE = timedelta(seconds=120)
USABLE = 0.2
"""Of a lease, after which no attempt begins any more: it must end within the rest."""
EVERY = 0.1
"""Seconds between two looks of an idle sender; a look is a few probes of an index."""
PAUSED = 1.0
"""Seconds after a failed claim, and between two tries to write what became of attempts."""


class _Unwritten(NamedTuple):
    ended: Ended
    ours_until: float


@dataclass(frozen=True, slots=True)
class _Work:
    draft: Draft
    account: Account
    begin_by: float
    """By ``monotonic``: it does not jump with the clock."""
    ours_until: float
    """So long nobody else takes the lane; by ``monotonic`` too."""


class Sender:
    def __init__(
        self,
        db: Database,
        directory: Directory,
        keyring: Keyring,
        storage: Storage,
        *,
        base_urls: dict[str, str],
        simulated_urls: dict[str, str] | None = None,
        quiet: Calendar | None = None,
        places: int = PLACES,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """``base_urls``: where each platform's API is, by platform name; ``simulated_urls``: where it is played.

        ``quiet``: when notices and campaigns stay here; None: never.
        """
        self._db, self._directory, self._keyring, self._storage = db, directory, keyring, storage
        self._clock, self._quiet, self._places = clock, quiet, places
        self._addresses = Addresses(base_urls, simulated_urls or {})
        self._worker = lanes.worker_name()
        self._caller: Caller | None = None
        self._opening = asyncio.Lock()
        self._paused: dict[Class, datetime] = {}
        self._more = False
        """The last claim found as much as it looked for: the next need not ask whether anything is due."""
        self._under_way: set[asyncio.Task[None]] = set()
        self._ended: list[_Unwritten] = []
        self._settling: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()

    # -------------------- the loop

    async def run(self) -> None:
        """Serve until cancelled; what is on its way then is finished first."""
        try:
            while True:
                found = await _to_its_end(self._fill_or_none())
                await self._rest(EVERY if not found else None)
        finally:
            try:
                await self._drain()
            finally:
                await self.close()

    async def round(self) -> int:
        """Claim once for all places, and wait until all of it has ended; returns how many lanes were looked at."""
        looked_at = await self._fill()
        await self._drain()
        return looked_at

    async def close(self) -> None:
        """What is still on its way is cut: its lane is looked at when the lease ends."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        if self._caller is not None:
            await self._caller.close()

    async def refresh_tokens(self) -> None:
        """Fetch those ahead whose end is near, also where nobody sends at the moment."""
        due = await self._db.read(credentials.channels_to_refresh, self._clock())
        accounts = await self._directory.all()
        for account in [accounts[channel_id] for channel_id in due if channel_id in accounts]:
            try:
                await (await self.caller()).token(account)
            except DeliveryError as error:  # the next call says so too; the other channels have theirs fetched
                log.warning("token not refreshed ahead", extra={"channel": account.name, "code": error.code})

    async def reach(self, channel_id: int) -> Reach | None:
        """A channel as it can be called now, for what is no message; the DeliveryError of fetching its token."""
        account = await self._directory.by_id(channel_id)
        if account is None:
            return None
        caller = await self.caller()
        token = await caller.token(account)
        return Reach(account, caller.line(account, token), lambda: caller.replace(account, token))

    async def caller(self) -> Caller:
        """Opened for the first call: most answers ride on a response, and many processes never call anybody."""
        async with self._opening:
            if self._caller is None:
                self._caller = await asyncio.to_thread(self._open_caller)
            return self._caller

    async def _rest(self, seconds: float | None) -> None:
        """Until a place is free, or for so long where there is nothing to do."""
        self._changed.clear()
        if seconds is None and len(self._under_way) < self._places:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()

    async def _fill_or_none(self) -> int:
        try:
            return await self._fill()
        except Exception:
            log.exception("nothing claimed for now")
            await asyncio.sleep(PAUSED)
            return 0

    async def _fill(self) -> int:
        """Claim for the places that are free; 0 where nothing is due."""
        now, free = self._clock(), self._places - len(self._under_way)
        accounts, skipped = await self._directory.all(), self._skipped(now)
        if free <= 0 or not (self._more or await self._is_due(accounts, skipped, now)):
            return 0
        claimed_at, version = monotonic(), self._directory.version
        try:
            claimed = await self._db.write(
                claiming.claim, accounts, worker=self._worker, now=now, lease=LEASE, limit=free, paused=skipped,
                version=version,
            )  # fmt: skip
        except Raced:
            return 1
        if claimed.outdated:
            await self._directory.newest()
            return 1
        self._more = claimed.looked_at >= free
        self._paused |= claimed.paused
        lease = LEASE.total_seconds()
        for draft in claimed.drafts:
            account = accounts[draft.channel_id]
            self._start(_Work(draft, account, claimed_at + lease * USABLE, claimed_at + lease))
        return claimed.looked_at

    async def _is_due(self, accounts: Mapping[int, Account], skipped: Set[Class], now: datetime) -> bool:
        """The look of an idle sender, which writes nothing."""
        due = await self._db.read(claiming.ready, now)
        return any(channel in accounts and (channel, priority) not in skipped for channel, priority in due)

    def _skipped(self, now: datetime) -> set[Class]:
        """Classes whose turn is later: their rate is used up, or it is quiet time."""
        # Not further ahead than a claim sets it: else the clock was set back.
        self._paused = {key: until for key, until in self._paused.items() if now < until <= now + claiming.SOON}
        if self._quiet is None or not self._quiet.is_open(now):
            return set(self._paused)
        return {*self._paused, *((channel, p) for channel in self._directory.known for p in PATIENT)}

    def _start(self, work: _Work) -> None:
        task = asyncio.create_task(self._deliver(work))
        self._under_way.add(task)

        def landed(done: "asyncio.Task[None]") -> None:
            self._under_way.discard(done)
            self._changed.set()

        task.add_done_callback(landed)

    async def _drain(self) -> None:
        while self._under_way or self._settling is not None:
            await asyncio.wait({*self._under_way, *([self._settling] if self._settling else [])})

    # -------------------- one message

    async def _deliver(self, work: _Work) -> None:
        receipt: Receipt | None = None
        error: DeliveryError | None = None
        whole = False
        try:
            receipt = await self._attempt(work)
        except Refused as refused:
            error, whole = refused.error, True
        except DeliveryError as failed:
            error = failed
        except Exception as broken:  # a bug: nobody can say how far it came
            log.exception("attempt broken", extra={"message_id": work.draft.message_id})
            error = DeliveryError("broken", Outcome.unknown, type(broken).__name__)
        self._note(Ended(work.draft, receipt, error, random.random(), whole), work.ours_until)

    async def _attempt(self, work: _Work) -> Receipt:
        if monotonic() > work.begin_by:  # the process stood still, and the lease may end before the call does
            raise DeliveryError("too_late", Outcome.retry, "the lease was nearly over before the attempt began")
        caller = self._caller or await self.caller()
        return await caller.send(work.account, work.draft)

    def _note(self, ended: Ended, ours_until: float) -> None:
        metrics.deliveries.labels(ended.error.outcome if ended.error else "sent").inc()
        if ended.error is not None:
            extra = {"message_id": ended.draft.message_id, "code": ended.error.code, "outcome": ended.error.outcome}
            log.log(logging.ERROR if ended.error.outcome is Outcome.operator else logging.WARNING, "not delivered",
                    extra=extra)  # fmt: skip
        self._ended.append(_Unwritten(ended, ours_until))
        if self._settling is None:
            self._settling = asyncio.create_task(self._settle())

    async def _settle(self) -> None:
        """Until nothing is left to write; through an outage of the database for as long as the lanes are ours."""
        try:
            while self._ended:
                unwritten, self._ended = self._ended, []
                if await self._write(unwritten):
                    continue
                # Which of them is to blame? Each by itself, so that one does not hold up the others.
                written = await asyncio.gather(*(self._write([one]) for one in unwritten))
                left = [one for one, done in zip(unwritten, written, strict=True) if not done]
                self._ended += [one for one in left if monotonic() + PAUSED < one.ours_until]
                if left:
                    await asyncio.sleep(PAUSED)
        finally:
            self._settling = None
            self._changed.set()

    async def _write(self, unwritten: Sequence[_Unwritten]) -> bool:
        ended = [one.ended for one in unwritten]
        try:
            given_up = await self._db.write(settling.settle, ended, worker=self._worker, now=self._clock())
        except Exception:  # at the latest they are looked at when their leases end
            log.exception("not settled", extra={"count": len(ended)})
            return False
        for draft, _, error, *_ in given_up:
            log.error("given up", extra={"message_id": draft.message_id, "code": error.code if error else ""})
        return True

    def _open_caller(self) -> Caller:
        """In a thread, for it takes a tenth of a second in which others are answered."""
        import httpx  # with the certificates of ``tls`` some 10 MB that only a process that sends needs

        from app.conversations.calling import TIMEOUT
        from app.tls import trusted

        limits = httpx.Limits(max_connections=self._places, max_keepalive_connections=self._places)

        def client() -> httpx.AsyncClient:
            return httpx.AsyncClient(verify=trusted(), timeout=TIMEOUT, limits=limits)

        http, connections = client(), Connections(client)
        tokens = Tokens(self._db, self._keyring, http, self._addresses, self._clock)
        return Caller(self._db, self._storage, http, connections, tokens, self._addresses, self._clock)


async def _to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Await ``work``; a first cancellation takes effect after its end, a second one ends it."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        with contextlib.suppress(Exception):
            await task
        raise
