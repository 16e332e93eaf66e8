"""The ingest task: one a process, between the webhooks and the batches.

It takes all that waits, without artificial delay: what arrives while one batch commits is the next batch. Nothing is
acknowledged before it is committed.
"""

import asyncio
import contextlib
import itertools
import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import heappop, heappush
from time import monotonic

from app import logs, metrics
from app.conversations import passive
from app.conversations.outbox import Queued
from app.conversations.passive import Carried
from app.conversations.pending import NEVER
from app.db.database import Database
from app.dialogue import batch, events
from app.dialogue.push import ACKNOWLEDGED, Answer, Fate, Push
from app.dialogue.rules import Rules

log = logging.getLogger(__name__)

BATCH = 256
"""Pushes in one transaction at the most."""
STORE_BATCH = 1024
BESIDE = 12
"""Pushes that must wait before another batch is started beside those in flight: a small one costs most of a large."""
PRESSURE = 1.0
"""Seconds: where the oldest waits longer, pushes are only stored and decided later."""
OVERDUE_EVERY = 0.05
"""Seconds between two looks for attempts whose time is over; the platforms' windows leave half a second of room."""
HAND_OVERS_EVERY = 0.1
"""Seconds for which hand-overs are gathered before they are written: beside the batches, not on their way."""
IDLE = 1.0
"""Seconds after which the log is written although nothing new arrived."""


@dataclass(slots=True)
class _Waiting:
    push: Push
    since: float
    futures: "list[asyncio.Future[Answer]]"
    """One for each attempt of the platform that meets this push."""

    def is_abandoned(self) -> bool:
        """Whether all attempts so far were told to come again."""
        return all(future.done() for future in self.futures)


class Overdue(Exception):
    """Nothing was committed while an answer could still arrive in time."""


class Ingest:
    def __init__(self, db: Database, rules: Rules, backlog_grew: asyncio.Event) -> None:
        self.rules = rules
        """Swapped whole when the knowledge changes."""
        self._db, self._backlog_grew = db, backlog_grew
        self._queue: deque[_Waiting] = deque()
        self._pending: dict[tuple[int, str], _Waiting] = {}
        self._deadlines: list[tuple[datetime, int, asyncio.Future[Answer]]] = []
        """A heap by time; a number keeps futures from being compared."""
        self._numbers = itertools.count()
        self._alarm: asyncio.TimerHandle | None = None
        self._handed_over: list[Carried] = []
        self._noting: asyncio.Task[None] | None = None
        self._ending = asyncio.Event()
        self._flying: set[asyncio.Task[None]] = set()
        self._senders: set[tuple[int, str]] = set()
        """Those with a push in a batch that is not committed yet."""
        self._wake = asyncio.Event()

    def submit(self, push: Push) -> "asyncio.Future[Answer]":
        """Queue a push; the future resolves after the commit, or is Overdue once ``answer_by`` of this attempt is over.

        Attempts of one push share one place in the queue.
        """
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._watch(push.answer_by, future)
        waiting = self._pending.get(push.key)
        if waiting is not None:
            waiting.futures.append(future)
            metrics.duplicates.inc()
            return future
        waiting = self._pending[push.key] = _Waiting(push, monotonic(), [future])
        self._queue.append(waiting)
        self._wake.set()
        return future

    def _watch(self, deadline: datetime, future: "asyncio.Future[Answer]") -> None:
        """One timer for all: a timer each costs more than the look at the heap."""
        deadlines = self._deadlines
        while deadlines and deadlines[0][2].done():
            heappop(deadlines)
        heappush(deadlines, (deadline, next(self._numbers), future))
        if self._alarm is None:
            self._alarm = asyncio.get_running_loop().call_later(OVERDUE_EVERY, self._expire)

    def _expire(self) -> None:
        deadlines, now = self._deadlines, _now()
        while deadlines and (deadlines[0][2].done() or deadlines[0][0] <= now):
            future = heappop(deadlines)[2]
            if not future.done():
                future.set_exception(Overdue())
        again = asyncio.get_running_loop().call_later
        self._alarm = again(OVERDUE_EVERY, self._expire) if deadlines else None

    def handed_over(self, answer: Answer) -> None:
        """The response that carried this answer has left: its message is marked ``sent`` within a moment."""
        if answer.message_id is None or answer.conversation_id is None:
            return
        self._handed_over.append(Carried(answer.message_id, answer.conversation_id, _now()))
        if self._noting is None:
            self._noting = asyncio.create_task(self._note_hand_overs())

    def depth(self) -> int:
        return len(self._queue)

    async def run(self) -> None:
        """Serve until cancelled."""
        while True:
            if not (self._may_start() and self._start()):
                await self._rest()

    async def drain(self) -> None:
        """Finish what waits (at shutdown), and write the last hand-overs."""
        while self._queue or self._flying:
            if self._may_start():
                self._start()
            await asyncio.wait(self._flying, return_when=asyncio.FIRST_COMPLETED)
        self._ending.set()
        if self._noting is not None:
            await self._noting
        if self._handed_over:
            await self._write_hand_overs()
        logs.flush()

    def _may_start(self) -> bool:
        """One batch at a time, and beside it others where the engine can and enough waits to be worth it."""
        beside = len(self._flying)
        return bool(self._queue) and (beside == 0 or (beside < self._db.ingest_batches and len(self._queue) >= BESIDE))

    def _start(self) -> bool:
        """Send a batch on its way; False where all that waits is held back by what is in flight."""
        logs.flush()
        pressed = monotonic() - self._queue[0].since > PRESSURE
        taken = self._take(STORE_BATCH if pressed else BATCH)
        if not taken:
            return False
        metrics.batch_size.observe(len(taken))
        senders = {waiting.push.who for waiting in taken}
        self._senders |= senders
        task = asyncio.create_task(self._commit(taken, store_only=pressed))
        self._flying.add(task)
        task.add_done_callback(lambda done: self._landed(done, senders))
        return True

    def _take(self, limit: int) -> list[_Waiting]:
        """The next pushes in order; a sender with a push in flight waits, so that his messages keep their order."""
        taken: list[_Waiting] = []
        held: list[_Waiting] = []
        while self._queue and len(taken) < limit:
            waiting = self._queue.popleft()
            (held if waiting.push.who in self._senders else taken).append(waiting)
        self._queue.extendleft(reversed(held))
        return taken

    def _landed(self, task: "asyncio.Task[None]", senders: set[tuple[int, str]]) -> None:
        self._flying.discard(task)
        self._senders -= senders
        self._wake.set()
        if not task.cancelled() and task.exception():
            log.error("a batch ended badly", exc_info=task.exception())

    async def _rest(self) -> None:
        """Until something arrives or a batch lands."""
        self._wake.clear()
        try:
            async with asyncio.timeout(IDLE):
                await self._wake.wait()
        except TimeoutError:
            logs.flush()

    async def _note_hand_overs(self) -> None:
        """Until none is left; it is over only after its last write, so that the end of the process can wait for it."""
        try:
            while self._handed_over:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(HAND_OVERS_EVERY):
                        await self._ending.wait()
                if not await self._write_hand_overs():
                    return  # the next hand-over takes them along
        finally:
            self._noting = None

    async def _write_hand_overs(self) -> bool:
        handed, self._handed_over = self._handed_over, []
        try:
            await self._db.write(passive.mark_sent, handed)
        except Exception:
            self._handed_over = handed + self._handed_over
            log.exception("hand-overs not written")
            return False
        return True

    async def _commit(self, taken: Sequence[_Waiting], *, store_only: bool) -> None:
        """Write a batch and resolve its futures; a batch that fails is halved until the culprit stands alone."""
        now = _now()
        try:
            answers = await self._write([waiting.push for waiting in taken], now, store_only)
        except Exception as error:
            if len(taken) == 1:
                await self._give_up(taken[0], error)
                return
            middle = len(taken) // 2
            await self._commit(taken[:middle], store_only=store_only)
            await self._commit(taken[middle:], store_only=store_only)
            return
        if any(answer.fate is Fate.deferred for answer in answers):
            self._backlog_grew.set()
        resolved = list(zip(taken, answers, strict=True))
        late = [
            late for waiting, answer in resolved if waiting.is_abandoned() and (late := _late(waiting.push, answer))
        ]
        for waiting, answer in resolved:
            self._resolve(waiting, answer)
        if late:
            await self._put_back(late, now)

    async def _write(self, pushes: list[Push], now: datetime, store_only: bool) -> list[Answer]:
        if store_only:
            return await self._db.write_first(batch.store_only, pushes, now=now)
        return await self._db.write_first(batch.handle, pushes, self.rules, now=now)

    async def _put_back(self, late: list[Queued], carried_at: datetime) -> None:
        try:
            await self._db.write(passive.put_back, late, carried_at=carried_at, now=_now())
        except Exception:
            log.exception("late answers not queued")  # a repeat can fetch them; after the last they are ``unknown``

    async def _give_up(self, waiting: _Waiting, error: Exception) -> None:
        """Keep the event as ``failed`` and acknowledge it; where even that fails the platform hears 503 and repeats."""
        log.error("event failed", exc_info=error, extra={"channel_id": waiting.push.channel_id})
        try:
            await self._db.write_first(events.fail, waiting.push, f"{type(error).__name__}: {error}")
        except Exception as worse:
            self._pending.pop(waiting.push.key, None)
            for future in waiting.futures:
                if not future.done():
                    future.set_exception(worse)
            return
        metrics.failed_events.inc()
        self._resolve(waiting, ACKNOWLEDGED)

    def _resolve(self, waiting: _Waiting, answer: Answer) -> None:
        self._pending.pop(waiting.push.key, None)
        for future in waiting.futures:
            if not future.done():
                future.set_result(answer)


def _late(push: Push, answer: Answer) -> Queued | None:
    """A committed reply that no response carries: a repeat may fetch it, else it leaves by itself."""
    if answer.message_id is None or answer.conversation_id is None:
        return None
    not_before = push.send_after if push.customer_service else NEVER
    return Queued(answer.message_id, answer.conversation_id, push.channel_id, not_before)


def _now() -> datetime:
    return datetime.now(UTC)
