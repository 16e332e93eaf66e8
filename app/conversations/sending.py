"""The sender: takes lanes whose first message is due, sends, and writes what became of it."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from app import jobs, metrics
from app.channels.delivery import Delivery, DeliveryError, Line, Outcome
from app.conversations import outbox
from app.conversations.accounts import Account, Directory
from app.conversations.outbox import Draft
from app.conversations.tokens import Addresses, Tokens
from app.db.database import Database

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")
log = logging.getLogger(__name__)

LANES = 16
"""Conversations that one process serves at a time."""
LEASE = timedelta(seconds=60)
TIMEOUT = 8.0
"""Seconds of one step of a call (connecting, each read)."""
LONGEST = 12.0
"""Seconds of a whole call. An attempt makes four at the most, so that no lease ends in the middle of a send."""
EVERY = 0.5
"""Seconds between two looks for work."""


@dataclass(frozen=True, slots=True)
class _Line:
    """What calls to the platforms need."""

    http: "httpx.AsyncClient"
    tokens: Tokens


class Sender:
    def __init__(
        self,
        db: Database,
        directory: Directory,
        *,
        base_urls: dict[str, str],
        simulated_urls: dict[str, str] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """``base_urls``: where each platform's API is, by platform name; ``simulated_urls``: where it is played."""
        self._db, self._directory, self._clock = db, directory, clock
        self._addresses = Addresses(base_urls, simulated_urls or {})
        self._worker = secrets.token_hex(8)
        self._line: _Line | None = None
        """Opened for the first message: most answers ride on a response, and many processes never call anybody."""

    async def run(self) -> None:
        """Serve until cancelled; what is on its way then is finished first."""
        try:
            while True:
                if not await _to_its_end(self._round_or_none()):
                    await asyncio.sleep(EVERY)
        finally:
            await self.close()

    async def close(self) -> None:
        if self._line is not None:
            await self._line.http.aclose()

    async def round(self) -> int:
        """Lease what is due and send it; returns how many lanes there were."""
        lanes = await self._db.write(
            jobs.claim, topic=outbox.TOPIC, worker=self._worker, now=self._clock(), lease=LEASE, limit=LANES
        )
        if lanes and self._line is None:  # in a thread, for it takes a tenth of a second in which others are answered
            self._line = await asyncio.to_thread(_open_line, self._addresses)
        async with asyncio.TaskGroup() as tasks:
            for lane_id in lanes:
                tasks.create_task(self._deliver(lane_id))
        return len(lanes)

    async def _round_or_none(self) -> int:
        try:
            return await self.round()
        except Exception:
            log.exception("sender stopped for now")
            return 0

    async def _deliver(self, lane_id: int) -> None:
        """One message of the lane: the next is another round's, so that no lane outlives its lease."""
        try:
            draft = await self._db.write(outbox.begin_next, lane_id, worker=self._worker, now=self._clock())
            if draft is not None:
                await self._settle(lane_id, draft, await self._attempt(draft))
        except Exception:  # the other lanes' messages are on their way; this one's is looked at when the lease ends
            log.exception("lane left to its lease", extra={"lane_id": lane_id})

    async def _settle(self, lane_id: int, draft: Draft, error: DeliveryError | None) -> None:
        metrics.deliveries.labels(error.outcome if error else "sent").inc()
        if error is not None:
            log.warning("not delivered", extra={"message_id": draft.message_id, "code": error.code})
        await self._db.write(outbox.settle, lane_id, draft, error, worker=self._worker, now=self._clock())

    async def _attempt(self, draft: Draft) -> DeliveryError | None:
        account = await self._directory.by_id(draft.channel_id)
        if account is None:
            return DeliveryError("channel", Outcome.retry, "the channel is not served", retry_after=60)
        error = await self._send(account, draft)
        if error is not None and error.outcome is Outcome.refresh:  # once: a wrong secret would use up the quota
            error = await self._send(account, draft)
        return error

    async def _send(self, account: Account, draft: Draft) -> DeliveryError | None:
        base_url, delivery = (
            self._addresses.of(account),
            Delivery(draft.recipient, draft.message, str(draft.message_id)),
        )
        line, token = self._line, ""
        assert line is not None
        try:
            token = await _within(LONGEST, line.tokens.current(account), Outcome.retry)
            sending = account.platform.send(Line(line.http, base_url, token), account.credentials, delivery)
            await _within(LONGEST, sending, Outcome.unknown)
        except DeliveryError as error:
            if error.outcome is Outcome.refresh:
                line.tokens.drop(account, token)
            return error
        return None


def _open_line(addresses: Addresses) -> _Line:
    import httpx  # with the certificates of ``tls`` some 10 MB that only a process that sends needs

    from app.tls import trusted

    limits = httpx.Limits(max_connections=32, max_keepalive_connections=8)
    http = httpx.AsyncClient(verify=trusted(), timeout=TIMEOUT, limits=limits)
    return _Line(http, Tokens(http, addresses))


async def _within(seconds: float, call: Awaitable[T], lost: Outcome) -> T:
    """A server that answers byte by byte passes every time-out of a single step."""
    try:
        async with asyncio.timeout(seconds):
            return await call
    except TimeoutError:
        raise DeliveryError("no_answer", lost, f"not done in {seconds:g} s") from None


async def _to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Await ``work``; a first cancellation takes effect after its end, a second one ends it."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        with contextlib.suppress(Exception):
            await task
        raise
