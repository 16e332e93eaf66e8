"""A service that is too slow, for a push at a time: what it decides comes too late for any of the platform's attempts.

Only the wait is played. Attempts that are told to come again, a decision that no response carries, its place in the
outbox, the call of the customer-service API once the platform has given up: all that is the service's own doing.
"""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from time import perf_counter

from app.conversations.accounts import Account
from app.db.database import Database
from app.dialogue.endpoints import Observation
from app.dialogue.ingest import Ingest, Overdue
from app.dialogue.push import Answer, Key, Push
from app.dialogue.rules import Rules

_ROOM = 0.1
"""Seconds after the time of the last response."""


class StallingIngest(Ingest):
    """The ingest task of demo mode: as any other, but for the pushes that it is told to hold."""

    def __init__(self, db: Database, rules: Rules, backlog_grew: asyncio.Event) -> None:
        super().__init__(db, rules, backlog_grew)
        self._held: dict[Key, list[tuple[Push, float]]] = {}
        """The attempts so far, each with its arrival by ``perf_counter``."""

    def hold(self, key: Key) -> None:
        """Let all attempts of this push wait in vain, until ``decide`` or ``forget``."""
        self._held[key] = []

    def forget(self, key: Key) -> None:
        self._held.pop(key, None)

    def submit(self, push: Push) -> "asyncio.Future[Answer]":
        attempts = self._held.get(push.key)
        if attempts is None:
            return super().submit(push)
        attempts.append((push, perf_counter()))
        return _in_vain(push.answer_by)

    async def decide(self, key: Key, account: Account) -> Observation | None:
        """Decide a held push once no attempt waits any more; None where none had come."""
        attempts = self._held.get(key, [])
        if attempts:
            last, _ = attempts[-1]
            await asyncio.sleep(_seconds_to(last.answer_by) + _ROOM)
        self.forget(key)
        return await self._decide(*attempts[0], account) if attempts else None

    async def _decide(self, push: Push, arrived: float, account: Account) -> Observation:
        """Nobody waits for a response: as on a platform that knows none, where no time ends either."""
        mute = replace(push.capability, passive_reply=False)
        alone = push._replace(capability=mute, answer_by=datetime.max.replace(tzinfo=UTC))
        answer = await super().submit(alone)
        return Observation(account, push, answer, arrived, arrived, arrived, perf_counter())


def _in_vain(until: datetime) -> "asyncio.Future[Answer]":
    """What becomes Overdue, as the ingest's own futures do."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Answer] = loop.create_future()
    loop.call_later(_seconds_to(until), _end, future)
    return future


def _end(future: "asyncio.Future[Answer]") -> None:
    if not future.done():
        future.set_exception(Overdue())


def _seconds_to(at: datetime) -> float:
    return max(0.0, (at - datetime.now(UTC)).total_seconds())
