"""How long an agent's message needs to the viewer's phone while very much else waits to leave."""

import asyncio
import random
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.channels.outbound import Text
from app.conversations import outbox
from app.conversations.models import Channel
from app.db.database import Database
from app.jobs.models import Priority
from app.settings import Settings
from tests.bench import processes
from tests.bench.delivery import sends, stores
from tests.bench.delivery.filling import fill, settle_down
from tests.factories.delivering import viewer, writes

WAITING = 1_000_000
_ANSWERS = 30
_PAUSE = 0.4


def report(database: str, folder: Path) -> None:
    print(f"{database}: an agent's message while so many of a campaign are due and leave", flush=True)
    with stores.servers(database, folder) as create:
        for number, count in enumerate((10, WAITING)):
            found = measure(create(f"urgent_{number}"), folder, count)
            print(
                f"  {count:>9,} wait: to the phone in {median(found) * 1000:.0f} ms, at most {max(found) * 1000:.0f} ms"
                f" (of which {sends.LATENCY * 1000:.0f} are the platform's)",
                flush=True,
            )


def measure(settings: Settings, folder: Path, waiting: int) -> list[float]:
    """Seconds from the commit of each of some messages until the platform had taken it."""

    async def prepare(db: Database) -> None:
        channel = await stores.add_channel(db, settings)
        now = datetime.now(UTC)
        await db.write(fill, channel, first=0, count=waiting, priority=Priority.campaign, now=now)
        await db.write(settle_down)

    stores.run(settings, prepare)
    with ExitStack() as stack:
        address = stack.enter_context(sends.platform(folder))
        command = (sys.executable, "-m", "tests.bench.delivery.worker", str(sends.PLACES), address)
        stack.enter_context(processes.running(command, sends.environment(settings), folder / "worker.log"))
        while sends.figures(address)["count"] < min(waiting, 2 * sends.PLACES):
            time.sleep(0.05)
        said = stores.run(settings, _answer)
        arrived = _wait(address)
        return [there - at for there, at in zip(arrived, said, strict=True)]


async def _answer(db: Database) -> list[float]:
    """Agents write to viewers to whom nothing else is about to leave; when each message was committed."""
    said = []
    channel = await db.read(lambda session: session.scalars(select(Channel.id)).one())
    for number in range(_ANSWERS):
        conversation = await db.write(_new_viewer, channel, f"new-{number}")
        await asyncio.sleep(_PAUSE * (0.5 + random.random()))
        now = datetime.now(UTC)
        await db.write(outbox.post, conversation, Text("urgent"), author="7", priority=Priority.agent, now=now)
        said.append(time.time())
    return said


def _new_viewer(session: Session, channel: int, name: str) -> int:
    conversation = viewer(session, channel, name)
    writes(session, conversation, datetime.now(UTC))
    return conversation


def _wait(address: str) -> Sequence[float]:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        arrived: list[float] = sends.figures(address)["urgent"]
        if len(arrived) == _ANSWERS:
            return arrived
        time.sleep(0.1)
    raise SystemExit("agents' messages did not arrive")
