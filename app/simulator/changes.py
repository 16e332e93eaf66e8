"""What the open pages are told: which phones changed. A page that missed something reads everything again."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field

PING = 15.0
"""Seconds after which an idle stream says something, so that nobody between takes it for dead."""
STREAMS = 16
"""Streams at a time; a browser has one for all its tabs."""
ROSTER = "phones"
"""The id of the change that phones came or went."""


@dataclass(eq=False)
class _Follower:
    changed: dict[str, None] = field(default_factory=dict)
    """Ids in the order of their first change; as many as there are phones at the most."""
    woken: asyncio.Event = field(default_factory=asyncio.Event)


class Changes:
    def __init__(self) -> None:
        self._followers: set[_Follower] = set()
        self._closed = False

    def publish(self, *ids: str) -> None:
        for follower in self._followers:
            follower.changed |= dict.fromkeys(ids)
            follower.woken.set()

    def close(self) -> None:
        """End all streams: a server that stops waits for them."""
        self._closed = True
        self.publish()

    @property
    def watched(self) -> bool:
        """Whether anybody listens."""
        return bool(self._followers) and not self._closed

    @property
    def full(self) -> bool:
        return len(self._followers) >= STREAMS

    async def follow(self) -> AsyncIterator[Iterable[str]]:
        """The ids that changed since the last time, none after ``PING`` seconds of silence."""
        follower = _Follower()
        self._followers.add(follower)
        try:
            while not self._closed:
                try:
                    async with asyncio.timeout(PING):
                        await follower.woken.wait()
                except TimeoutError:
                    pass
                changed, follower.changed = follower.changed, {}
                follower.woken.clear()
                yield list(changed)
        finally:
            self._followers.discard(follower)
