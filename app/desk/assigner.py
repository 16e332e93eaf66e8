"""The giver: a task of each worker, that gives those who wait to those who are there as soon as it can.

No timer of ``jobs``: each run of one is two commits, and whether there is something to give is two reads.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime

from app.db.database import Database
from app.desk import assigning
from app.desk.assigning import State

log = logging.getLogger(__name__)
LIMIT = 50
"""Conversations given in one transaction."""
SOON = 0.2
"""Seconds until the next look, where whoever comes to the queue or gets free is to be noticed at once."""
LATER = 1.0
"""Seconds, where there was nobody to give to: that takes longer to find out."""


class Assigner:
    def __init__(self, db: Database, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._db, self._clock = db, clock

    async def run(self) -> None:
        """Serve until cancelled."""
        while True:
            try:
                pause = await self.round()
            except Exception:
                log.exception("nobody was given anything for now")
                pause = LATER
            await asyncio.sleep(pause)

    async def round(self) -> float:
        """Give once; the seconds after which to come again."""
        state = await self._db.read(assigning.look, now=self._clock())
        if state is not State.due:
            return SOON if state is State.empty else LATER
        given = await self._db.write(assigning.assign, now=self._clock(), limit=LIMIT)
        if len(given) == LIMIT:
            return 0.0
        return SOON if given else LATER
