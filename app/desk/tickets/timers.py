"""What happens to tickets by the clock."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta

from app.conversations.accounts import Directory
from app.db.database import Database
from app.desk.tickets import sharing, surveying
from app.jobs.timers import Timer
from app.tickets import recounting, sweeps

PAGES = 20
"""Of one sweep: what is left comes with the next."""
BETWEEN_RECOUNTS = 0.05
"""Seconds between two pages of a recount, which must not hold up what viewers wait for."""
Run = Callable[[datetime], Awaitable[None]]


def ticket_timers(db: Database, directory: Directory, *, assigns: bool) -> Mapping[Timer, Run]:
    """All of them look at the state of things, so any number of processes may run them, after any crash."""

    async def ring(planned: datetime) -> None:
        """Deadlines that are over, or will be soon."""
        for rule in (sweeps.ring, sweeps.warn, sweeps.remind):
            await _page(db, rule, datetime.now(UTC))

    async def share(planned: datetime) -> None:
        await _page(db, sharing.give_up_gone, datetime.now(UTC))
        if assigns and await db.read(sharing.is_due, now=datetime.now(UTC)):
            await _page(db, sharing.share, datetime.now(UTC))

    async def survey(planned: datetime) -> None:
        for ticket_id, channel_id in await db.read(surveying.list_due, now=datetime.now(UTC)):
            account = await directory.by_id(channel_id) if channel_id is not None else None
            await db.write(surveying.ask, ticket_id, account=account, now=datetime.now(UTC))

    async def recount(planned: datetime) -> None:
        """After calendars and policies have changed."""
        while await db.write(recounting.step, now=datetime.now(UTC)):  # noqa: ASYNC110  (no event tells)
            await asyncio.sleep(BETWEEN_RECOUNTS)

    return {
        Timer("tickets.recount", timedelta(seconds=5)): recount,
        Timer("tickets.ring", timedelta(seconds=5)): ring,
        Timer("tickets.share", timedelta(seconds=10)): share,
        Timer("tickets.survey", timedelta(minutes=1)): survey,
    }


async def _page(db: Database, rule: Callable[..., int], now: datetime) -> None:
    for _ in range(PAGES):
        if not await db.write(rule, now=now):
            return
