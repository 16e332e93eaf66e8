"""Events that are stored but not decided: left by pressure or by a crash, decided here in the order they came."""

import asyncio
import logging
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from app import metrics
from app.conversations.accounts import Account, Directory
from app.conversations.models import InboundEvent
from app.db.database import Database
from app.db.sql import alone
from app.dialogue import batch, events
from app.dialogue.push import Push
from app.dialogue.reading import read_stored
from app.dialogue.rules import Rules
from app.secrets import Keyring

log = logging.getLogger(__name__)
PAGE = 100
EVERY = 1.0
"""Seconds between two looks; pressure wakes it at once."""


class Backlog:
    def __init__(self, db: Database, directory: Directory, keyring: Keyring, rules: Rules) -> None:
        self.grew = asyncio.Event()
        self.rules = rules
        self._db, self._directory, self._keyring = db, directory, keyring

    async def run(self) -> None:
        """Serve until cancelled."""
        while True:
            try:
                while await self.page():
                    pass
            except Exception:
                log.exception("backlog stopped for now")
            self.grew.clear()
            try:
                async with asyncio.timeout(EVERY):
                    await self.grew.wait()
            except TimeoutError:
                continue

    async def page(self) -> int:
        """Decide one page of the oldest events; returns how many were decided here."""
        stored = await self._db.read(events.backlog, limit=PAGE)
        if not stored:
            return 0
        pushes = [(event.id, push) for event in stored if (push := await self._push(event))]
        try:
            return await self._db.write(_catch_up, pushes, self.rules)
        except Exception:
            log.exception("a page of the backlog failed; its events are tried one by one")
            return await self._one_by_one(pushes)

    async def _one_by_one(self, pushes: list[tuple[int, Push]]) -> int:
        for event_id, push in pushes:
            try:
                await self._db.write(_catch_up, [(event_id, push)], self.rules)
            except Exception as error:
                metrics.failed_events.inc()
                await self._db.write(events.fail, push, f"{type(error).__name__}: {error}")
        return len(pushes)

    async def _push(self, event: InboundEvent) -> Push | None:
        account: Account | None = await self._directory.by_id(event.channel_id)
        if account is None or event.body is None:
            return None  # waits for its channel to be served again
        try:
            return read_stored(account, event, self._keyring, self.rules.brain, datetime.now(UTC))
        except Exception as error:  # sealed with a lost key, damaged: it must not hold up all the others
            log.exception("a stored event cannot be read")
            metrics.failed_events.inc()
            await self._db.write(events.fail_stored, event.id, f"{type(error).__name__}: {error}")
            return None


def _catch_up(session: Session, stored: list[tuple[int, Push]], rules: Rules) -> int:
    """In one process at a time: two at once could decide a viewer's messages in the wrong order."""
    if not alone(session, "backlog"):
        return 0
    return batch.catch_up(session, stored, rules, now=datetime.now(UTC))
