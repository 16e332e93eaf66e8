"""One measurement: one server, started alone, under load for some seconds."""

import time
import urllib.request
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from pathlib import Path

from tests.bench import generator, processes
from tests.bench.contestants import Contestant
from tests.bench.generator import Answers, Load, Traffic
from tests.bench.messages import EVERYDAY, Mode, push
from tests.bench.outcomes import read_counters


@dataclass(frozen=True, slots=True)
class Figures:
    """Rates in requests/s, times in ms, CPU in µs a request, memory in MB."""

    rate: float
    p50: float
    p99: float
    cpu: float
    store_cpu: float
    """Of the database server beside it; 0 where there is none."""
    generator_cpu: float
    others: float
    """What else kept the machine busy meanwhile, in percent of one core: with much of it the figures say little."""
    rss_before: float
    rss: float
    non_2xx: float
    broken: float


@dataclass(frozen=True, slots=True)
class _Used:
    """CPU seconds of server, store and whole machine, and the clock's seconds."""

    server: float
    store: float
    machine: float
    clock: float

    def __sub__(self, before: "_Used") -> "_Used":
        return _Used(*(now - then for now, then in zip(astuple(self), astuple(before), strict=True)))


@dataclass(frozen=True, slots=True)
class Measurement:
    figures: Figures
    samples: list[bytes]
    """Bodies of some of the answers."""
    counters: Mapping[str, float]
    """By how much each counter of /metrics grew under the load; empty for peers."""


def measure(contestant: Contestant, traffic: Traffic, folder: Path) -> Measurement:
    """Start the contestant, load it, stop it. SystemExit if it does not answer."""
    log, port = folder / f"{contestant.name}.log", processes.free_port()
    load = Load(port, contestant.path, traffic)
    with processes.running(*contestant.on(port), log) as pid:
        _await_answers(contestant, port, traffic.mode, log)
        rss_before = processes.rss_mb(pid)
        with generator.prepared(load) as prepared:
            counters, before = _counters(contestant, port), _used(contestant, pid)
            answers = prepared.run()
            used = _used(contestant, pid) - before
            grown = {name: value - counters.get(name, 0) for name, value in _counters(contestant, port).items()}
        return Measurement(_figures(answers, used, rss_before, processes.rss_mb(pid)), answers.samples, grown)


def _await_answers(contestant: Contestant, port: int, mode: Mode, log: Path) -> None:
    if contestant.metrics:
        processes.wait_for(f"http://127.0.0.1:{port}/readyz", log)
    first = push(EVERYDAY[0], "o" + "0" * 27, time.time_ns(), mode)
    url = f"http://127.0.0.1:{port}{contestant.path}?{first.query}"
    processes.wait_for(urllib.request.Request(url, first.body, {"Content-Type": "text/xml"}), log)


def _counters(contestant: Contestant, port: int) -> dict[str, float]:
    return read_counters(processes.fetch(f"http://127.0.0.1:{port}/metrics")) if contestant.metrics else {}


def _used(contestant: Contestant, pid: int) -> _Used:
    store = processes.cpu_seconds(contestant.store_pid) if contestant.store_pid else 0.0
    return _Used(processes.cpu_seconds(pid), store, processes.machine_cpu_seconds(), time.perf_counter())


def _figures(answers: Answers, used: _Used, rss_before: float, rss: float) -> Figures:
    latencies = answers.latencies
    if not latencies:
        raise SystemExit("not one request was answered under load")
    own, store, generating = (seconds * 1e6 / len(latencies) for seconds in (used.server, used.store, answers.cpu))
    return Figures(
        rate=answers.count / answers.seconds,
        p50=1e3 * latencies[len(latencies) // 2],
        p99=1e3 * latencies[len(latencies) * 99 // 100],
        cpu=own,
        store_cpu=store,
        generator_cpu=generating,
        others=100 * max(0.0, used.machine - used.server - used.store - answers.cpu) / used.clock,
        rss_before=rss_before,
        rss=rss,
        non_2xx=answers.non_2xx,
        broken=answers.broken,
    )
