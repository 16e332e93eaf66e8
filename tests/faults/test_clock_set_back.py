"""The clock is set back by an hour under a process that sends, and again before the next one starts."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from tests.faults import stored
from tests.faults.desk import PATIENT, Desk
from tests.faults.platforms import QQ_SEND, WECHAT_SEND
from tests.faults.speaking import speak
from tests.faults.talking import reckon, to_say
from tests.faults.waiting import eventually

HOUR, LEASE = timedelta(hours=1), timedelta(seconds=25)
SOON = 240.0
"""Seconds within which all must be done: far fewer than an hour."""
CLOCKS = ("app.worker", "app.conversations.sending", "app.jobs.runner")


@dataclass
class Clock:
    """That of the processes and of who enqueues."""

    file: Path
    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def set_back(self, by: timedelta) -> None:
        self.ahead -= by
        draft = self.file.with_suffix(".new")
        draft.write_text(str(self.ahead.total_seconds()))
        draft.rename(self.file)


async def is_no_lease_too_long(desk: Desk, clock: Clock) -> bool:
    """Whether no lane stays leased for longer than one that is leased now."""
    last = await desk.database.read(stored.last_lease)
    return last is None or last <= clock() + LEASE


async def test_nothing_waits_for_an_hour_and_everything_arrives_once(desk: Desk, full: bool, tmp_path: Path) -> None:
    clock = Clock(tmp_path / "clock")
    clock.set_back(timedelta())
    faults = (
        *(f"clock@{module}={clock.file}" for module in CLOCKS),
        "set@app.jobs.clocks:MARKED_EVERY=0.3", "set@app.conversations.settling:FIRST_WAIT=1", *PATIENT,
    )  # fmt: skip
    said = await to_say(desk, 3_000 if full else 80)
    shares = {WECHAT_SEND: [("code", 43108, 0.1)], QQ_SEND: [("code", 40034004, 0.1)]}
    await desk.platforms.tell(latency=0.02, shares=shares)
    third = len(said) // 3
    await desk.start(*faults)
    await speak(desk.database, said[: 2 * third], clock)
    await desk.settled(third)
    clock.set_back(HOUR)
    await speak(desk.database, said[2 * third :], clock)
    await desk.settled(2 * third, within=SOON)
    dead = await desk.kill_one(patient=True)
    clock.set_back(HOUR)
    await desk.start(*faults)
    await eventually("no lease is too long", partial(is_no_lease_too_long, desk, clock))
    await desk.database.write(stored.end_leases_of, dead.pid, clock())
    await desk.all_done(within=SOON)
    await reckon(desk, said)
