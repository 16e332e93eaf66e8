"""A timer runs once for each of its times, beside which workers and through whatever kills."""

from collections import Counter
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.jobs.models import Job, JobState
from tests.faults.desk import Desk
from tests.faults.launcher import BEAT
from tests.faults.waiting import eventually

EVERY = 0.2


def planned_in_hand(session: Session) -> datetime | None:
    """The time of the run that somebody has begun and not ended."""
    return session.scalar(select(Job.not_before).where(Job.kind == BEAT, Job.state == JobState.running))


async def test_each_run_is_done_once(desk: Desk, full: bool, tmp_path: Path) -> None:
    """One that was in a killed worker's hands is run again; it may have come to its end, but not have said so."""
    beats, interrupted = tmp_path / "beats", set[datetime]()
    beats.touch()
    fault = f"beat@{EVERY}={beats}"
    await desk.start(fault, count=1 if desk.installation.embedded else 2)
    for _ in range(10 if full else 1):
        reached = len(runs(beats, "end")) + desk.random.randint(3, 6)
        await eventually("some runs", partial(has_run, beats, reached))
        await desk.kill_one()
        if planned := await desk.database.read(planned_in_hand):
            interrupted.add(planned)
        await desk.start(fault)
    last = len(runs(beats, "end")) + 5
    await eventually("some runs more", lambda: has_run(beats, last))
    await desk.installation.kill()

    ended, begun = Counter(runs(beats, "end")), Counter(runs(beats, "begin"))
    times = sorted(ended)
    gaps = {after - before for before, after in pairwise(times)}
    assert gaps == {timedelta(seconds=EVERY)}, "a time was left out"
    in_hand = await desk.database.read(planned_in_hand)
    assert {planned for planned, count in ended.items() if count > 1} <= interrupted
    assert {planned for planned, count in begun.items() if count > 1} <= interrupted
    assert begun.keys() - ended.keys() <= {in_hand}


def runs(beats: Path, word: str) -> list[datetime]:
    return [datetime.fromisoformat(line.split()[1]) for line in beats.read_text().splitlines() if line.startswith(word)]


async def has_run(beats: Path, count: int) -> bool:
    return len(runs(beats, "end")) >= count
