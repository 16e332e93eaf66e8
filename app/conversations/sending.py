"""The sender: takes lanes whose first message is due, sends, and writes what became of it."""

import asyncio
import logging
import secrets
from datetime import UTC, datetime, timedelta
from time import monotonic

import httpx

from app import jobs, metrics
from app.channels.base import DeliveryError, Outbound, Outcome
from app.conversations import outbox
from app.conversations.accounts import Account, Directory
from app.conversations.outbox import Draft
from app.db.database import Database

log = logging.getLogger(__name__)

LANES = 16
"""Conversations that one process serves at a time."""
LEASE = timedelta(seconds=60)
TIMEOUT = 10.0
"""Seconds of one call: well under a fifth of the lease, so that a lease never ends in the middle of a send."""
EVERY = 0.5
"""Seconds between two looks for work."""
EARLY = 300
"""Seconds before its end from which on a credential is not used any more."""


class Sender:
    def __init__(self, db: Database, directory: Directory, *, base_urls: dict[str, str]) -> None:
        """``base_urls``: where each platform's API is, by platform name."""
        self._db, self._directory, self._base_urls = db, directory, base_urls
        self._worker = secrets.token_hex(8)
        self._tokens: dict[int, tuple[str, float]] = {}
        self._http = httpx.AsyncClient(
            timeout=TIMEOUT, limits=httpx.Limits(max_connections=32, max_keepalive_connections=8)
        )

    async def run(self) -> None:
        """Serve until cancelled."""
        try:
            while True:
                try:
                    busy = await self.round()
                except Exception:
                    log.exception("sender stopped for now")
                    busy = 0
                if not busy:
                    await asyncio.sleep(EVERY)
        finally:
            await self._http.aclose()

    async def round(self) -> int:
        """Lease what is due and send it; returns how many lanes there were."""
        lanes = await self._db.write(
            jobs.claim, topic=outbox.TOPIC, worker=self._worker, now=_now(), lease=LEASE, limit=LANES
        )
        async with asyncio.TaskGroup() as tasks:
            for lane_id in lanes:
                tasks.create_task(self._deliver(lane_id))
        return len(lanes)

    async def _deliver(self, lane_id: int) -> None:
        """One message of the lane: the next is another round's, so that no lane outlives its lease."""
        draft = await self._db.write(outbox.begin_next, lane_id, worker=self._worker, now=_now())
        if draft is None:
            return
        error = await self._attempt(draft)
        metrics.deliveries.labels(error.outcome if error else "sent").inc()
        if error is not None:
            log.warning("not delivered", extra={"message_id": draft.message_id, "code": error.code})
        await self._db.write(outbox.settle, lane_id, draft, error, worker=self._worker, now=_now())

    async def _attempt(self, draft: Draft) -> DeliveryError | None:
        account = await self._directory.by_id(draft.channel_id)
        if account is None:
            return DeliveryError("channel", Outcome.retry, "the channel is not served", retry_after=60)
        try:
            await self._send(account, draft)
        except DeliveryError as error:
            if error.outcome is not Outcome.refresh:
                return error
            self._tokens.pop(account.channel_id, None)
        else:
            return None
        try:  # once, with a new credential: a wrong secret would use up the quota
            await self._send(account, draft)
        except DeliveryError as error:
            return error
        return None

    async def _send(self, account: Account, draft: Draft) -> None:
        base_url = self._base_urls[account.platform.name]
        token = await self._token(account, base_url)
        outbound = Outbound(draft.text)
        await account.platform.send(self._http, account.credentials, base_url, token, draft.recipient, outbound)

    async def _token(self, account: Account, base_url: str) -> str:
        token, usable_until = self._tokens.get(account.channel_id, ("", 0.0))
        if monotonic() >= usable_until:
            token, seconds = await account.platform.fetch_token(self._http, account.credentials, base_url)
            self._tokens[account.channel_id] = token, monotonic() + max(seconds - EARLY, seconds / 2)
        return token


def _now() -> datetime:
    return datetime.now(UTC)
