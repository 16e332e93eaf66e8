"""Live events: how long after its commit a viewer's message is known to every open console, and what that costs.

``python -m tests.bench.live --consoles 200 --rate 50``: two ``serve`` processes on PostgreSQL share the consoles and
the viewers' messages, so that half of what a console hears was written by the other process. ``commit to console`` is
counted from the answer to the message, which leaves right after the commit; what a console heard before it counts as 0.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import uvloop

from app.console.endpoints.live import PATH
from tests.bench import ours, processes
from tests.bench.consoles import Hall, Platform, Turn, follow
from tests.bench.contestants import Contestant

_SERVERS = 2
_PAUSE = 4
"""Seconds between two messages of one viewer at the least, so that each is told apart from the one before."""
_SETTLE = 2.0
"""Seconds in which nobody writes."""
_PATIENCE = 15.0
"""Seconds for what is told last; what was only stored under pressure is decided, and told, later."""


@dataclass(frozen=True, slots=True)
class Options:
    consoles: int
    rate: int
    seconds: int
    path: str
    headers: Mapping[str, str]


def main() -> None:
    chosen = _parse()
    with tempfile.TemporaryDirectory(prefix="viewer-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        contestant = stack.enter_context(ours.service("postgres", folder, "plain"))
        ports = [processes.free_port() for _ in range(_SERVERS)]
        servers = [stack.enter_context(_server(contestant, port, folder, bool(chosen.headers))) for port in ports]
        for port in ports:
            processes.wait_for(f"http://127.0.0.1:{port}/readyz", folder / f"{port}.log")
        uvloop.run(_measure(chosen, contestant, ports, servers))


def _parse() -> Options:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--consoles", type=int, default=200)
    parser.add_argument("--rate", type=int, default=50, help="messages of viewers a second")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--path", default=PATH, help="of the stream")
    parser.add_argument("--header", action="append", default=[], help="of who is signed in: 'Cookie: …'; without one the stream is open to everybody")  # fmt: skip  # noqa: E501
    given = parser.parse_args()
    headers = {name: value.strip() for name, _, value in (header.partition(":") for header in given.header)}
    return Options(given.consoles, given.rate, given.seconds, given.path, headers)


def _server(contestant: Contestant, port: int, folder: Path, is_signed_in: bool) -> AbstractContextManager[int]:
    command, env = contestant.on(port)
    module = "app" if is_signed_in else "tests.bench.open_door"
    return processes.running([sys.executable, "-m", module, *command[3:]], env, folder / f"{port}.log")


async def _measure(chosen: Options, contestant: Contestant, ports: Sequence[int], servers: Sequence[int]) -> None:
    hall, platform = Hall(), Platform(ports, contestant.path)
    viewers = [f"o{number:027d}" for number in range(chosen.rate * _PAUSE)]
    for viewer in viewers:
        await platform.say(viewer)
    talks = await _conversations(contestant.env["DATABASE_URL"])
    before = [processes.rss_mb(pid) for pid in servers]
    await follow(hall, ports, chosen.consoles, chosen.path, chosen.headers)
    more = sum(processes.rss_mb(pid) for pid in servers) - sum(before)
    pids = [*servers, contestant.store_pid or 0]
    idle = await _busy(pids, asyncio.sleep(_SETTLE))
    told, turns = hall.messages, list[Turn]()
    people = [(viewer, talks[viewer]) for viewer in viewers]
    busy = await _busy(pids, _speak(chosen, hall, platform, people, turns))
    for console in hall.consoles:
        console.transport.close()
    platform.close()
    _report(chosen, hall, turns, hall.messages - told, more, idle, busy)


async def _conversations(url: str) -> dict[str, int]:
    """By viewer."""
    connection = await asyncpg.connect(url)
    try:
        found = "SELECT external_id, c.id FROM identities AS i JOIN conversations AS c ON c.identity_id = i.id"
        return {row[0]: row[1] for row in await connection.fetch(found)}
    finally:
        await connection.close()


async def _speak(
    chosen: Options, hall: Hall, platform: Platform, people: Sequence[tuple[str, int]], turns: list[Turn]
) -> None:
    """At an even pace, whether or not the one before is answered."""
    start = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for number in range(chosen.rate * chosen.seconds):
            await asyncio.sleep(max(0.0, start + number / chosen.rate - time.perf_counter()))
            viewer, conversation = people[number % len(people)]
            turn = hall.turns[conversation] = Turn()
            turns.append(turn)
            tasks.create_task(platform.say(viewer, turn))
    end = time.perf_counter() + _PATIENCE
    while time.perf_counter() < end and any(len(turn.heard) < chosen.consoles for turn in turns):  # noqa: ASYNC110  (the work of a console is what is measured)
        await asyncio.sleep(0.1)


async def _busy(pids: Sequence[int], work: Awaitable[None]) -> list[float]:
    """How much of a core each process used meanwhile, in percent."""
    before, start = [processes.cpu_seconds(pid) for pid in pids], time.perf_counter()
    await work
    took = time.perf_counter() - start
    return [100 * (processes.cpu_seconds(pid) - was) / took for pid, was in zip(pids, before, strict=True)]


def _report(
    chosen: Options, hall: Hall, turns: Sequence[Turn], messages: int, more: float, idle: list[float], busy: list[float]
) -> None:
    after_commit = sorted(max(0.0, heard - turn.answered) for turn in turns for heard in turn.heard)
    in_all = sorted(heard - turn.sent for turn in turns for heard in turn.heard)
    missed = len(turns) * chosen.consoles - len(in_all)
    print(f"{chosen.consoles} consoles, {_SERVERS} processes, {chosen.rate} messages/s for {chosen.seconds} s:")
    print(f"  commit to console    {_percentiles(after_commit)}")
    print(f"  message to console   {_percentiles(in_all)}")
    print(f"  missed {missed}, told to read everything again {hall.refreshes}")
    print(f"  messages to a console {messages / max(1, chosen.consoles) / chosen.seconds:.1f}/s")
    print(f"  memory of a console  {1024 * more / max(1, chosen.consoles):.0f} KB")
    for name, (quiet, loud) in zip(("serve", "serve", "database"), zip(idle, busy, strict=True), strict=True):
        print(f"  {name:<9} {quiet:5.1f} % of a core while nobody writes, {loud:5.1f} % under load", flush=True)


def _percentiles(times: Sequence[float]) -> str:
    if not times:
        return "nothing was heard"
    p50, p99 = times[len(times) // 2], times[len(times) * 99 // 100]
    return f"p50 {1e3 * p50:.1f} ms, p99 {1e3 * p99:.1f} ms, longest {1e3 * times[-1]:.1f} ms"


if __name__ == "__main__":
    main()
