"""What it costs to give those who wait to those who are there, and whether many processes at once do it right.

``python -m tests.bench.assigning --waiting 10000 --agents 200 --processes 4``. A store is filled; then rounds are timed
until nobody has room, and once more where nobody has. On PostgreSQL the same is then done by several processes, while
another ends what was given: each conversation is given once, and nobody ever has more than he can have.
"""

import argparse
import asyncio
import logging
import tempfile
from collections.abc import Awaitable
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import perf_counter

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from app.agents.rights import Role
from app.conversations.history import HistoryEntry, Kind
from app.conversations.models import Conversation
from app.db.database import Database
from app.db.opening import connect
from app.db.schema import bring_up_to_date
from app.desk import assigning, forecasting, sampling, watching
from app.desk.assigning import State
from app.settings import Settings
from tests.bench.store import durable_postgres
from tests.factories import conversations as make
from tests.factories.conversations import NOW
from tests.factories.people import actor_of

CAPACITY = 8
_NUMBERS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) SELECT i FROM n",
    "postgresql": "SELECT i FROM generate_series(1, {count}) AS g(i)",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waiting", type=int, default=10_000)
    parser.add_argument("--agents", type=int, default=200)
    parser.add_argument("--processes", type=int, default=4)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="viewer-bench-") as name:
        settings = Settings(database_url=f"sqlite:///{Path(name) / 'assigning.db'}", data_dir=Path(name))
        bring_up_to_date(settings)
        asyncio.run(_alone("SQLite", settings, given.waiting, given.agents))
        for processes in (1, given.processes):
            with durable_postgres() as (url, _):
                settings = Settings(database_url=url, data_dir=Path(name))
                bring_up_to_date(settings)
                if processes == 1:
                    asyncio.run(_alone("PostgreSQL", settings, given.waiting, given.agents))
                else:
                    _together(url, given.waiting, given.agents, processes)


# -------------------- alone


async def _alone(name: str, settings: Settings, waiting: int, agents: int) -> None:
    db = connect(settings)
    try:
        await _fill(db, waiting, agents)
        looks = [await _timed(db.read(assigning.look, now=NOW)) for _ in range(9)]
        rounds: list[float] = []
        given = 0
        while True:
            start = perf_counter()
            found = await db.write(assigning.assign, now=NOW, limit=50)
            rounds.append(perf_counter() - start)
            given += len(found)
            if not found:
                break
        stuck = [await _timed(db.read(assigning.look, now=NOW)) for _ in range(9)]
        outlook = [await _timed(db.write(forecasting.update_outlook, assigns=True, now=NOW)) for _ in range(5)]
        sampled = [await _timed(db.write(sampling.sample, now=NOW + n * sampling.MINUTE)) for n in range(5)]
        by = actor_of(Role.supervisor)
        watched = [await _timed(db.read(watching.look, by=by, now=NOW)) for _ in range(5)]
    finally:
        await db.close()
    full = rounds[:-1]
    print(
        f"{name}: {given:,} of {waiting:,} given to {agents}: a round of 50 takes {_ms(full)} ms (longest "
        f"{max(full) * 1000:.1f}), a round where all are full {rounds[-1] * 1000:.1f}; a look {_ms(looks)}, where "
        f"all are full {_ms(stuck)}; outlook {_ms(outlook)}, sample {_ms(sampled)}, the leaders' page {_ms(watched)}",
        flush=True,
    )


async def _timed(call: Awaitable[object]) -> float:
    start = perf_counter()
    await call
    return perf_counter() - start


def _ms(seconds: list[float]) -> str:
    return f"{median(seconds) * 1000:.1f}"


async def _fill(db: Database, waiting: int, agents: int) -> None:
    channel = await make.channel(db)
    await db.write(_write_people, agents)
    await db.write(_write_talks, channel, waiting)


def _write_people(session: Session, agents: int) -> None:
    numbers = _NUMBERS[session.get_bind().dialect.name].format(count=agents)
    values = ", ".join(("'x' || i", "'x'", "'zh'", "'[]'", str(CAPACITY), "'online'", ":at", ":at", ":at"))
    columns = "login, name, language, skills, capacity, presence, presence_at, seen_at, created_at"
    at = _moment(session)
    session.execute(text(f"INSERT INTO agents ({columns}) SELECT {values} FROM ({numbers}) AS numbers"), {"at": at})
    session.execute(text("INSERT INTO agent_roles (agent_id, role) SELECT id, 'agent' FROM agents"))


def _write_talks(session: Session, channel: int, waiting: int) -> None:
    numbers = _NUMBERS[session.get_bind().dialect.name].format(count=waiting)
    at = _moment(session)
    values = {"at": at, "channel": channel}
    session.execute(text(f"INSERT INTO viewers (created_at) SELECT :at FROM ({numbers}) AS numbers"), {"at": at})
    session.execute(
        text(
            "INSERT INTO identities (channel_id, external_id, viewer_id, created_at) "
            f"SELECT :channel, 'o' || i, i, :at FROM ({numbers}) AS numbers"
        ),
        values,
    )
    columns = "identity_id, channel_id, owner, last_seq, failures, opened_at, viewer_wrote_at, queued_at, waits_since"
    session.execute(
        text(
            f"INSERT INTO conversations ({columns}, acknowledged, priority, skill) "
            "SELECT id, :channel, 'queue', 1, 0, :at, :at, :at, :at, false, "
            "CASE WHEN id % 50 = 0 THEN 2 WHEN id % 20 = 0 THEN 1 ELSE 0 END, "
            "CASE WHEN id % 100 = 0 THEN '手语' END FROM identities"
        ),
        values,
    )


def _moment(session: Session) -> object:
    return int(NOW.timestamp() * 1_000_000) if session.get_bind().dialect.name == "sqlite" else NOW


# -------------------- together


def _together(url: str, waiting: int, agents: int, processes: int) -> None:
    asyncio.run(_prepare(url, waiting, agents))
    start = perf_counter()
    with ProcessPoolExecutor(processes + 1, mp_context=get_context("spawn")) as pool:
        ending = pool.submit(_end_some, url, waiting)
        given = sum(pool.map(_give, [url] * processes))
        worst = ending.result()
    took = perf_counter() - start
    once, most = asyncio.run(_judge(url))
    able = waiting - waiting // 100
    print(
        f"PostgreSQL, {processes} processes: {given:,} given in {took:.1f} s, each conversation "
        f"{'once' if once else 'NOT once'}, most that somebody had {max(worst, most)} of {CAPACITY}",
        flush=True,
    )
    if not once or max(worst, most) > CAPACITY or given != able:
        raise SystemExit(f"{given} given of {able} that could be")


async def _prepare(url: str, waiting: int, agents: int) -> None:
    db = connect(Settings(database_url=url))
    await _fill(db, waiting, agents)
    await db.close()


def _give(url: str) -> int:
    logging.disable()
    return asyncio.run(_give_all(url))


async def _give_all(url: str) -> int:
    db = connect(Settings(database_url=url))
    given = quiet = 0
    while quiet < 150:
        found = len(await db.write(assigning.assign, now=NOW, limit=50))
        given, quiet = given + found, 0 if found else quiet + 1
        await asyncio.sleep(0 if found else 0.02)
    await db.close()
    return given


def _end_some(url: str, waiting: int) -> int:
    logging.disable()
    return asyncio.run(_end(url, waiting))


async def _end(url: str, waiting: int) -> int:
    """End what agents have, some at a time, until nobody waits who can be taken; the most that one had meanwhile.

    Slower than they are given, so that everybody is full most of the time.
    """
    db = connect(Settings(database_url=url))
    worst = ended = 0
    while ended < waiting - waiting // 100:
        worst = max(worst, await db.read(_most))
        if worst == CAPACITY or ended:
            ended += await db.write(_resolve_some)
    await db.close()
    return worst


def _most(session: Session) -> int:
    counted = select(func.count().label("own")).select_from(Conversation).where(
        Conversation.agent_id.is_not(None), Conversation.closed_at.is_(None)
    )  # fmt: skip
    return session.scalar(select(func.max(counted.group_by(Conversation.agent_id).subquery().c.own))) or 0


def _resolve_some(session: Session) -> int:
    held = select(Conversation.id).where(Conversation.agent_id.is_not(None), Conversation.closed_at.is_(None))
    ids = list(session.scalars(held.order_by(Conversation.id).limit(200).with_for_update(skip_locked=True)))
    session.execute(update(Conversation).where(Conversation.id.in_(ids)).values(closed_at=NOW + timedelta(minutes=1)))
    return len(ids)


async def _judge(url: str) -> tuple[bool, int]:
    db = connect(Settings(database_url=url))
    told = await db.read(_assignments)
    most = await db.read(_most)
    state = await db.read(assigning.look, now=NOW)
    await db.close()
    if state is State.empty:
        raise SystemExit("those whom nobody can take are gone")
    return len(told) == len(set(told)), most


def _assignments(session: Session) -> list[int]:
    return list(session.scalars(select(HistoryEntry.conversation_id).where(HistoryEntry.kind == Kind.assigned.value)))


if __name__ == "__main__":
    logging.disable()
    main()
