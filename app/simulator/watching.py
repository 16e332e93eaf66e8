"""What changes in the database by itself: states of messages, whoever settles them. For open pages alone."""

import asyncio
import logging
from collections.abc import Collection, Mapping

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from app.conversations.accounts import Directory
from app.conversations.models import Conversation, Direction, Message
from app.conversations.pending import KIND
from app.db.database import Database
from app.db.sql import is_any
from app.jobs.models import Job
from app.simulator.changes import Changes
from app.simulator.stage import Stage
from app.viewers.models import Identity

log = logging.getLogger(__name__)
EVERY = 0.5
"""Seconds between two looks."""
LOOKED_AT = 300
"""Messages, the newest of all that the phones belong to."""
Place = tuple[int, str]
"""Channel and the viewer's address there."""


class Watching:
    def __init__(self, db: Database, directory: Directory, stage: Stage, changes: Changes) -> None:
        self._db, self._directory, self._stage, self._changes = db, directory, stage, changes
        self._task: asyncio.Task[None] | None = None
        self._known: dict[Place, object] = {}

    def wake(self) -> None:
        """Look from now on, for as long as a page is open."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        await asyncio.sleep(EVERY)  # the page that woke us is there by then
        while self._changes.watched:
            try:
                await self._look()
            except Exception:
                log.exception("the simulator cannot see how messages fare")
            await asyncio.sleep(EVERY)

    async def _look(self) -> None:
        phones = await self._phones()
        seen = await self._db.read(_snapshot, list(phones))
        changed = [ids for place, ids in phones.items() if seen.get(place) != self._known.get(place)]
        self._known = dict(seen)
        if changed:
            self._changes.publish(*sorted(set().union(*changed)))

    async def _phones(self) -> dict[Place, set[str]]:
        found: dict[Place, set[str]] = {}
        for phone in self._stage:
            for chat in list(phone.chats.values()):
                account = await self._directory.find(chat.face.platform, chat.face.channel)
                if account is not None:
                    found.setdefault((account.channel_id, chat.address), set()).add(phone.id)
        return found


def _snapshot(session: Session, places: Collection[Place]) -> Mapping[Place, object]:
    """Of each place something that differs as soon as a message stands differently, or another one speaks."""
    if not places:
        return {}
    named = tuple_(Identity.channel_id, Identity.external_id).in_(places)
    talks = session.execute(
        select(Identity.channel_id, Identity.external_id, Conversation.id, Conversation.owner, Conversation.closed_at)
        .join(Conversation, Conversation.identity_id == Identity.id)
        .where(named)
    ).all()
    states = session.execute(
        select(Message.conversation_id, Message.id, Message.state, Job.waits, Job.attempts, Job.state, Job.error)
        .outerjoin(Job, (Job.subject_id == Message.id) & (Job.kind == KIND))
        .where(is_any(Message.conversation_id, [talk[2] for talk in talks]), Message.direction == Direction.outbound)
        .order_by(Message.id.desc())
        .limit(LOOKED_AT)
    ).all()
    seen: dict[Place, list[object]] = {}
    for channel_id, address, *talk in talks:
        own = [tuple(state) for state in states if state[0] == talk[0]]
        seen.setdefault((channel_id, address), []).extend((tuple(talk), *own))
    return seen
