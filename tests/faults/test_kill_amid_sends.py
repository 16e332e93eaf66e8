"""Processes that send are killed amid their messages, over platforms that fail in every way they know."""

import asyncio
from datetime import UTC, datetime

import pytest

from tests.faults import reckoning, stored
from tests.faults.desk import Desk
from tests.faults.filling import talks
from tests.faults.speaking import Said, lines, speak

EACH = 4
"""Messages of a conversation: as many as QQ allows in answer to one."""


async def test_every_message_arrives_once_or_nobody_can_know(desk: Desk, full: bool) -> None:
    """One process sends: ``serve`` on SQLite, a worker on PostgreSQL."""
    await _survive(desk, messages=10_000 if full else 500, kills=8 if full else 2, patient=full)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_workers_beside_each_other(desk: Desk, full: bool, workers: int) -> None:
    await _survive(desk, messages=10_000 if full else 200, kills=8 if full else 1, count=workers, patient=full)


async def _survive(desk: Desk, *, messages: int, kills: int, patient: bool, count: int = 1) -> None:
    said = await _to_say(desk, messages)
    await desk.disturb()
    await desk.start(count=count)
    speaking = asyncio.create_task(speak(desk.database, said))
    for moment in desk.moments(len(said), kills):
        await desk.settled(moment)
        await desk.kill_one(patient=patient)
        await desk.start()
    await desk.shut_the_doors()
    await speaking
    await desk.all_done()

    rows, seen = await desk.database.read(stored.rows), await desk.platforms.look()
    found = reckoning.complaints(seen, rows, desk.held)
    assert not found, reckoning.told(found)
    assert len(rows) == len(said)
    states = await desk.database.read(stored.states)
    assert states["sent"] + states["unknown"] == len(said), states
    assert states["unknown"] < messages / 5, states


async def _to_say(desk: Desk, messages: int) -> list[Said]:
    now, number = datetime.now(UTC), messages // EACH // 2
    wechat = await talks(desk.database, desk.channels.wechat, [f"oViewer{n:05}" for n in range(number)], now)
    qq = await talks(desk.database, desk.channels.qq, [f"c2c:user{n:05}" for n in range(number)], now)
    await desk.platforms.tell(heard=[(talk.viewer.removeprefix("c2c:"), talk.key) for talk in qq])
    return lines([*wechat, *qq], EACH, desk.random)
