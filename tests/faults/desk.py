"""An installation with a channel on each played platform, whose time-outs and pauses are short."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

from app.conversations import accounts
from app.db.database import Database
from app.secrets import Keyring
from tests.bench.account import APP_ID, TOKEN
from tests.faults import stored
from tests.faults.filling import Channels
from tests.faults.installation import CHANNEL, Installation, Process
from tests.faults.platforms import QQ_APP_ID, QQ_SECRET, QQ_SEND, WECHAT_SECRET, WECHAT_SEND, Platforms
from tests.faults.waiting import eventually

LATENCY = 0.02
LONG = 300.0
"""Seconds after which a run counts as one that never ends."""
LEASE = 15.0
"""Seconds: an attempt must end well within it, on a machine that does much else at the same time."""
HURRIED = (
    f"set@app.conversations.sending:LEASE={LEASE}",
    "set@app.jobs.runner:LEASE=2",
    "set@app.conversations.calling:TIMEOUT=2",
    "set@app.conversations.calling:LONGEST=3",
    "set@app.conversations.settling:FIRST_WAIT=0.05",
    "set@app.conversations.settling:LONGEST_WAIT=0.4",
    # So often that chance alone gives no message up.
    "set@app.conversations.settling:ATTEMPTS.retry=60",
    "set@app.conversations.settling:ATTEMPTS.unknown=60",
    "set@app.channels.wechat.outcomes:_RETRY_AFTER.45011=0.2",
    "set@app.channels.qq.outcomes:_RETRY_AFTER.22009=0.2",
)
PATIENT = (
    "set@app.conversations.sending:LEASE=25",
    "set@app.conversations.calling:TIMEOUT=4",
    "set@app.conversations.calling:LONGEST=5",
)
"""For many processes on a machine of two cores, where an answer may take seconds to be read."""
WECHAT_TROUBLES = [
    ("code", 43108, 0.03), ("code", 45011, 0.005), ("code", -1, 0.01), ("status", 502, 0.01), ("lost", 0, 0.01),
    ("taken", 0, 0.01), ("silent", 0, 0.006), ("taken_silent", 0, 0.006),
]  # fmt: skip
QQ_TROUBLES = [
    ("code", 40034004, 0.03), ("code", 22009, 0.005), ("status", 502, 0.01), ("status_taken", 504, 0.03),
    ("lost", 0, 0.02), ("taken", 0, 0.02), ("silent", 0, 0.006), ("taken_silent", 0, 0.006),
]  # fmt: skip


@dataclass
class Desk:
    installation: Installation
    database: Database
    platforms: Platforms
    channels: Channels
    random: Random = field(default_factory=lambda: Random(20261123))
    held: set[int] = field(default_factory=set)
    """Messages that were in the hands of a process when it was killed."""
    senders: list[Process] = field(default_factory=list)

    async def start(self, *faults: str, count: int = 1) -> None:
        """Processes that send: ``serve`` where it does all, else workers."""
        for _ in range(count):
            self.senders.append(await self._start(*HURRIED, *faults))

    async def _start(self, *faults: str) -> Process:
        if self.installation.embedded:
            return await self.installation.serve(*faults)
        return self.installation.work(*faults)

    async def disturb(self) -> None:
        """From now on calls are slow and fail in every way."""
        shares = {WECHAT_SEND: WECHAT_TROUBLES, QQ_SEND: QQ_TROUBLES}
        await self.platforms.tell(latency=LATENCY, shares=shares)

    async def shut_the_doors(self) -> None:
        """Until somebody has met them shut."""
        await self.platforms.tell(doors=False)
        await eventually("a call is refused", self._met_shut_doors)
        await self.platforms.tell(doors=True)

    async def _met_shut_doors(self) -> bool:
        return any('"code": "not_connected"' in sender.log.read_text() for sender in self.senders)

    async def settled(self, count: int, *, within: float = LONG) -> None:
        """Wait until so many messages will not leave by themselves any more."""

        async def reached() -> bool:
            return await self.database.read(stored.settled) >= count

        await eventually(f"{count} messages are at their end", reached, within=within)

    async def all_done(self, *, within: float = LONG) -> None:
        await eventually("nothing is left to do", lambda: self.database.read(stored.is_idle), within=within)

    def moments(self, messages: int, count: int) -> list[int]:
        """One in each part of the run."""
        part = messages // (count + 1)
        return [self.random.randrange(part * n + part // 4, part * (n + 1)) for n in range(count)]

    async def kill_one(self, *, patient: bool = False) -> Process:
        """Kill one that sends, and note what it held. Unless ``patient``, the time passes at once for which its lanes
        stay leased."""
        victim = self.random.choice(self.senders)
        self.senders.remove(victim)
        await self.installation.kill_one(victim)
        self.held |= await stored.held_by(self.database, victim.pid)
        if not patient:
            await self.database.write(stored.end_leases_of, victim.pid, datetime.now(UTC))
        return victim


async def add_channels(database: Database, keyring: Keyring) -> Channels:
    wechat = {"app_id": APP_ID, "mode": "plain"}, {"token": TOKEN, "app_secret": WECHAT_SECRET}
    qq = {"app_id": QQ_APP_ID}, {"app_secret": QQ_SECRET}
    added = [
        await database.write(
            accounts.save, platform=platform, name=CHANNEL, settings=settings, secrets=secrets, keyring=keyring,
            now=datetime.now(UTC),
        )
        for platform, (settings, secrets) in {"wechat": wechat, "qq": qq}.items()
    ]  # fmt: skip
    return Channels(*added)
