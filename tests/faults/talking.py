"""A run of messages to viewers on both platforms, and its reckoning."""

import asyncio
from datetime import UTC, datetime

from tests.faults import reckoning, stored
from tests.faults.desk import Desk
from tests.faults.filling import talks
from tests.faults.speaking import Said, lines, speak
from tests.faults.stored import Row

EACH = 4
"""Messages of a conversation: as many as QQ allows in answer to one."""


async def to_say(desk: Desk, messages: int) -> list[Said]:
    """About so many, half of them on each platform, to viewers who have just written."""
    now, number = datetime.now(UTC), messages // EACH // 2
    wechat = await talks(desk.database, desk.channels.wechat, [f"oViewer{n:05}" for n in range(number)], now)
    qq = await talks(desk.database, desk.channels.qq, [f"c2c:user{n:05}" for n in range(number)], now)
    await desk.platforms.tell(heard=[(talk.viewer.removeprefix("c2c:"), talk.key) for talk in qq])
    return lines([*wechat, *qq], EACH, desk.random)


def begin_to_speak(desk: Desk, said: list[Said]) -> "asyncio.Task[None]":
    return asyncio.create_task(speak(desk.database, said))


async def reckon(desk: Desk, said: list[Said]) -> list[Row]:
    """AssertionError with what was lost, doubled or out of order; the rows."""
    rows, seen = await desk.database.read(stored.rows), await desk.platforms.look()
    found = reckoning.complaints(seen, rows, desk.held)
    assert not found, reckoning.told(found)
    assert len(rows) == len(said)
    states = await desk.database.read(stored.states)
    assert states["sent"] + states["unknown"] == len(said), states
    return rows
