"""The repair after the clock was set back, in pages: see ``app.jobs.clocks``."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from app.conversations import gates, passive
from app.db.database import Database
from app.jobs import clocks, timers
from app.jobs.timers import Timer

log = logging.getLogger(__name__)


async def look(db: Database, known: Iterable[Timer], *, now: datetime, longest_lease: timedelta) -> bool:
    """Mark the time; where it was set back, repair what lies ahead. Whether it was.

    A repair that is interrupted begins anew, and several processes may be at it: each step says how things must be.
    """
    latest = await db.read(clocks.latest)
    if not clocks.is_set_back(latest, now):
        await db.write(clocks.mark, now)
        return False
    log.warning("the clock was set back", extra={"seconds": round((latest - now).total_seconds())})
    await db.write(clocks.shorten_leases, now, longest_lease)
    await db.write(timers.pull_back, list(known), now=now)
    await db.write(gates.open_rates, now)
    await db.write(passive.began_by, now)
    after: int | None = 0
    while after is not None:
        after = await db.write(clocks.bring_forward, after, due_by=latest, now=now)
    await db.write(clocks.mark_back, now)
    return True
