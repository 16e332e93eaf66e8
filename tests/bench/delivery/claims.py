"""What a claim and a settlement cost a message, however much waits: the cost must not grow with it."""

import gc
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from time import perf_counter

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from app.channels.delivery import Receipt
from app.conversations import claiming, settling
from app.conversations.accounts import Account, Directory
from app.conversations.ledgers import Allowed, Gate
from app.conversations.models import Message
from app.conversations.pending import Draft
from app.conversations.settling import Ended
from app.db.database import Database
from app.db.sql import is_any
from app.jobs.models import Job, JobState, Lane, Priority
from app.secrets import load_keyring
from app.settings import Settings
from tests.bench.delivery import stores
from tests.bench.delivery.filling import fill, settle_down

LIMIT = 10
_ROUNDS = 150
_LEASE = timedelta(minutes=2)
_HALF = 500_000


@dataclass(frozen=True, slots=True)
class Wait:
    """What waits beside the ten messages that are claimed."""

    name: str
    campaign: int = 0
    """Due, of the class that is claimed."""
    for_viewers: int = 0
    """Of that class, until their viewers write."""
    other_class: int = 0
    other_channel: int = 0


WAITS = (
    Wait("10 due", campaign=10),
    Wait("10,000 due", campaign=10_000),
    Wait("1,000,000 due", campaign=1_000_000),
    Wait("10,000 wait for viewers", campaign=10, for_viewers=10_000),
    Wait("1,000,000 wait for viewers", campaign=10, for_viewers=1_000_000),
    Wait("half a million in another class, and in another channel", campaign=10, other_class=_HALF,
         other_channel=_HALF),
)  # fmt: skip


def report(database: str, folder: Path) -> None:
    print(f"{database}: µs a message, claims of {LIMIT}, without the commit", flush=True)
    base = (0.0, 0.0)
    with stores.servers(database, folder) as create:
        for number, wait in enumerate(WAITS):
            settings = create(f"claims_{number}")
            found = stores.run(settings, lambda db, s=settings, w=wait: measure(db, s, w))  # type: ignore[misc]
            base = base if base[0] else found
            ratios = " ".join(f"{what} {us:6.0f} ({us / first:.2f}×)" for what, us, first in
                              zip(("claim", "settle"), found, base, strict=True))  # fmt: skip
            print(f"  {wait.name:<56} {ratios}", flush=True)


async def measure(db: Database, settings: Settings, wait: Wait) -> tuple[float, float]:
    """Microseconds a message of a claim and of a settlement: the lower quartile, since the machine does other work."""
    channel = await stores.add_channel(db, settings)
    other = await stores.add_channel(db, settings, "other")
    now = datetime.now(UTC)
    first = 0
    for channel_id, count, priority, for_viewer in (
        (channel, wait.campaign, Priority.campaign, False),
        (channel, wait.for_viewers, Priority.campaign, True),
        (channel, wait.other_class, Priority.notice, False),
        (other, wait.other_channel, Priority.campaign, False),
    ):
        if count:
            await db.write(
                fill, channel_id, first=first, count=count, priority=priority, now=now, for_viewer=for_viewer
            )
            first += count
    await db.write(settle_down)
    accounts = {channel: (await Directory(db, load_keyring(settings), simulated=False).all())[channel]}
    times = [await _round(db, accounts[channel], now) for _ in range(_ROUNDS)]
    claim, settle = (quantiles((t[which] for t in times), n=4)[0] / LIMIT * 1e6 for which in (0, 1))
    return claim, settle


async def _round(db: Database, account: Account, now: datetime) -> tuple[float, float]:
    gc.collect(0)
    claimed, drafts = await db.write(_timed, lambda session: _claim(session, account, now))
    assert len(drafts) == LIMIT
    ended = [Ended(draft, Receipt(), None, 0.5) for draft in drafts]
    settled, _ = await db.write(
        _timed, lambda session: [e.draft for e in settling.settle(session, ended, worker="bench", now=now)]
    )
    await db.write(_put_back, drafts, now)
    return claimed, settled


def _claim(session: Session, account: Account, now: datetime) -> list[Draft]:
    """Of the campaign's class, as when nothing else is due in it."""
    others = [(account.channel_id, priority) for priority in Priority if priority is not Priority.campaign]
    return claiming.claim(
        session, {account.channel_id: account}, worker="bench", now=now, lease=_LEASE, limit=LIMIT, paused=others
    ).drafts


def _timed(session: Session, work: Callable[[Session], list[Draft]]) -> tuple[float, list[Draft]]:
    start = perf_counter()
    drafts = work(session)
    session.flush()
    return perf_counter() - start, drafts


def _put_back(session: Session, drafts: list[Draft], now: datetime) -> None:
    """As if nothing had happened, so that each round finds the same."""
    ids = [draft.lane_id for draft in drafts]
    session.execute(update(Lane).where(is_any(Lane.id, ids)).values(ready_at=now, priority=Priority.campaign.rank))
    messages = is_any(Message.id, [draft.message_id for draft in drafts])
    session.execute(update(Message).where(messages).values(state="queued", sent_at=None))
    session.execute(delete(Allowed))
    session.execute(update(Gate).values(day_used=0, month_used=0))
    session.add_all(
        Job(
            id=draft.job_id, lane_id=draft.lane_id, kind="message", subject_id=draft.message_id, state=JobState.queued,
            priority=Priority.campaign.rank, not_before=now, attempts=0, created_at=now,
        )
        for draft in drafts
    )  # fmt: skip
