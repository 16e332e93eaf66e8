"""Server processes: start, wait, look at them through /proc (Linux), stop."""

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
"""The checkout; every process is started there, so that peers can import ``tests.bench``."""

_TICKS = os.sysconf("SC_CLK_TCK")
_STOP_SECONDS = 10.0


@contextmanager
def running(command: Sequence[str], env: Mapping[str, str], log: Path) -> Iterator[int]:
    """Run a server with its output in ``log``; gives its process id, ends it and all its children afterwards."""
    with log.open("ab") as output:
        server = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **env}, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield server.pid
    finally:
        _stop(server)


def run(command: Sequence[str], env: Mapping[str, str], log: Path) -> None:
    """Run a command to its end; SystemExit with what it said if it fails."""
    with log.open("ab") as output:
        done = subprocess.run(command, cwd=ROOT, env={**os.environ, **env}, stdout=output, stderr=output, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{tail(log)}")


def wait_for(request: str | urllib.request.Request, log: Path, *, seconds: float = 60, pause: float = 0.05) -> bytes:
    """Repeat a request until it is answered with 200; SystemExit with the end of the log if that takes too long."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        with contextlib.suppress(OSError), urllib.request.urlopen(request, timeout=5) as response:
            if response.status == 200:
                body: bytes = response.read()
                return body
        time.sleep(pause)
    raise SystemExit(f"no 200 within {seconds:.0f} s; the server's log ends with:\n{tail(log)}")


def fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as response:
        text: str = response.read().decode()
        return text


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def cpu_seconds(pid: int) -> float:
    """CPU time of a process, its living children and those that it has waited for."""
    return sum(_cpu_ticks(member) for member in _family(pid)) / _TICKS


def machine_cpu_seconds() -> float:
    """CPU time that the machine's cores gave to anything, and what its host took from them, since it started."""
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, _machine_ticks())
    return (user + nice + system + irq + softirq + steal) / _TICKS


def rss_mb(pid: int) -> float:
    """Resident memory of a process and its children, shared pages counted in each."""
    return sum(_rss_kb(member) for member in _family(pid)) / 1024


def tail(log: Path, lines: int = 20) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def _stop(server: "subprocess.Popen[Any]") -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGTERM)
    try:
        server.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _family(pid: int) -> list[int]:
    children = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children[int(fields[1])].append(int(entry.name))
    members = [pid]
    for member in members:  # grows while it is walked: parents before children
        members += children[member]
    return members


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on (proc(5)); empty if the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _machine_ticks() -> list[str]:
    return Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]


def _cpu_ticks(pid: int) -> int:
    return sum(map(int, _stat(pid)[11:15]))  # utime, stime, cutime, cstime


def _rss_kb(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")), 0)
