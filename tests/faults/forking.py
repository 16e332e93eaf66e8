"""Processes of the service that are forked off one which has loaded its modules already: a start costs no second.

Each has an id, memory and files of its own, and is killed like any other. That ``python -m app`` starts by itself is
proved by the tests of the commands, of the image and of the pages.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

from tests.faults.launcher import launch

LOADED = (
    "tests.faults.launcher", "sqlalchemy.dialects.sqlite", "sqlalchemy.dialects.postgresql.asyncpg", "uvloop",
    "uvicorn.loops.uvloop", "uvicorn.protocols.http.httptools_impl", "uvicorn.lifespan.on",
)  # fmt: skip


@dataclass(frozen=True)
class Forked:
    """What of ``subprocess.Popen`` the tests use."""

    process: ForkServerProcess

    def poll(self) -> int | None:
        return self.process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self.process.join(timeout)
        code = self.process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired(self.process.name, timeout or 0)
        return code

    def kill(self) -> None:
        self.process.kill()

    def send_signal(self, number: int) -> None:
        if self.process.pid is not None and self.poll() is None:
            os.kill(self.process.pid, number)


def fork(arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> Forked:
    """``arguments``: those of ``launch``. What the process says goes to ``log``."""
    process = _server().Process(target=_run, args=(list(arguments), dict(environment), log), name=arguments[-1])
    process.start()
    return Forked(process)


def spawn(run: Callable[[Connection], None]) -> tuple[ForkServerProcess, Connection]:
    """A function in a process of its own, and the near end of the pipe that it is given the far end of."""
    near, far = _server().Pipe()
    process = _server().Process(target=run, args=(far,), name=run.__name__)
    process.start()
    far.close()
    return process, near


@cache
def _server() -> ForkServerContext:
    context = get_context("forkserver")
    context.set_forkserver_preload(["pytest", *LOADED])  # a child imports what its parent runs as __main__
    return context


def _run(arguments: list[str], environment: dict[str, str], log: Path) -> None:
    os.environ.clear()
    os.environ.update(environment)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    for standard in (1, 2):
        os.dup2(output, standard)
    os.close(output)
    sys.exit(launch(arguments))
