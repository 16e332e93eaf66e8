"""What runs without a request: the sender and the sweeps.

On SQLite it runs inside ``serve``; on PostgreSQL in ``worker`` processes, any number of them.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from app.channels.registry import PLATFORMS
from app.conversations import outbox
from app.conversations.accounts import Directory
from app.conversations.sending import Sender
from app.db.database import Database
from app.dialogue import events
from app.settings import Settings
from app.simulator.addresses import WECHAT_API

log = logging.getLogger(__name__)
SWEEP_EVERY = 5.0
BETWEEN_PAGES = 0.05
"""Seconds: after a shorter RAW_BODY_DAYS there is much to forget, which must not hold up what viewers wait for."""
_RIDING = [platform.capability for platform in PLATFORMS.values() if platform.capability.passive_reply]
LAST_RETRY = timedelta(seconds=max(capability.last_retry for capability in _RIDING) + 5)


async def work(db: Database, directory: Directory, settings: Settings) -> None:
    """Serve until cancelled."""
    played = {"wechat": settings.address + WECHAT_API} if settings.demo else {}
    base_urls = {"wechat": settings.wechat_api, "qq": settings.qq_api}
    sender = Sender(db, directory, base_urls=base_urls, simulated_urls=played)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(sender.run(), name="sender")
        tasks.create_task(_every(SWEEP_EVERY, lambda: sweep(db, settings)), name="sweep")


async def sweep(db: Database, settings: Settings) -> None:
    """Passive replies that nobody fetched become ``unknown``; bodies whose time is over are forgotten."""
    now = datetime.now(UTC)
    unknown = await db.write(outbox.mark_unknown, before=now - LAST_RETRY)
    if unknown:
        log.warning("answers not fetched", extra={"count": unknown})
    while await db.write(events.forget_bodies, now=now, days=settings.raw_body_days):  # noqa: ASYNC110  (no event tells)
        await asyncio.sleep(BETWEEN_PAGES)


async def _every(seconds: float, run: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await run()
        except Exception:
            log.exception("sweep failed")
        await asyncio.sleep(seconds)
