"""Waiting for what must become true, instead of sleeping for as long as it might take."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 30.0
"""Seconds after which something that should have happened counts as never happening."""
_PAUSE = 0.02


async def eventually(what: str, look: Callable[[], Awaitable[T]], *, within: float = PATIENCE) -> T:
    """Look until the result is true, and return it; AssertionError with the last look after ``within`` seconds."""
    give_up = monotonic() + within
    while not (found := await look()):
        assert monotonic() < give_up, f"never happened: {what} (the last look gave {found!r})"
        await asyncio.sleep(_PAUSE)
    return found
