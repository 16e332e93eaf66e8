"""Pushes that a platform wants to hear of once more: a tapped button spins until a call says that it was dealt with."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from app.channels.base import Inbound
from app.channels.delivery import DeliveryError
from app.conversations.fetching import LineFor
from app.conversations.models import InboundEvent
from app.db.database import Database
from app.dialogue.push import Push
from app.dialogue.reading import context
from app.jobs import timers
from app.jobs.models import Priority
from app.jobs.running import Running
from app.secrets import Keyring

log = logging.getLogger(__name__)
KIND = "settle_push"
PATIENCE = timedelta(seconds=10)
"""After that nobody looks at the button any more."""


def expect(session: Session, stored: Sequence[tuple[Push, int]], now: datetime) -> None:
    """A job for each push of the batch that awaits a call; nearly always there is none."""
    for push, event_id in stored:
        if isinstance(push.message, Inbound) and push.message.awaits_call:
            timers.at(session, KIND, event_id, now, now=now, priority=Priority.urgent)


async def settle(db: Database, keyring: Keyring, line_for: LineFor, job: Running) -> None:
    """Make the call if somebody can still be waiting for it; a refusal is told and not repeated."""
    event = await db.read(_find, job.subject_id)
    if event is None or event.body is None or datetime.now(UTC) - event.received_at > PATIENCE:
        return
    try:
        reach = await line_for(event.channel_id)
        if reach is None:
            return
        inbound = reach.account.platform.restore(keyring.open(event.body, context(event.channel_id, event.dedupe_key)))
        if isinstance(inbound, Inbound):
            await reach.account.platform.settle_push(reach.line, reach.account.credentials, inbound)
    except DeliveryError as error:
        log.warning("push not settled", extra={"event_id": job.subject_id, "code": error.code})


def _find(session: Session, event_id: int) -> InboundEvent | None:
    return session.get(InboundEvent, event_id)
