"""The stages inside a batch, timed where they run: real batches on a real SQLite file, the best batch of many.

The functions of the batch are wrapped with a stop-watch for the length of the measurement; a stage's time is its own,
without that of the stages it contains.
"""

import asyncio
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import thread_time
from typing import Any
from unittest.mock import patch

from app.channels.base import Inbound
from app.commands.serve import settle_memory
from app.conversations.accounts import Account
from app.conversations.models import Channel
from app.db.opening import connect
from app.db.schema import bring_up_to_date
from app.db.sqlite import SqliteDatabase
from app.dialogue import actions, batch, circumstances, events, people, threads
from app.dialogue.loading import load_rules
from app.dialogue.push import Push
from app.dialogue.reading import read_arrived
from app.dialogue.rules import Rules
from app.secrets import Keyring, load_keyring, new_key
from app.settings import Settings

BATCH = 32
"""As many as meet in a batch when 64 connections wait."""
_NAMES: dict[str, list[tuple[Any, str]]] = {
    "store": [(events, "store"), (people, "meet")],
    "load": [(threads, "load"), (circumstances, "load")],
    "decide": [(batch, "decide")],
    "write": [(actions.Book, "write")],
    "commit": [(SqliteDatabase, "_commit_group")],
}


def measure(account: Account, inbounds: Sequence[Inbound]) -> dict[str, float]:
    """µs of a message by stage: the median of each stage over the faster half of the batches."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            mode="demo", service_hours="每天 0:00-24:00", data_dir=Path(folder), secret_keys=(new_key(),)
        )
        bring_up_to_date(settings)
        rules, keyring = load_rules(settings), load_keyring(settings)
        settle_memory()
        taken = asyncio.run(_run(settings, rules, keyring, account, inbounds))
    whole = sorted(taken, key=lambda stages: sum(stages.values()))[: len(taken) // 2]
    return {name: statistics.median(stages[name] for stages in whole) * 1e6 / BATCH for name in ["accept", *_NAMES]}


async def _run(
    settings: Settings, rules: Rules, keyring: Keyring, account: Account, inbounds: Sequence[Inbound]
) -> list[dict[str, float]]:
    db = connect(settings)
    await db.write(add_channel, account)
    taken: list[dict[str, float]] = []
    with _watched() as watch:
        for start in range(0, len(inbounds) - BATCH, BATCH):
            watch.own.clear()
            now = datetime.now(UTC)
            begun = thread_time()
            pushes = [_read(account, inbound, rules, keyring, now) for inbound in inbounds[start : start + BATCH]]
            watch.own["accept"] = thread_time() - begun
            await db.write_first(batch.handle, pushes, rules, now=now)
            taken.append(dict(watch.own))
    await db.close()
    return taken


def _read(account: Account, inbound: Inbound, rules: Rules, keyring: Keyring, now: datetime) -> Push:
    return read_arrived(account, inbound, keyring, rules.brain, now)


def add_channel(session: Any, account: Account) -> None:
    now = datetime.now(UTC)
    about: dict[str, Any] = {
        "settings": {}, "secrets": b"", "simulated": False, "created_at": now, "updated_at": now,
    }  # fmt: skip
    session.add(Channel(id=account.channel_id, platform="wechat", name=account.name, **about))


class _Watch:
    """Own times by stage: a stage that runs inside another is taken off it."""

    def __init__(self) -> None:
        self.own: defaultdict[str, float] = defaultdict(float)
        self._inside: list[float] = []

    def wrap(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            self._inside.append(0.0)
            begun = thread_time()
            try:
                return function(*args, **kwargs)
            finally:
                took = thread_time() - begun
                self.own[name] += took - self._inside.pop()
                if self._inside:
                    self._inside[-1] += took

        return timed


@contextmanager
def _watched() -> Iterator[_Watch]:
    watch = _Watch()
    with ExitStack() as stack:
        for name, places in _NAMES.items():
            for owner, function in places:
                stack.enter_context(patch.object(owner, function, watch.wrap(name, getattr(owner, function))))
        yield watch
