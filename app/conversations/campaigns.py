"""One message to very many: who gets it is written down once, and each is queued only when it is about to leave.

A million recipients are rows of two numbers, made by pages of ``INSERT … SELECT`` with a cursor in the same
transaction: exactly once each, through any kill. Only some hundreds at a time become messages in their conversations,
so that what somebody waits for never stands behind a campaign, and a campaign can be stopped at any moment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, func, literal, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.channels import outbound
from app.conversations import outbox
from app.conversations.models import Conversation, Direction, Message, MessageState, Owner, Via
from app.conversations.outbox import Queued
from app.conversations.pending import TOPIC
from app.db.base import Base, Id, Json, UtcDateTime, where
from app.db.rows import Insert, Update, table_of
from app.db.sql import changed, for_update, is_any
from app.db.upserts import Upsert
from app.jobs import timers
from app.jobs.models import Lane, Priority
from app.viewers.models import Identity

KIND = "campaign"
PREPARED = 20_000
"""Identities that one transaction looks at: by their numbers, so that each has as much to do."""
FED = 200
"""Messages of one transaction."""
AHEAD = 1_000
"""Messages of campaigns that wait in a channel's lanes at the most; beyond it nothing is added."""


class CampaignState(StrEnum):
    preparing = "preparing"
    """Its recipients are being written down."""
    running = "running"
    stopped = "stopped"
    done = "done"
    """Every recipient's message is in the outbox, or was."""


class Campaign(Base):
    __tablename__ = "campaigns"
    __table_args__ = (
        CheckConstraint("state IN ('preparing', 'running', 'stopped', 'done')", name="state"),
        {"postgresql_with": {"fillfactor": 50}},
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    channel_id: Mapped[int] = mapped_column(Id, ForeignKey("channels.id"))
    name: Mapped[str] = mapped_column(String(128))
    kind: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """The message, as ``outbound.written`` writes it, and what leaves instead where a window is closed."""
    state: Mapped[str] = mapped_column(String(9))
    cursor: Mapped[int] = mapped_column(Id)
    """The last identity that was looked at."""
    up_to: Mapped[int] = mapped_column(Id)
    """The last identity that there was at the beginning: who comes later is not asked."""
    recipients: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Recipient(Base):
    """Who gets a campaign; the state of the message says the rest."""

    __tablename__ = "recipients"
    __table_args__ = (
        Index("ix_recipients_waiting", "campaign_id", "identity_id", **where("message_id IS NULL")),
    )  # fmt: skip
    campaign_id: Mapped[int] = mapped_column(Id, ForeignKey("campaigns.id"), primary_key=True)
    identity_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    message_id: Mapped[int | None] = mapped_column(Id)


@dataclass(frozen=True, slots=True)
class Figures:
    recipients: int
    waiting: int
    """Not in the outbox yet."""
    messages: dict[str, int]
    """Of those that are or were, by state."""


def begin(
    session: Session, channel_id: int, name: str, message: outbound.Message, *, now: datetime,
    fallback: outbound.Notice | None = None,
) -> int:  # fmt: skip
    """Start a campaign to everybody who can be reached by a channel and wants pushes; its id."""
    kind, text, data = outbound.written(message)
    if fallback is not None:
        data = (data or {}) | {"fallback": outbound.written(fallback)[2]}
    newest = session.scalar(select(func.max(Identity.id))) or 0
    campaign = Campaign(
        channel_id=channel_id, name=name, kind=kind, text=text, data=data, state=CampaignState.preparing, cursor=0,
        up_to=newest, recipients=0, created_at=now,
    )  # fmt: skip
    session.add(campaign)
    session.flush()
    timers.at(session, KIND, campaign.id, now, now=now, priority=Priority.campaign)
    return campaign.id


def prepare(session: Session, campaign_id: int, limit: int = PREPARED) -> bool:
    """Write down the next page of recipients; False when all are."""
    campaign = _locked(session, campaign_id)
    if campaign is None or campaign.state != CampaignState.preparing:
        return False
    if campaign.cursor >= campaign.up_to:
        campaign.state = CampaignState.running
        return False
    last = min(campaign.cursor + limit, campaign.up_to)
    reachable = (
        Identity.channel_id == campaign.channel_id, Identity.id > campaign.cursor, Identity.id <= last,
        Identity.following.is_not(False), Identity.refused_pushes_at.is_(None),
    )  # fmt: skip
    page = select(literal(campaign.id), Identity.id).where(*reachable)
    made = session.execute(table_of(Recipient).insert().from_select(["campaign_id", "identity_id"], page))
    campaign.recipients += changed(made)
    campaign.cursor = last
    return True


def feed(session: Session, campaign_id: int, *, now: datetime, limit: int = FED) -> int:
    """Queue messages for the next recipients, as many as there is room for; returns how many."""
    campaign = _locked(session, campaign_id)
    if campaign is None or campaign.state != CampaignState.running:
        return 0
    room = AHEAD - _ahead(session, campaign.channel_id)
    waiting = select(Recipient.identity_id).where(Recipient.campaign_id == campaign_id, Recipient.message_id.is_(None))
    identities = list(session.scalars(waiting.order_by(Recipient.identity_id).limit(max(0, min(limit, room)))))
    if identities:
        _queue(session, campaign, identities, now)
    elif room > 0:
        campaign.state = CampaignState.done
    return len(identities)


def _ahead(session: Session, channel_id: int) -> int:
    """Lanes of the channel in which a campaign's message waits, counted up to ``AHEAD``."""
    own = (Lane.topic == TOPIC, Lane.channel_id == channel_id, Lane.priority == Priority.campaign.rank)
    waiting = select(Lane.id).where(*own, Lane.ready_at.is_not(None)).limit(AHEAD)
    return session.scalar(select(func.count()).select_from(waiting.subquery())) or 0


_insert_conversations = Insert(
    table_of(Conversation),
    ("identity_id", "channel_id", "owner", "last_seq", "failures", "opened_at", "viewer_wrote_at", "acknowledged"),
    or_ignore=True,
)
_insert_messages = Insert(
    table_of(Message),
    ("conversation_id", "seq", "direction", "author", "kind", "text", "data", "state", "via", "created_at"),
    returning=("id", "conversation_id"),
)
_note_messages = Upsert(table_of(Recipient), ("campaign_id", "identity_id"), ("message_id",))
_count_on = Update(table_of(Conversation), ("last_seq",))


def _queue(session: Session, campaign: Campaign, identities: Sequence[int], now: datetime) -> None:
    """A message each, in the viewer's open conversation or a new one; conversations are locked in id order."""
    rows = [(i, campaign.channel_id, Owner.bot, 0, 0, now, now, False) for i in identities]
    _insert_conversations(session, rows)  # where one is open, the unique key leaves it out
    opened = select(Conversation.id, Conversation.identity_id, Conversation.last_seq)
    own = (is_any(Conversation.identity_id, identities), Conversation.closed_at.is_(None))
    locked = session.execute(for_update(opened.where(*own).order_by(Conversation.id)))
    found = [(row[0], row[1], row[2] + 1) for row in locked]
    _count_on(session, [(conversation, seq) for conversation, _, seq in found])
    made = _insert_messages(
        session,
        [
            (conversation, seq, Direction.outbound, "system", campaign.kind, campaign.text, campaign.data,
             MessageState.queued, Via.outbox, now)
            for conversation, _, seq in found
        ],
    )  # fmt: skip
    by_conversation = {conversation: message for message, conversation in made}
    queued = [
        Queued(by_conversation[conversation], conversation, campaign.channel_id, now, Priority.campaign)
        for conversation, *_ in found
    ]
    outbox.enqueue(session, queued, now=now)
    _note_messages(session, sorted((campaign.id, who, by_conversation[talk]) for talk, who, _ in found))


def stop(session: Session, campaign_id: int) -> None:
    """Nobody further is queued; what is in the outbox already leaves."""
    for state in (CampaignState.preparing, CampaignState.running):
        _switch(session, campaign_id, state, CampaignState.stopped)


def resume(session: Session, campaign_id: int, *, now: datetime) -> None:
    """From where it was stopped: what was written down stays, and the rest of it is first."""
    if _switch(session, campaign_id, CampaignState.stopped, CampaignState.preparing):
        timers.at(session, KIND, campaign_id, now, now=now, priority=Priority.campaign)


def _switch(session: Session, campaign_id: int, before: CampaignState, after: CampaignState) -> bool:
    own = (Campaign.id == campaign_id, Campaign.state == before)
    return changed(session.execute(update(Campaign).where(*own).values(state=after))) == 1


def is_active(session: Session, campaign_id: int) -> bool:
    """Whether there is still something to prepare or to queue."""
    state = session.scalar(select(Campaign.state).where(Campaign.id == campaign_id))
    return state in (CampaignState.preparing, CampaignState.running)


def figures(session: Session, campaign_id: int) -> Figures:
    campaign = session.get_one(Campaign, campaign_id)
    own = Recipient.campaign_id == campaign_id
    waiting = session.scalar(select(func.count()).where(own, Recipient.message_id.is_(None))) or 0
    states = (
        select(Message.state, func.count())
        .join(Recipient, Recipient.message_id == Message.id)
        .where(own)
        .group_by(Message.state)
    )
    return Figures(campaign.recipients, waiting, {row[0]: row[1] for row in session.execute(states)})


def _locked(session: Session, campaign_id: int) -> Campaign | None:
    """One process at a time works at a campaign."""
    statement = for_update(select(Campaign).where(Campaign.id == campaign_id))
    return session.scalars(statement, execution_options={"populate_existing": True}).one_or_none()
