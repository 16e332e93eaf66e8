"""The windows to viewers: what each of their messages still lets us send, and which of them a message leaves in.

The viewer's messages are the truth of when a window opened; the ledger only counts what was used up in it. So ingest,
which is in a hurry, writes nothing for it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, literal_column, select, update
from sqlalchemy.orm import Session

from app.channels.base import Platform
from app.channels.delivery import Allowance, ReplyTo
from app.conversations.ledgers import Allowed
from app.conversations.models import Conversation, InboundEvent, Message
from app.db.driver import Prepared
from app.db.rows import table_of
from app.db.sql import changed, is_any
from app.db.upserts import Upsert

BACK = 20
"""Messages before the viewer's newest one that are looked at; a platform allows far fewer answers."""
FOLD = 0.5
"""Seconds that a window is taken to be shorter than it is: a call takes time."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A message of the viewer that may have opened a window."""

    message_id: int
    identity_id: int
    kind: str
    key: str
    """The push's key; empty where the event is gone."""
    at: datetime


@dataclass(slots=True)
class Opened:
    """A window that is open, and what is left in it."""

    anchor: Anchor
    until: datetime
    allowed: int
    used: int
    is_new: bool
    """Nothing was sent in it before."""

    @property
    def left(self) -> int:
        return self.allowed - self.used

    def take(self) -> ReplyTo:
        """Count one message; the window must have one left."""
        self.used += 1
        return ReplyTo(self.anchor.key, self.used)


_ANCHORS = Prepared(
    select(
        Message.id, Conversation.identity_id, Message.kind, InboundEvent.dedupe_key, Message.platform_at,
        Message.created_at, Allowed.used, Allowed.closed,
    )
    .join(Conversation, Conversation.id == Message.conversation_id)
    .outerjoin(InboundEvent, InboundEvent.id == Message.event_id)
    .outerjoin(Allowed, (Allowed.identity_id == Conversation.identity_id) & (Allowed.anchor_id == Message.id))
    .where(
        is_any(Conversation.id, "conversations"),  # from there to the end of each: PostgreSQL else joins all there are
        Message.direction == literal_column("'in'"),
        Message.seq <= Conversation.heard_seq,
        Message.seq > Conversation.heard_seq - BACK,
    )
    .order_by(Message.id.desc())
)  # fmt: skip


Counts = Mapping[int, tuple[int, bool]]
"""What the ledger says, by the viewer's message: (used, closed)."""


def anchors(session: Session, conversation_ids: Collection[int]) -> tuple[dict[int, list[Anchor]], Counts]:
    """The viewers' latest messages by identity, the newest first; and what was used up in their windows."""
    found: dict[int, list[Anchor]] = {}
    counts: dict[int, tuple[int, bool]] = {}
    for row in _ANCHORS(session, conversations=list(conversation_ids)):
        message_id, identity_id, kind, key, platform_at, created_at, used, closed = row
        if used is not None:
            counts[message_id] = used, closed
        at = min(platform_at or created_at, created_at)
        found.setdefault(identity_id, []).append(Anchor(message_id, identity_id, kind, key or "", at))
    return found, counts


def latest_heard(session: Session, identity_ids: Collection[int]) -> dict[int, int]:
    """By identity, the newest conversation in which the viewer wrote."""
    newest = (
        select(Conversation.identity_id, func.max(Conversation.id))
        .where(is_any(Conversation.identity_id, identity_ids), Conversation.heard_seq > 0)
        .group_by(Conversation.identity_id)
    )
    return {row[0]: row[1] for row in session.execute(newest)}


def open_windows(
    platform: Platform, account: object, recipient: str, found: Sequence[Anchor],
    counts: Counts, now: datetime,
) -> list[Opened]:  # fmt: skip
    """The windows to one viewer that are open now, in the order in which they should be used up. Pure.

    Where a newer message takes the place of the older (WeChat), what ends first is used first; else the newest, since
    that is what the answer belongs to (QQ).
    """
    opened: list[tuple[Allowance, Opened]] = []
    for anchor, allowance in _allowances(platform, account, recipient, found):
        count, closed = counts.get(anchor.message_id, (0, False))
        if closed:  # with all that are older
            break
        until = anchor.at + allowance.valid
        if (until - now).total_seconds() <= FOLD or count >= allowance.messages:
            continue
        opened.append((allowance, Opened(anchor, until, allowance.messages, count, anchor.message_id not in counts)))
    windows = [window for _, window in opened]
    return sorted(windows, key=lambda w: w.until) if any(a.restarts for a, _ in opened) else windows


def is_used_up(
    platform: Platform, account: object, recipient: str, found: Sequence[Anchor],
    counts: Mapping[int, tuple[int, bool]], now: datetime,
) -> bool:  # fmt: skip
    """Whether a window is open by its time, but has had all its messages: told to people, never decided by. Pure."""
    for anchor, allowance in _allowances(platform, account, recipient, found):
        count, closed = counts.get(anchor.message_id, (0, False))
        if anchor.at + allowance.valid > now and not closed and count >= allowance.messages:
            return True
    return False


def _allowances(
    platform: Platform, account: object, recipient: str, found: Sequence[Anchor]
) -> Iterator[tuple[Anchor, Allowance]]:
    """What each of the viewer's messages allows, without those whose place a newer one has taken."""
    seen: set[str] = set()
    for anchor in found:
        allowance = platform.allowance(account, recipient, anchor.kind, anchor.key)
        if allowance is None or (allowance.restarts and allowance.trigger in seen):
            continue
        seen.add(allowance.trigger)
        yield anchor, allowance


_write = Upsert(table_of(Allowed), ("identity_id", "anchor_id"), ("used", "closed", "used_at"),
                only="allowances.used < excluded.used AND NOT allowances.closed")  # fmt: skip


class Raced(Exception):
    """Another process took the same place in a window, or closed it: nothing is written, and the next look knows."""


def write(session: Session, windows: Collection[Opened], now: datetime) -> None:
    """Keep what was taken, or Raced."""
    taken = {w.anchor.message_id: w for w in windows}
    rows = sorted((w.anchor.identity_id, w.anchor.message_id, w.used, False, now) for w in taken.values())
    if _write(session, rows) != len(rows):
        raise Raced


def give_back(session: Session, identity_id: int, anchor_id: int, number: int) -> None:
    """The platform did not count this one of a window; only the last number is free again."""
    own = (Allowed.identity_id == identity_id, Allowed.anchor_id == anchor_id, Allowed.used == number)
    session.execute(update(Allowed).where(*own).values(used=number - 1))


def close(session: Session, identity_id: int, up_to: int, now: datetime) -> None:
    """The platform says that no window is open: close those of all messages up to this one."""
    own = (Allowed.identity_id == identity_id, Allowed.anchor_id <= up_to)
    session.execute(update(Allowed).where(*own).values(closed=True))
    newest = (Allowed.identity_id == identity_id, Allowed.anchor_id == up_to)
    if session.scalar(select(Allowed.used).where(*newest)) is None:
        session.add(Allowed(identity_id=identity_id, anchor_id=up_to, used=0, closed=True, used_at=now))
        session.flush()


def forget(session: Session, *, before: datetime, limit: int = 5000) -> int:
    """Drop counts of windows that ended long ago; returns how many."""
    old = select(Allowed.identity_id, Allowed.anchor_id).where(Allowed.used_at < before).limit(limit)
    rows = session.execute(old).all()
    own = (is_any(Allowed.anchor_id, [row[1] for row in rows]), Allowed.used_at < before)
    return changed(session.execute(delete(Allowed).where(*own))) if rows else 0
