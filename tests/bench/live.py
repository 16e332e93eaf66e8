"""Live events: how long after its commit a viewer's message is on the screens that show it, and what that costs.

``python -m tests.bench.live --consoles 200 --rate 50``: two ``serve`` processes on PostgreSQL share the agents and the
viewers' messages, so that half of what a console hears was written by the other process. Each console is an agent's,
with a conversation open and more in the list, and fetches what the page fetches (``desks.py``); some are pages in a
real browser, which tell when they had painted. All times count from the answer to the message, which leaves right
after the commit; what came before it counts as 0. ``--streams`` leaves the pages out: what the events alone cost.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Awaitable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import uvloop

from app.agents import sessions
from app.console.endpoints.live import PATH
from app.conversations import routing
from app.db.opening import connect
from app.settings import Settings
from tests.bench import ours, processes
from tests.bench.consoles import Hall, Platform, Seat, Turn, follow
from tests.bench.contestants import Contestant
from tests.bench.desks import TICK, DeskPage, Traffic
from tests.bench.painting import Painted, Windows
from tests.factories.people import make_agent, signed_in

_SERVERS = 2
_SETTLE = 2.0
"""Seconds in which nobody writes."""
_PATIENCE = 15.0
"""Seconds for what is told last; what was only stored under pressure is decided, and told, later."""
_SEED = 7
_WATCHED = 25
"""Each so many messages one goes to a real window."""


@dataclass(frozen=True, slots=True)
class Options:
    consoles: int
    talks: int
    rate: int
    seconds: int
    browsers: int
    streams: bool


@dataclass(slots=True)
class Talk:
    viewer: str
    id: int = 0
    seq: int = 0
    """Of its newest message."""
    page: DeskPage | None = None
    """On which it is open."""


@dataclass(slots=True)
class Person:
    """An agent with what he has in hand: the first is open on his page."""

    port: int
    talks: list[Talk]
    cookie: str = ""


@dataclass(slots=True)
class Found:
    turns: list[Turn] = field(default_factory=list)
    painted: list[Painted] = field(default_factory=list)
    traffic: Traffic = field(default_factory=Traffic)


def main() -> None:
    chosen = _parse()
    with tempfile.TemporaryDirectory(prefix="viewer-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        contestant = stack.enter_context(ours.service("postgres", folder, "plain"))
        ports = [processes.free_port() for _ in range(_SERVERS)]
        servers = []
        for port in ports:
            command, env = contestant.on(port)
            servers.append(stack.enter_context(processes.running(command, env, folder / f"{port}.log")))
        for port in ports:
            processes.wait_for(f"http://127.0.0.1:{port}/readyz", folder / f"{port}.log")
        uvloop.run(_measure(chosen, contestant, ports, servers))


def _parse() -> Options:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--consoles", type=int, default=200)
    parser.add_argument("--talks", type=int, default=5, help="conversations that each agent has")
    parser.add_argument("--rate", type=int, default=50, help="messages of viewers a second")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--browsers", type=int, default=2, help="how many of the consoles are pages in a real browser")
    parser.add_argument("--streams", action="store_true", help="the streams alone, without what pages fetch")
    given = parser.parse_args()
    browsers = 0 if given.streams else min(given.browsers, given.consoles)
    return Options(given.consoles, given.talks, given.rate, given.seconds, browsers, given.streams)


async def _measure(chosen: Options, contestant: Contestant, ports: Sequence[int], servers: Sequence[int]) -> None:
    hall, platform, found = Hall(), Platform(ports, contestant.path), Found()
    people = [
        Person(ports[number % _SERVERS], [Talk(f"o{number:020d}{talk:07d}") for talk in range(chosen.talks)])
        for number in range(chosen.consoles)
    ]
    for person in people:
        for talk in person.talks:
            await platform.say(talk.viewer)
    await _take_up(contestant.env["DATABASE_URL"], people)
    before = [processes.rss_mb(pid) for pid in servers]
    async with Windows() as windows:
        await windows.open([(each.port, each.talks[0].id, each.cookie) for each in people[: chosen.browsers]])
        seats = [await _sit(*each, chosen, found) for each in enumerate(people[chosen.browsers :])]
        await follow(hall, seats, PATH)
        more = sum(processes.rss_mb(pid) for pid in servers) - sum(before)
        pids = [*servers, contestant.store_pid or 0]
        idle = await _busy(pids, asyncio.sleep(_SETTLE))
        told = hall.messages
        found.traffic.clear()
        busy = await _busy(pids, _speak(chosen, hall, platform, people, found))
        for console in hall.consoles:
            console.close()
        platform.close()
        found.painted = await windows.painted()
    _report(chosen, hall, found, hall.messages - told, more, idle, busy)


async def _take_up(url: str, people: Sequence[Person]) -> None:
    """All viewers have written: each agent has his conversations, and has signed in."""
    talks = {talk.viewer: talk for person in people for talk in person.talks}
    connection = await asyncpg.connect(url)
    try:
        found = "SELECT external_id, c.id, c.last_seq FROM identities AS i JOIN conversations AS c ON c.identity_id = i.id"  # fmt: skip  # noqa: E501
        for viewer, id_, count in await connection.fetch(found):
            talks[viewer].id, talks[viewer].seq = id_, count
    finally:
        await connection.close()
    now, db = datetime.now(UTC), connect(Settings(database_url=url))
    try:
        for number, person in enumerate(people):
            actor = await make_agent(db, f"agent-{number}", name=f"客服{number}", capacity=50, seen_at=now)
            person.cookie = f"desk={await signed_in(db, actor.id, now=now)}"
            for talk in person.talks:
                await db.write(routing.take_over, talk.id, by=actor, now=now)
    finally:
        await db.close()


async def _sit(number: int, person: Person, chosen: Options, found: Found) -> Seat:
    if chosen.streams:
        return Seat(person.port, {"Cookie": person.cookie})
    csrf = sessions.csrf(person.cookie.partition("=")[2])
    page = DeskPage(person.port, person.talks[0].id, person.cookie, csrf, found.traffic)
    await page.open(delay=number / chosen.consoles * TICK)
    person.talks[0].page = page
    return Seat(person.port, {"Cookie": person.cookie}, page)


async def _busy(pids: Sequence[int], work: Awaitable[None]) -> list[float]:
    """How much of a core each process used meanwhile, in percent."""
    before, start = [processes.cpu_seconds(pid) for pid in pids], time.perf_counter()
    await work
    took = time.perf_counter() - start
    return [100 * (processes.cpu_seconds(pid) - was) / took for pid, was in zip(pids, before, strict=True)]


async def _speak(chosen: Options, hall: Hall, platform: Platform, people: Sequence[Person], found: Found) -> None:
    """At an even pace, whether or not the one before is answered; each conversation once in a round, in a new order.

    What is open in a real window is written to more often, or too little would be painted to tell of.
    """
    watched = [person.talks[0] for person in people[: chosen.browsers]]
    talks = [talk for person in people for talk in person.talks if talk not in watched]
    chance = random.Random(_SEED)
    order: list[Talk] = []
    start = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for number in range(chosen.rate * chosen.seconds):
            await asyncio.sleep(max(0.0, start + number / chosen.rate - time.perf_counter()))
            if watched and number % _WATCHED == 0:
                talk = watched[number // _WATCHED % len(watched)]
            else:
                order = order or chance.sample(talks, len(talks))
                talk = order.pop()
            talk.seq += 1
            turn = hall.turns[talk.id] = Turn(talk.id, talk.seq, talk.page)
            found.turns.append(turn)
            tasks.create_task(platform.say(talk.viewer, turn))
    end = time.perf_counter() + _PATIENCE
    while time.perf_counter() < end and not _is_over(hall, found.turns):  # noqa: ASYNC110  (the work of a console is what is measured)
        await asyncio.sleep(0.1)


def _is_over(hall: Hall, turns: Sequence[Turn]) -> bool:
    heard = all(len(turn.heard) >= len(hall.consoles) for turn in turns)
    return heard and all(turn.shown is not None for turn in turns if turn.page is not None)


def _report(
    chosen: Options, hall: Hall, found: Found, messages: int, more: float, idle: list[float], busy: list[float]
) -> None:
    turns, consoles = found.turns, len(hall.consoles)
    heard = [max(0.0, when - turn.answered) for turn in turns for when in turn.heard]
    shown = [max(0.0, when - turn.answered) for turn in turns if (when := turn.shown) is not None]
    painted = [max(0.0, when - turn.answered) for turn in turns if (when := _painted(found.painted, turn)) is not None]
    print(f"{chosen.consoles} consoles, {_SERVERS} processes, {chosen.rate} messages/s for {chosen.seconds} s:")
    print(f"  commit to console    {_percentiles(heard)}; missed {len(turns) * consoles - len(heard)}")
    if not chosen.streams:
        lost = sum(turn.page is not None for turn in turns) - len(shown)
        print(f"  commit to thread     {_percentiles(shown)}; missed {lost}")
        print(f"  commit to paint      {_percentiles(painted)}, in {chosen.browsers} real windows")
        for name, took in sorted(found.traffic.seconds.items()):
            print(f"    {name:<16} {len(took) / chosen.seconds:6.1f}/s  {_percentiles(took)}")
        print(f"    refused {found.traffic.refused}")
    print(f"  messages to a console {messages / max(1, consoles) / chosen.seconds:.1f}/s, told to read everything again {hall.refreshes}")  # fmt: skip  # noqa: E501
    print(f"  memory of a console  {1024 * more / max(1, consoles):.0f} KB")
    for name, quiet, loud in zip(("serve", "serve", "database"), idle, busy, strict=True):
        print(f"  {name:<9} {quiet:5.1f} % of a core while nobody writes, {loud:5.1f} % under load", flush=True)


def _painted(painted: Sequence[Painted], turn: Turn) -> float | None:
    """When a real window first showed it, or a later one of its conversation."""
    return min(
        (one.at for one in painted if one.conversation == turn.conversation and one.seq >= turn.seq), default=None
    )


def _percentiles(times: Sequence[float]) -> str:
    if not times:
        return "nothing"
    times = sorted(times)
    p50, p99 = times[len(times) // 2], times[len(times) * 99 // 100]
    return f"p50 {1e3 * p50:6.1f} ms, p99 {1e3 * p99:6.1f} ms, longest {1e3 * times[-1]:6.1f} ms of {len(times):,}"


if __name__ == "__main__":
    main()
