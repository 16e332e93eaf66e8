"""Processes that send are killed amid their messages, over platforms that fail in every way they know."""

import pytest

from tests.faults.desk import PATIENT, Desk
from tests.faults.talking import begin_to_speak, reckon, to_say


async def test_every_message_arrives_once_or_nobody_can_know(desk: Desk, full: bool) -> None:
    """One process sends: ``serve`` on SQLite, a worker on PostgreSQL."""
    await _survive(desk, messages=10_000 if full else 500, kills=8 if full else 2, patient=full)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_workers_beside_each_other(desk: Desk, full: bool, workers: int) -> None:
    await _survive(desk, messages=10_000 if full else 200, kills=8 if full else 1, count=workers, patient=full)


async def _survive(desk: Desk, *, messages: int, kills: int, patient: bool, count: int = 1) -> None:
    said = await to_say(desk, messages)
    await desk.disturb()
    faults = PATIENT if patient else ()
    await desk.start(*faults, count=count)
    speaking = begin_to_speak(desk, said)
    for moment in desk.moments(len(said), kills):
        await desk.settled(moment)
        await desk.kill_one(patient=patient)
        await desk.start(*faults)
    await desk.shut_the_doors()
    await speaking
    await desk.all_done()
    rows = await reckon(desk, said)
    assert 0 < sum(row.state == "unknown" for row in rows) < len(said) / 5, "nothing, or too much, went wrong"
