"""An installation of the service as real processes: started, killed with SIGKILL, started again on the same data."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from app.faq.facts import FACTS
from app.settings import ROOT
from tests.bench.account import APP_ID, TOKEN
from tests.faults.forking import Forked, fork
from tests.faults.requesting import request
from tests.faults.waiting import PATIENCE, eventually
from tests.postgres import free_ports

ONLY_STORE = "set@app.dialogue.ingest:PRESSURE=-1"
"""The fault under which every push is stored first and decided later, as under pressure."""
CHANNEL = "faults"
WEBHOOK = f"/webhooks/wechat/{CHANNEL}"
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LC_ALL": "C.UTF-8",
    "MODE": "production",
    "CACHE_DIR": os.environ.get("CACHE_DIR", ""),  # the index that all services of a run share
    **{f"FACTS__{fact.name.upper()}": fact.demo for fact in FACTS},
}
"""All that a process of ours gets from outside, besides what an installation adds to it."""


@dataclass
class Process:
    running: "Forked | subprocess.Popen[bytes]"
    log: Path

    async def died(self) -> None:
        """Wait for a death by SIGKILL, ours or that of a fault."""
        code = await asyncio.to_thread(self.running.wait, PATIENCE)
        assert code == -signal.SIGKILL, f"ended with {code} instead: {self.said()}"

    @property
    def pid(self) -> int:
        found = self.running.process.pid if isinstance(self.running, Forked) else self.running.pid
        assert found is not None
        return found

    def said(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-20:])


@dataclass
class Server(Process):
    port: int

    async def count(self, metric: str) -> float:
        """The value of a metric without labels."""
        lines = (await request(self.port, "GET", "/metrics")).body.decode().splitlines()
        return next(float(line.split()[1]) for line in lines if line.startswith(f"{metric} "))

    async def is_ready(self) -> bool:
        assert self.running.poll() is None, f"ended while starting: {self.said()}"
        try:
            return (await request(self.port, "GET", "/readyz", seconds=PATIENCE)).status == 200
        except OSError:
            return False


@dataclass
class Installation:
    """``environment`` names the database, the data folder, the keys and the platform's API."""

    folder: Path
    environment: Mapping[str, str]
    processes: list[Process] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)
    code: Path | None = None
    """The folder that holds app/, started by ``python -m app``. None: processes are forked, from the code here."""

    @property
    def embedded(self) -> bool:
        """SQLite: one process does everything."""
        return self.environment["DATABASE_URL"].startswith("sqlite")

    async def serve(self, *faults: str, port: int | None = None) -> Server:
        """A server that answers; give the ``port`` of a dead one to start it again."""
        port = port or free_ports(1)[0]
        server = Server(*self._start("serve", faults, {"PORT": str(port)}), port)
        self.processes.append(server)
        await eventually("the server is ready", server.is_ready)
        return server

    def work(self, *faults: str) -> Process:
        """A worker, which sends the outbox (PostgreSQL only)."""
        worker = Process(*self._start("worker", faults, {}))
        self.processes.append(worker)
        return worker

    def send(self) -> None:
        """Have the outbox sent, by a worker where ``serve`` does not do it already."""
        if not self.embedded:
            self.work()

    async def kill(self) -> None:
        """Kill everything at once."""
        for process in self.processes:
            process.running.kill()
        for process in self.processes:
            await process.died()
        self.processes.clear()

    async def kill_one(self, process: Process) -> None:
        self.processes.remove(process)
        process.running.kill()
        await process.died()

    def end(self) -> None:
        for process in self.processes:
            process.running.kill()
            process.running.wait()

    def _start(
        self, verb: str, faults: tuple[str, ...], more: Mapping[str, str]
    ) -> "tuple[Forked | subprocess.Popen[bytes], Path]":
        log = self.folder / f"{verb}-{next(self.numbers)}.log"
        log.touch()
        environment = {**self.environment, **more}
        if self.code is None:
            return fork([*faults, verb], environment, log), log
        assert not faults
        with log.open("wb") as output:
            command = [sys.executable, "-m", "app", verb]
            return subprocess.Popen(command, cwd=self.code, env=environment, stdout=output, stderr=output), log


def add_channel(environment: Mapping[str, str]) -> None:
    """Add the account that the tests push to, by the command line."""
    secrets = ("--token", TOKEN, "--app-secret", "s3cret")
    command = (sys.executable, "-m", "app", "channel", "add", "wechat", CHANNEL, "--app-id", APP_ID, "--mode", "plain")
    done = subprocess.run((*command, *secrets), cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
