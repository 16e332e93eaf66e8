"""A feed that runs, and what one who follows it hears."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Protocol

from app.live.feed import Feed
from app.live.followers import Follower

PATIENCE = 30.0
"""Seconds after which something that should be heard counts as never told."""
Thing = tuple[str, int | None]
SEEN: Thing = ("refresh", None)


class Part(Protocol):
    async def run(self) -> None: ...


@dataclass
class Listener:
    follower: Follower
    heard: list[Thing] = field(default_factory=list)
    """In the order of being heard, since the last ``hear``."""

    async def hear(self, *things: Thing) -> list[Thing]:
        """Listen until all of these were heard; what was heard, pings left out."""
        async with asyncio.timeout(PATIENCE):
            while not set(things) <= set(self.heard):
                said = await self.follower.take()
                assert said is not None, f"it ended before {things}, after {self.heard}"
                self.heard += parse(said)
        heard, self.heard = self.heard, []
        return heard


def parse(said: bytes) -> list[Thing]:
    """What a stream's bytes tell."""
    told = [
        json.loads(line[6:]) for line in said.decode().split("\n") if line.startswith("data: ") and line != "data: 0"
    ]
    return [(one["kind"], one["id"]) for each in told for one in (each if isinstance(each, list) else [each])]


@asynccontextmanager
async def running(*parts: Part) -> AsyncIterator[None]:
    """Feeds and bells at their work."""
    tasks = [asyncio.create_task(part.run()) for part in parts]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@asynccontextmanager
async def following(feed: Feed, agent_id: int = 1) -> AsyncIterator[Listener]:
    """One who follows a running feed, and has heard the first ping."""
    async with feed.follow(agent_id) as follower:
        assert parse(await follower.take() or b"") == []
        yield Listener(follower)
