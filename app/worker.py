"""What runs without a request: the sender, the jobs and the timers.

On SQLite it runs inside ``serve``; on PostgreSQL in ``worker`` processes, any number of them.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta

from app import events as live_events
from app.agents import limits, links, sessions
from app.channels.registry import PLATFORMS
from app.conversations import (
    attachments,
    campaigns,
    fetching,
    passive,
    reports,
    sending,
    set_back,
    uploads,
    windows,
)
from app.conversations.accounts import Directory
from app.conversations.quiet import read_quiet_hours
from app.conversations.sending import Sender
from app.db.database import Database
from app.desk.assigner import Assigner
from app.desk.search import indexing
from app.desk.tickets import runs
from app.desk.tickets.timers import ticket_timers
from app.desk.timers import desk_timers
from app.dialogue import events, settled_pushes
from app.dialogue.loading import keep_hours, load_calendar
from app.jobs import clocks, runner
from app.jobs.runner import Handler, Runner
from app.jobs.running import Later, Running
from app.jobs.timers import Timer
from app.secrets import Keyring
from app.settings import Settings
from app.simulator.addresses import QQ_API, WECHAT_API
from app.storage.opening import open_storage
from app.storage.storage import Storage

log = logging.getLogger(__name__)
BETWEEN_PAGES = 0.05
"""Seconds: after a shorter RAW_BODY_DAYS there is much to forget, which must not hold up what viewers wait for."""
_RIDING = [platform.capability for platform in PLATFORMS.values() if platform.capability.passive_reply]
LAST_RETRY = timedelta(seconds=max(capability.last_retry for capability in _RIDING) + 5)
COUNTS_KEPT = timedelta(days=35)
"""Longer than any window of a platform."""

DRAFTS_KEPT = timedelta(days=1)
"""Longer than any file takes to come."""

SIGN_INS_KEPT = timedelta(days=1)
"""After their end, as are one-time links: the record of people has what matters of them."""

FEED_EVERY = 0.2
"""Seconds between two looks whether a campaign's next messages find room."""

Run = Callable[[datetime], Awaitable[None]]


async def work(db: Database, directory: Directory, keyring: Keyring, settings: Settings) -> None:
    """Serve until cancelled."""
    await db.write(keep_hours, settings, now=datetime.now(UTC))
    storage = open_storage(settings, keyring)
    sender = open_sender(db, directory, keyring, storage, settings)
    timers = recurring(db, directory, sender, storage, settings)
    jobs = Runner(db, handlers(db, keyring, sender, storage), timers)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(sender.run(), name="sender")
        tasks.create_task(jobs.run(), name="jobs")
        tasks.create_task(watch_clock(db, timers), name="clock")
        tasks.create_task(indexing.keep(db), name="search")
        if settings.assignment == "auto":
            tasks.create_task(Assigner(db).run(), name="assigner")


async def watch_clock(db: Database, timers: Collection[Timer]) -> None:
    """Serve until cancelled. No timer could do it: it may itself wait for a time that was."""
    while True:
        try:
            await set_back.look(db, timers, now=datetime.now(UTC), longest_lease=max(sending.LEASE, runner.LEASE))
        except Exception:
            log.exception("the clock was not looked at")
        await asyncio.sleep(clocks.MARKED_EVERY.total_seconds())


def open_sender(db: Database, directory: Directory, keyring: Keyring, storage: Storage, settings: Settings) -> Sender:
    own = {"wechat": WECHAT_API, "qq": QQ_API} if settings.demo else {}
    played = {platform: settings.address + path for platform, path in own.items()}
    urls = {"wechat": settings.wechat_api, "qq": settings.qq_api}
    quiet = read_quiet_hours(settings.quiet_hours)
    return Sender(db, directory, keyring, storage, base_urls=urls, simulated_urls=played, quiet=quiet)


def handlers(db: Database, keyring: Keyring, sender: Sender, storage: Storage) -> Mapping[str, Handler]:
    """Every kind of job that is no message and no timer."""

    async def fetch_file(job: Running) -> None:
        """A viewer's file, brought from the platform into our storage."""
        wait = await fetching.fetch(db, storage, sender.reach, job.subject_id)
        if wait is not None:
            raise Later(wait)

    async def settle_push(job: Running) -> None:
        await settled_pushes.settle(db, keyring, sender.reach, job)

    async def run_campaign(job: Running) -> None:
        """Write down its recipients, then queue a few at a time."""
        while await db.write(campaigns.prepare, job.subject_id, campaigns.PREPARED):  # noqa: ASYNC110  (no event tells)
            await asyncio.sleep(BETWEEN_PAGES)
        fed = await db.write(campaigns.feed, job.subject_id, now=datetime.now(UTC))
        if await db.read(campaigns.is_active, job.subject_id):
            raise Later(0 if fed else FEED_EVERY)

    async def change_tickets(job: Running) -> None:
        at, ids = job.payload["at"], job.payload["ids"]
        while await db.write(runs.step, job.subject_id, at, ids, now=datetime.now(UTC)):  # noqa: ASYNC110  (no event tells)
            await asyncio.sleep(0)  # others write between

    return {
        attachments.KIND: fetch_file, campaigns.KIND: run_campaign, settled_pushes.KIND: settle_push,
        runs.KIND: change_tickets,
    }  # fmt: skip


def recurring(
    db: Database, directory: Directory, sender: Sender, storage: Storage, settings: Settings
) -> Mapping[Timer, Run]:
    """Every timer. All of them look at the state of things, so a missed run is made up for by the next."""

    async def settle_passive(planned: datetime) -> None:
        """Passive replies that nobody fetched become ``unknown``."""
        if count := await db.write(passive.mark_unknown, before=datetime.now(UTC) - LAST_RETRY):
            log.warning("answers not fetched", extra={"count": count})

    async def enter_reports(planned: datetime) -> None:
        await db.write(reports.enter_early, datetime.now(UTC))

    async def forget_bodies(planned: datetime) -> None:
        while await db.write(events.forget_bodies, now=datetime.now(UTC), days=settings.raw_body_days):  # noqa: ASYNC110  (no event tells)
            await asyncio.sleep(BETWEEN_PAGES)

    async def forget_counts(planned: datetime) -> None:
        while await db.write(uploads.drop_expired, datetime.now(UTC)):  # noqa: ASYNC110  (no event tells)
            await asyncio.sleep(BETWEEN_PAGES)
        while await db.write(windows.forget, before=datetime.now(UTC) - COUNTS_KEPT):  # noqa: ASYNC110  (no event tells)
            await asyncio.sleep(BETWEEN_PAGES)

    async def forget_events(planned: datetime) -> None:
        while await db.write(live_events.forget, before=datetime.now(UTC) - live_events.KEPT):  # noqa: ASYNC110  (no event tells)
            await asyncio.sleep(BETWEEN_PAGES)

    async def forget_sign_ins(planned: datetime) -> None:
        now = datetime.now(UTC)
        while await db.write(sessions.forget, before=now - SIGN_INS_KEPT):  # noqa: ASYNC110  (no event tells)
            await asyncio.sleep(BETWEEN_PAGES)
        while await db.write(links.forget, before=now - SIGN_INS_KEPT):  # noqa: ASYNC110  (no event tells)
            await asyncio.sleep(BETWEEN_PAGES)
        while await db.write(limits.forget, now=now):  # noqa: ASYNC110  (no event tells)
            await asyncio.sleep(BETWEEN_PAGES)

    async def sweep_files(planned: datetime) -> None:
        await storage.sweep(datetime.now(UTC) - DRAFTS_KEPT)

    async def refresh_tokens(planned: datetime) -> None:
        await sender.refresh_tokens()

    return {
        **ticket_timers(db, directory, assigns=settings.assignment == "auto"),
        **desk_timers(db, load_calendar(settings), assigns=settings.assignment == "auto", on_duty=settings.on_duty),
        Timer("passive.settle", timedelta(seconds=5)): settle_passive,
        Timer("reports.enter", timedelta(seconds=10)): enter_reports,
        Timer("bodies.forget", timedelta(minutes=1)): forget_bodies,
        Timer("counts.forget", timedelta(hours=1)): forget_counts,
        Timer("events.forget", timedelta(minutes=1)): forget_events,
        Timer("signins.forget", timedelta(hours=1)): forget_sign_ins,
        Timer("files.sweep", timedelta(hours=1)): sweep_files,
        Timer("tokens.refresh", timedelta(minutes=1)): refresh_tokens,
    }
