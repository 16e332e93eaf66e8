"""The feed: one a process. It reads what was told, and passes it on to all who follow here.

A look costs one query, however many follow; while nobody does, there are none. What is told within ``FLUSH`` of a
broadcast waits for the next one, so that a busy hour costs each connection a bounded number of writes; where hundreds
follow one process, it waits a little longer, so that they cost no more than a part of a core altogether.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Hashable, Iterable, Sequence
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

from app.db.database import Database
from app.errors import AppError
from app.events import KEPT, Kind
from app.live import cursor
from app.live.cursor import PAGE, Cursor, Event
from app.live.followers import PING, REFRESH, Follower, Message, message

STREAMS = 1000
"""Connections of one process."""
FLUSH = 0.025
"""Seconds between two broadcasts at the least."""
WRITE = 0.0005
"""Seconds between two writes to any of the connections, on average; one costs some 30 µs of work."""
LOOK_EVERY = 0.5
"""Seconds; no bell rings for what a command wrote beside the server, and a bell can be lost."""
BEAT = 15.0
"""Seconds between two pings, two notes of who is there, and two looks whether all may still follow."""
PATIENCE = 10.0
"""Seconds that a newcomer waits for a database that does not answer."""
_SLICE = 50
"""Followers that are served before whatever else waits in the process has its turn."""
_LONGEST = KEPT.total_seconds() / 2
"""Seconds after which events may have been dropped that nobody here has read."""

log = logging.getLogger(__name__)
Touch = Callable[[Collection[int]], Awaitable[None]]
Holds = Callable[[Collection[Any]], Awaitable[Collection[Any]]]
"""Those of the warrants that hold."""


class TooManyStreams(AppError):
    status_code, message = 503, "打开的页面太多了，请关掉几个，或稍后再试"


class NotReady(AppError):
    status_code, message = 503, "暂时收不到实时更新，正在重试"


async def touch_nobody(agent_ids: Collection[int]) -> None:
    """For a service without people."""


async def trust_all(warrants: Collection[Any]) -> Collection[Any]:
    """For followers without any."""
    return warrants


class Feed:
    def __init__(
        self, db: Database, *, touch: Touch = touch_nobody, holds: Holds = trust_all, look_every: float = LOOK_EVERY
    ) -> None:
        """``touch`` is told every ``BEAT`` seconds which agents have a page open here.

        ``holds`` is asked as often for all of them, and for those of a person of whom something is told at once: a
        request is looked at when it comes, and a stream would outlive the sign-in by which it was opened.
        """
        self._db, self._touch, self._holds, self._look_every = db, touch, holds, look_every
        self._followers: set[Follower] = set()
        self._cursor: Cursor | None = None
        self._looked_at = 0.0
        self._attended, self._woken, self._ready = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._closed = False

    def wake(self) -> None:
        """Something was told: look now. In the feed's own loop."""
        self._woken.set()

    def close(self) -> None:
        """End all streams: a server that stops waits for them."""
        self._closed = True
        for follower in self._followers:
            follower.end()
        self._ready.set()

    def __len__(self) -> int:
        """How many follow."""
        return len(self._followers)

    @asynccontextmanager
    async def follow(self, agent_id: int, warrant: Hashable | None = None) -> AsyncIterator[Follower]:
        """Whatever is committed from now on is told. TooManyStreams, or NotReady where the database does not answer."""
        if self._closed or len(self._followers) >= STREAMS:
            raise TooManyStreams
        follower = Follower(agent_id, warrant)
        self._followers.add(follower)
        self._attended.set()
        try:
            await self._until_ready()
            await self._note({agent_id})
            follower.put(PING)
            yield follower
        finally:
            self._followers.discard(follower)
            if not self._followers:
                self._attended.clear()
                self._woken.set()

    async def _until_ready(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                await self._ready.wait()
        except TimeoutError:
            raise NotReady from None

    async def run(self) -> None:
        """Serve until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._pass_on())
            tasks.create_task(self._beat())

    async def _pass_on(self) -> None:
        while True:
            if not self._attended.is_set():
                self._cursor = None
                self._ready.clear()
                await self._attended.wait()
            self._woken.clear()
            try:
                more = await self._look()
            except Exception:
                log.exception("live events were not read")
                more = False
            if not more:
                await self._rest()

    async def _rest(self) -> None:
        await asyncio.sleep(max(FLUSH, WRITE * len(self._followers)))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._look_every):
                await self._woken.wait()

    async def _look(self) -> bool:
        """Read and tell; whether there is more to read at once."""
        if self._cursor is None or monotonic() - self._looked_at > _LONGEST:
            await self._begin()
            return False
        own = self._cursor
        events = await self._db.read(cursor.look, after=own.last, gaps=list(own.gaps))
        self._looked_at = monotonic()
        is_whole = own.advance([event.id for event in events], self._looked_at)
        told = message(events) if is_whole else REFRESH
        if told is not None:
            await self._broadcast(told)
        await self._end_void(self._named(events))
        return len(events) >= PAGE

    async def _begin(self) -> None:
        """From now on; whoever follows already has missed something."""
        end = await self._db.read(cursor.find_end)
        self._looked_at = monotonic()
        was_behind, self._cursor = self._cursor is not None, Cursor.at(end, self._looked_at)
        if was_behind:
            await self._broadcast(REFRESH)
        self._ready.set()

    async def _broadcast(self, told: Message) -> None:
        for number, follower in enumerate(list(self._followers), 1):
            follower.put(told)
            if number % _SLICE == 0:
                await asyncio.sleep(0)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT)
            await self._broadcast(PING)
            await self._end_void(self._followers)
            if present := {follower.agent_id for follower in self._followers}:
                await self._note(present)

    def _named(self, events: Sequence[Event]) -> list[Follower]:
        """Those of whom it is told that something about them changed."""
        people = {id_ for event in events if event.kind == Kind.people for id_ in event.ids}
        return [follower for follower in self._followers if follower.agent_id in people] if people else []

    async def _end_void(self, followers: Iterable[Follower]) -> None:
        """End what is followed by a warrant that holds no more. Where that cannot be found out, the next beat asks."""
        asked = [follower for follower in followers if follower.warrant is not None]
        if not asked:
            return
        try:
            good = await self._holds({follower.warrant for follower in asked})
        except Exception:
            log.exception("who may follow was not looked at")
            return
        for follower in asked:
            if follower.warrant not in good:
                follower.end()

    async def _note(self, agent_ids: Collection[int]) -> None:
        """Whoever opens a page is there at once, not with the next beat."""
        try:
            await self._touch(agent_ids)
        except Exception:
            log.exception("who is there was not noted")
