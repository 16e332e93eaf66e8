"""The runner: jobs that are no messages, by an explicit dict of kinds, as many at a time as it has places."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from time import monotonic

from app import metrics
from app.db.database import Database
from app.jobs import lanes, running, timers
from app.jobs.running import Later, Running
from app.jobs.timers import Timer

log = logging.getLogger(__name__)

Handler = Callable[[Running], Awaitable[None]]
"""Runs one job. May run twice: it looks again at what it works on. Raises Later to be called again."""

PLACES = 8
LEASE = timedelta(seconds=60)
"""Renewed while a job runs; after a kill another worker takes over by then."""
PREPARED_EVERY = 300.0
"""Seconds between two looks whether all timers are there."""
UNKNOWN = 60.0
"""Seconds for which a job of a kind that this version does not know is left alone."""
EVERY = 0.2
"""Seconds between two looks."""


class Runner:
    def __init__(
        self,
        db: Database,
        handlers: Mapping[str, Handler],
        recurring: Mapping[Timer, Callable[[datetime], Awaitable[None]]],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """``handlers`` by kind of job; ``recurring`` is given the time for which its run was planned."""
        self._db, self._handlers, self._clock = db, handlers, clock
        self._timers = {timer.name: (timer, run) for timer, run in recurring.items()}
        self._topics = [timers.TOPIC, *map(timers.topic_of, handlers)]
        self._worker = lanes.worker_name()
        self._under_way: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Serve until cancelled; what runs then is cut, and taken up again when its lease ends."""
        await self.prepare()
        again = monotonic() + PREPARED_EVERY
        try:
            while True:
                if monotonic() > again and await self._prepared_again():
                    again = monotonic() + PREPARED_EVERY
                if not await self._look_or_none():
                    await asyncio.sleep(EVERY)
        finally:
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def prepare(self) -> None:
        known = [timer for timer, _ in self._timers.values()]
        await self._db.write(timers.ensure, known, now=self._clock())
        await self._db.write(timers.retire, known)

    async def _prepared_again(self) -> bool:
        """An older version that was started again beside this one took away the timers that it does not know."""
        try:
            await self._db.write(timers.ensure, [timer for timer, _ in self._timers.values()], now=self._clock())
        except Exception:
            log.exception("timers not looked after")
        return True

    async def round(self) -> int:
        """What is due now, to its end; returns how many jobs that were."""
        count = await self._look()
        await asyncio.gather(*self._under_way)
        return count

    async def _look_or_none(self) -> int:
        try:
            return await self._look()
        except Exception:
            log.exception("no jobs claimed for now")
            return 0

    async def _look(self) -> int:
        now, free = self._clock(), PLACES - len(self._under_way)
        topics = await self._db.read(running.topics_ready, self._topics, now) if free else []
        if not topics:
            return 0
        begun = await self._db.write(running.claim, topics, worker=self._worker, now=now, lease=LEASE, limit=free)
        for job in begun:
            task = asyncio.create_task(self._run(job))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        return len(begun)

    async def _run(self, job: Running) -> None:
        keeping = asyncio.create_task(self._keep(job))
        try:
            await self._finish(job, await self._outcome(job))
        except Exception:  # it is looked at when its lease ends
            log.exception("job not settled", extra={"kind": job.kind, "job_id": job.job_id})
        finally:
            keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeping

    async def _outcome(self, job: Running) -> Later | Exception | None:
        try:
            if job.kind in self._timers:
                await self._timers[job.kind][1](job.planned)
            elif job.kind in self._handlers:
                await self._handlers[job.kind](job)
            else:  # a newer version's, while the processes are exchanged one by one: it is there for it
                log.warning("unknown job", extra={"kind": job.kind})
                return Later(UNKNOWN)
        except Later as later:
            return later
        except Exception as error:
            log.exception("job failed", extra={"kind": job.kind, "subject_id": job.subject_id})
            return error
        return None

    async def _finish(self, job: Running, outcome: Later | Exception | None) -> None:
        now = self._clock()
        if isinstance(outcome, Later):
            until = now + timedelta(seconds=outcome.seconds)
            await self._db.write(running.put_off, job, worker=self._worker, until=until)
        elif outcome is not None:
            reason, recurs = f"{type(outcome).__name__}: {outcome}", job.kind in self._timers
            await self._db.write(running.fail, job, reason, worker=self._worker, now=now, recurs=recurs)
        elif job.kind in self._timers:
            until = self._timers[job.kind][0].next_after(job.planned, now)
            await self._db.write(running.put_off, job, worker=self._worker, until=until)
        else:
            await self._db.write(running.end, job, worker=self._worker)
        metrics.jobs.labels(job.kind, _label(outcome)).inc()

    async def _keep(self, job: Running) -> None:
        """Renew the lease while the job runs."""
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 3)
            with contextlib.suppress(Exception):  # the next renewal may succeed; else another worker takes over
                await self._db.write(running.extend, job, worker=self._worker, until=self._clock() + LEASE)


def _label(outcome: Later | Exception | None) -> str:
    if outcome is None:
        return "done"
    return "later" if isinstance(outcome, Later) else "failed"
