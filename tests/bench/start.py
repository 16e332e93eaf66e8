"""How long our process takes from its start until /readyz answers 200: on an empty store, and once more."""

import time
from collections.abc import Iterable
from pathlib import Path

from tests.bench import processes
from tests.bench.contestants import Contestant
from tests.bench.ours import empty_service, label

_PAUSE = 0.01


def report(databases: Iterable[str], folder: Path) -> None:
    for database in databases:
        with empty_service(database, folder, label(database)) as contestant:
            first = _seconds_to_ready(contestant, folder)
            second = _seconds_to_ready(contestant, folder)
            print(f"{contestant.name}: first start {first:.2f} s (tables made), second {second:.2f} s", flush=True)


def _seconds_to_ready(contestant: Contestant, folder: Path) -> float:
    port, log = processes.free_port(), folder / f"{contestant.name}.log"
    started = time.perf_counter()
    with processes.running(*contestant.on(port), log):
        processes.wait_for(f"http://127.0.0.1:{port}/readyz", log, pause=_PAUSE)
        return time.perf_counter() - started
