"""Messages a second through the whole sender, beside what places and latency allow at the most."""

import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.db.database import Database
from app.jobs.models import Priority
from app.settings import Settings
from tests.bench import processes
from tests.bench.delivery import stores
from tests.bench.delivery.filling import fill, settle_down

LATENCY = 0.05
PLACES = 32
WORKERS = {"sqlite": (1,), "postgres": (1, 2, 4)}
_SECONDS = 12
_MODULE = "tests.bench.delivery"


@dataclass(frozen=True, slots=True)
class Run:
    rate: float
    """Messages a second, from the end of the first second on."""
    worker: float
    """Processor time of the workers for a message, in ms."""
    store: float
    """Of the database's server and of whatever else ran, in ms."""
    busy: float
    """Cores that were at work, of all that the machine has."""
    places: int
    """Messages that were on their way at a time, at the most."""


def report(database: str, folder: Path, workers: Sequence[int] = ()) -> None:
    print(f"{database}: {PLACES} places a worker, {LATENCY * 1000:.0f} ms a call", flush=True)
    with stores.servers(database, folder) as create:
        for count in workers or WORKERS[database]:
            ideal = count * PLACES / LATENCY
            run = measure(create(f"sends_{count}"), folder, count, round(ideal * _SECONDS))
            print(
                f"  {count} worker{'s' if count > 1 else ' '} {run.rate:6.0f}/s of {ideal:5.0f}: {run.rate / ideal:.2f}"
                f"   worker {run.worker:.2f} ms, others {run.store:.2f} ms a message, {run.busy:.1f} cores busy,"
                f" up to {run.places} on their way",
                flush=True,
            )


def measure(settings: Settings, folder: Path, workers: int, messages: int) -> Run:
    async def prepare(db: Database) -> None:
        channel = await stores.add_channel(db, settings)
        await db.write(fill, channel, first=0, count=messages, priority=Priority.bot, now=datetime.now(UTC))
        await db.write(settle_down)

    stores.run(settings, prepare)
    with ExitStack() as stack:
        address = stack.enter_context(platform(folder))
        env = environment(settings)
        command = (sys.executable, "-m", f"{_MODULE}.worker", str(PLACES), address)
        pids = [stack.enter_context(processes.running(command, env, folder / "worker.log")) for _ in range(workers)]
        return _watch(address, pids, messages)


@contextmanager
def platform(folder: Path, latency: float = LATENCY) -> Iterator[str]:
    """The address of one that takes everything."""
    port, log = processes.free_port(), folder / "platform.log"
    address = f"http://127.0.0.1:{port}"
    with processes.running((sys.executable, "-m", f"{_MODULE}.platform", str(port), str(latency)), {}, log):
        processes.wait_for(f"{address}/figures", log)
        yield address


def figures(address: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(processes.fetch(f"{address}/figures"))
    return found


def environment(settings: Settings) -> dict[str, str]:
    """For a process that uses the same store."""
    return {
        "DATABASE_URL": settings.database_url, "DATA_DIR": str(settings.data_dir),
        "SECRET_KEYS": ",".join(settings.secret_keys), "MIGRATE": "never", "LOG_LEVEL": "info",
    }  # fmt: skip


def _watch(address: str, pids: Sequence[int], messages: int) -> Run:
    """From the first second of sending until nearly all has left, or for as long as is measured."""
    while figures(address)["count"] < PLACES * len(pids):
        time.sleep(0.05)
    time.sleep(1)
    begin, count = time.time(), figures(address)["count"]
    workers, machine = _cpu(pids), processes.machine_cpu_seconds()
    while time.time() < begin + _SECONDS - 2 and figures(address)["count"] < 0.95 * messages:
        time.sleep(0.25)
    seconds, found = time.time() - begin, figures(address)
    sent = found["count"] - count
    mine, all_of_it = _cpu(pids) - workers, processes.machine_cpu_seconds() - machine
    return Run(sent / seconds, mine / sent * 1000, (all_of_it - mine) / sent * 1000, all_of_it / seconds,
               found["most_open"])  # fmt: skip


def _cpu(pids: Sequence[int]) -> float:
    return sum(processes.cpu_seconds(pid) for pid in pids)
