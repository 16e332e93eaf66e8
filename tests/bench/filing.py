"""What tickets cost on a message's way in: processor time of this process, and of PostgreSQL's server.

``python -m tests.bench.filing --viewers 1000 --rounds 5``. Viewers ask what the FAQ answers, round by round, in batches
as the way in has them; then each asks for a person when nobody is there, which opens a ticket; then all write on about
it. The last column compares with the first of these. The work of SQLite is the client's.
"""

import argparse
import asyncio
import random
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import process_time
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.agents.calendars import BEIJING
from app.channels.wechat.platform import WeChat
from app.commands.serve import settle_memory
from app.conversations.accounts import Account
from app.db.database import Database
from app.db.opening import connect
from app.db.schema import bring_up_to_date
from app.dialogue import batch
from app.dialogue.loading import load_rules
from app.dialogue.reading import read_arrived
from app.dialogue.rules import Rules
from app.secrets import Keyring, load_keyring, new_key
from app.settings import Settings
from app.tickets.models import TicketEvent
from tests.bench.desk import worked
from tests.bench.messages import push
from tests.bench.stages import account_of, inbound_of, request_of
from tests.bench.store import durable_postgres
from tests.bench.turns import BATCH, add_channel

ENGINES: Final = ("sqlite", "postgresql")
ANSWERED: Final = ("会员怎么退款", "怎么投屏到电视", "怎么关闭自动续费")
OPENS: Final = ("转人工",)
GOES_ON: Final = ("电视上看不了，昨天还好好的呢", "换了一个电视也看不了", "手机上倒是可以看的")
_WARM: Final = 1
"""Rounds of each kind that are not measured, but for those that happen once."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one message, in µs."""

    what: str
    client: float
    server: float

    @property
    def total(self) -> float:
        return self.client + self.server


class Company:
    """A service whose viewers all write in each round."""

    def __init__(self, db: Database, rules: Rules, keyring: Keyring, viewers: int, server: Callable[[], float]) -> None:
        self._platform, self._credentials = WeChat(), account_of("plain")
        self.account = Account(1, "bench", False, self._platform, self._credentials)
        self._db, self._rules, self._keyring, self._server = db, rules, keyring, server
        self._names = [f"o{number:027}" for number in range(viewers)]
        self._number = 0

    async def rounds(self, what: str, texts: Sequence[str], count: int, *, warm: int = _WARM) -> Cost:
        taken = [await self._round(texts[turn % len(texts)]) for turn in range(warm + count)][warm:]
        client, server = (median(each) * 1e6 / len(self._names) for each in zip(*taken, strict=True))
        return Cost(what, client, server)

    async def _round(self, text: str) -> tuple[float, float]:
        random.Random(self._number).shuffle(self._names)
        first = self._number = self._number + len(self._names)
        arrived = [
            inbound_of(self._platform, self._credentials, request_of(push(text, name, number, "plain")), _now())
            for number, name in enumerate(self._names, first)
        ]
        client, server = process_time(), self._server()
        for start in range(0, len(arrived), BATCH):
            now = _now()
            pushes = [
                read_arrived(self.account, each, self._keyring, self._rules.brain, now)
                for each in arrived[start : start + BATCH]
            ]
            await self._db.write_first(batch.handle, pushes, self._rules, now=now)
        return process_time() - client, self._server() - server


async def costs(settings: Settings, viewers: int, rounds: int, server: Callable[[], float]) -> list[Cost]:
    db = connect(settings)
    try:
        company = Company(db, load_rules(settings), load_keyring(settings), viewers, server)
        await db.write(add_channel, company.account)
        settle_memory()
        found = [
            await company.rounds("answered from the FAQ", ANSWERED, rounds),
            await company.rounds("opens a ticket", OPENS, 1, warm=0),
            await company.rounds("adds to a ticket", GOES_ON, rounds),
        ]
        assert await db.read(_events, "opened") == viewers
        assert await db.read(_events, "added") == viewers * (_WARM + rounds)
        return found
    finally:
        await db.close()


def table(costs: Sequence[Cost]) -> Iterator[str]:
    yield f"{'a message that':<24} {'client µs':>10} {'server µs':>10} {'×':>6}"
    for cost in costs:
        yield f"{cost.what:<24} {cost.client:10.0f} {cost.server:10.0f} {cost.total / costs[0].total:6.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=(*ENGINES, "both"), default="both")
    parser.add_argument("--viewers", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    for engine in ENGINES if given.database == "both" else (given.database,):
        with _store(engine) as (settings, server):
            print(engine, *table(asyncio.run(costs(settings, given.viewers, given.rounds, server))), sep="\n")


@contextmanager
def _store(engine: str) -> Iterator[tuple[Settings, Callable[[], float]]]:
    with tempfile.TemporaryDirectory(prefix="viewer-bench-") as name:
        if engine == "sqlite":
            yield brought_up(Path(name), ""), lambda: 0.0
        else:
            with durable_postgres() as (url, postmaster):
                yield brought_up(Path(name), url), lambda: worked(postmaster)


def brought_up(folder: Path, url: str) -> Settings:
    settings = Settings(
        mode="demo", service_hours=closed_now(), data_dir=folder, secret_keys=(new_key(),), database_url=url
    )
    bring_up_to_date(settings)
    return settings


def closed_now() -> str:
    """Service hours in which it is not now: who asks for a person gets a ticket."""
    return "每天 22:00-23:00" if datetime.now(BEIJING).hour < 12 else "每天 1:00-2:00"


def _events(session: Session, kind: str) -> int | None:
    return session.scalar(select(func.count()).select_from(TicketEvent).where(TicketEvent.kind == kind))


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    main()
