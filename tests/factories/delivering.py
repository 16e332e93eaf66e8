"""What leaves by itself, step by step: viewers of stand-in platforms, messages for them, claims, ends of attempts."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.channels import outbound
from app.channels.delivery import DeliveryError, Outcome, Rate, Receipt
from app.conversations import claiming, outbox, settling
from app.conversations.accounts import Account
from app.conversations.claiming import Claimed, Class
from app.conversations.models import (
    Channel,
    Conversation,
    Direction,
    EventState,
    InboundEvent,
    Message,
    MessageState,
    Owner,
)
from app.conversations.pending import Draft
from app.conversations.settling import Ended
from app.jobs.models import Job, Lane, Priority
from app.viewers.models import Identity, Viewer
from tests.factories.conversations import NOW
from tests.factories.stand_ins import Keyed, Own, Unkeyed

LEASE = timedelta(minutes=2)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
TEXT = outbound.Text("好的")
NOTICE = outbound.Notice("template", {"thing": "更新"})
Accounts = Mapping[int, Account]


def account(
    session: Session, *, keyed: bool = False, name: str = "main", rates: Mapping[str, Rate] | None = None
) -> Account:
    """A channel on a stand-in platform, served."""
    platform = Keyed() if keyed else Unkeyed()
    channel = Channel(
        platform=platform.name, name=name, settings={}, secrets=b"", simulated=False, created_at=NOW, updated_at=NOW
    )
    session.add(channel)
    session.flush()
    return Account(channel.id, name, False, platform, Own(rates or {}))


def viewer(
    session: Session, channel_id: int, name: str = "viewer-1", *, following: bool | None = None,
    proactive: bool | None = None, refused_pushes_at: datetime | None = None,
) -> int:  # fmt: skip
    """One who has not written yet; the id of his open conversation."""
    person = Viewer(created_at=NOW)
    session.add(person)
    session.flush()
    identity = Identity(
        channel_id=channel_id, external_id=name, viewer_id=person.id, created_at=NOW, following=following,
        proactive=proactive, refused_pushes_at=refused_pushes_at,
    )  # fmt: skip
    session.add(identity)
    session.flush()
    return conversation(session, channel_id, identity.id)


def conversation(session: Session, channel_id: int, identity_id: int, at: datetime = NOW) -> int:
    row = Conversation(
        identity_id=identity_id, channel_id=channel_id, owner=Owner.bot, last_seq=0, heard_seq=0, failures=0,
        opened_at=at, viewer_wrote_at=at, acknowledged=False,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.id


def next_conversation(session: Session, conversation_id: int, at: datetime) -> int:
    """That in which the viewer writes after a long silence; the former one is closed."""
    former = session.get_one(Conversation, conversation_id)
    former.closed_at = at
    session.flush()
    new = conversation(session, former.channel_id, former.identity_id, at)
    outbox.reopen_earlier(session, [former.identity_id], at)
    return new


def writes(session: Session, conversation_id: int, at: datetime = NOW, *, kind: str = "text", key: str = "") -> int:
    """The viewer writes (or does something else of that kind), as ingest enters it; the message's id."""
    talk = session.get_one(Conversation, conversation_id)
    talk.last_seq += 1
    talk.heard_seq = talk.last_seq
    event = InboundEvent(
        channel_id=talk.channel_id, dedupe_key=key or f"push-{conversation_id}-{talk.last_seq}", sender="",
        state=EventState.handled, received_at=at,
    )  # fmt: skip
    session.add(event)
    session.flush()
    heard = Message(
        conversation_id=conversation_id, seq=talk.last_seq, direction=Direction.inbound, author="viewer", kind=kind,
        text="在吗", state=MessageState.received, event_id=event.id, platform_at=at, created_at=at,
    )  # fmt: skip
    session.add(heard)
    session.flush()
    for lane in outbox.lanes_with_work(session, [conversation_id]).values():
        outbox.reopen(session, lane, at)
    return heard.id


def says(
    session: Session, conversation_id: int, text: str = "好的", *, priority: Priority = Priority.bot,
    author: str = "bot", at: datetime = NOW, fallback: outbound.Notice | None = None,
) -> int:  # fmt: skip
    """We say something; the message's id."""
    return outbox.post(
        session, conversation_id, outbound.Text(text), author=author, priority=priority, now=at, fallback=fallback
    )


def claim(
    session: Session, *accounts: Account, worker: str = "w1", now: datetime = NOW, limit: int = 32,
    paused: Sequence[Class] = (),
) -> Claimed:  # fmt: skip
    served = {each.channel_id: each for each in accounts}
    return claiming.claim(session, served, worker=worker, now=now, lease=LEASE, limit=limit, paused=paused)


def leave(session: Session, *accounts: Account, worker: str = "w1", now: datetime = NOW) -> list[Draft]:
    """What may leave now, claimed."""
    return claim(session, *accounts, worker=worker, now=now).drafts


def arrived(draft: Draft, platform_id: str | None = None) -> Ended:
    return Ended(draft, Receipt(platform_id), None, 0.5)


def failed(draft: Draft, outcome: Outcome, *, retry_after: float | None = None, whole: bool = False) -> Ended:
    return Ended(draft, None, DeliveryError("refused", outcome, "as told", retry_after=retry_after), 0.5, whole)


def settle(session: Session, *ended: Ended, worker: str = "w1", now: datetime = NOW) -> list[Ended]:
    return settling.settle(session, ended, worker=worker, now=now)


def message(session: Session, message_id: int) -> Message:
    return session.scalars(select(Message).where(Message.id == message_id)).one()


def state(session: Session, message_id: int) -> str:
    return session.scalars(select(Message.state).where(Message.id == message_id)).one()


def job(session: Session, message_id: int) -> Job | None:
    return session.scalars(select(Job).where(Job.subject_id == message_id, Job.kind == "message")).one_or_none()


def waits(session: Session, message_id: int) -> tuple[str | None, datetime] | None:
    """Why and until when it waits; None where no job of it is left."""
    found = job(session, message_id)
    return None if found is None else (found.waits, found.not_before)


def lane(session: Session, conversation_id: int) -> Lane:
    return session.scalars(select(Lane).where(Lane.subject_id == conversation_id)).one()
