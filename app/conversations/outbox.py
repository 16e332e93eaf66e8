"""Messages that leave by themselves: rows in lanes, written in the transaction that wants them.

A message has one true state, on its own row; the job beside it only says that somebody must act. A lane is a
conversation, so order within one is kept whatever happens, and conversations run beside each other.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, literal_column, select, update
from sqlalchemy.orm import Session

from app import jobs
from app.channels import outbound
from app.channels.delivery import DeliveryError, Outcome
from app.channels.outbound import Choice
from app.conversations.models import Conversation, Message, MessageState, Via
from app.db.rows import Update, table_of
from app.db.sql import changed, counter, for_update, is_any, raise_to
from app.jobs import Job, JobState, Lane, LaneKey, NewJob, Priority
from app.viewers.models import Identity

TOPIC = "conversation"
KIND = "message"
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""``not_before`` of what can only ride on the answer to the viewer's next message."""
ATTEMPTS = 5
_BACKOFF = timedelta(seconds=5)
_SETTLED = "settled replies"
"""The counter that holds the time, in seconds, before which no passive reply is on its way any more."""
_OVERLAP = timedelta(seconds=60)
"""For so long at the most a transaction that says "on its way" takes to commit."""


@dataclass(frozen=True, slots=True)
class Queued:
    message_id: int
    conversation_id: int
    channel_id: int
    not_before: datetime
    priority: Priority = Priority.bot


@dataclass(frozen=True, slots=True)
class Draft:
    """What a sender needs to know of one message."""

    job_id: int
    message_id: int
    channel_id: int
    recipient: str
    message: outbound.Message


def choices_of(message: Message) -> tuple[Choice, ...]:
    """The lines of an outbound message that can be tapped."""
    return tuple(Choice(*listed) for listed in (message.data or {}).get("choices", ()))


def enqueue(session: Session, queued: Sequence[Queued], *, now: datetime) -> None:
    """Put messages (rows in state ``queued``) behind whatever waits in their conversations."""
    rows = [
        NewJob(LaneKey(TOPIC, m.conversation_id, m.channel_id), KIND, m.message_id, m.not_before, m.priority)
        for m in queued
    ]
    jobs.enqueue(session, rows, now=now)


def lanes_with_work(session: Session, conversation_ids: Collection[int]) -> dict[int, Lane]:
    """Lock and return the lanes of these conversations in which something waits."""
    return jobs.busy_lanes(session, TOPIC, conversation_ids)


_FREE_LANE = for_update(
    select(Lane).where(Lane.topic == TOPIC, Lane.subject_id == bindparam("conversation"), Lane.ready_at.is_not(None)),
    skip_locked=True,
)


def free_lane(session: Session, conversation_id: int) -> Lane | None:
    """Lock and return the lane of a conversation, without waiting: None where nothing is in it or somebody is at it."""
    given = {"conversation": conversation_id}
    return session.scalars(_FREE_LANE, given, execution_options={"populate_existing": True}).one_or_none()


def take_first(session: Session, lane: Lane, *, event_id: int, now: datetime) -> Message | None:
    """Take the oldest waiting text out of a locked lane, to ride on the response to ``event_id``.

    None where the lane is leased: a sender may be at it this moment, and order must not depend on who is faster.
    """
    if lane.leased_until is not None and lane.leased_until >= now:
        return None
    job = jobs.first_job(session, lane.id)
    if job is None or job.kind != KIND or job.state != JobState.queued:
        return None
    message = session.get_one(Message, job.subject_id)
    message.state, message.via = MessageState.sending, Via.passive
    message.event_id, message.sending_at = event_id, now
    session.delete(job)
    jobs.release(session, lane)
    return message


# -------------------- the sender's side


def begin_next(session: Session, lane_id: int, *, worker: str, now: datetime) -> Draft | None:
    """Mark the lane's first message ``sending`` and return it; give the lane back where nothing can be sent now."""
    lane = jobs.hold(session, lane_id, worker)
    if lane is None:
        return None
    _bury_interrupted(session, lane, now)
    job = jobs.first_job(session, lane_id)
    if job is None or job.not_before > now:
        jobs.release(session, lane)
        return None
    draft = _draft(session, job)
    if isinstance(draft, str):
        _give_up(session, job, MessageState.failed, draft)
        jobs.release(session, lane)
        return None
    if _earlier_in_flight(session, draft):
        job.not_before = now + timedelta(seconds=1)
        jobs.release(session, lane)
        return None
    job.state, job.attempts = JobState.running, job.attempts + 1
    session.execute(
        update(Message).where(Message.id == draft.message_id).values(state=MessageState.sending, sending_at=now)
    )
    return draft


def settle(
    session: Session, lane_id: int, draft: Draft, error: DeliveryError | None, *, worker: str, now: datetime
) -> None:
    """Write what became of an attempt; a lost lease changes nothing, its taker has settled the message."""
    lane, job = jobs.hold(session, lane_id, worker), session.get(Job, draft.job_id)
    if lane is None or job is None:
        return
    if error is None:
        session.delete(job)
        sent = {"state": MessageState.sent, "sent_at": now, "error": None}
        session.execute(update(Message).where(Message.id == draft.message_id).values(sent))
    elif error.outcome in (Outcome.retry, Outcome.refresh, Outcome.later) and job.attempts < ATTEMPTS:
        wait = timedelta(seconds=error.retry_after) if error.retry_after else _BACKOFF * 2 ** (job.attempts - 1)
        job.state, job.not_before, job.error = JobState.queued, now + wait, str(error)[:200]
        session.execute(update(Message).where(Message.id == draft.message_id).values(state=MessageState.queued))
    else:
        state = MessageState.unknown if error.outcome is Outcome.unknown else MessageState.failed
        _give_up(session, job, state, str(error))
    jobs.release(session, lane)


def _give_up(session: Session, job: Job, state: MessageState, reason: str) -> None:
    """A message that will not leave by itself any more: ``unknown`` is no dead job, nobody may simply repeat it."""
    values: dict[str, Any] = {"state": state, "error": reason[:200]}
    session.execute(update(Message).where(Message.id == job.subject_id).values(values))
    if state is MessageState.unknown:
        session.delete(job)
    else:
        job.state, job.error = JobState.dead, reason[:200]


def _bury_interrupted(session: Session, lane: Lane, now: datetime) -> None:
    """A job that runs although we have only just taken the lane was in flight when its worker died."""
    interrupted = session.scalars(select(Job).where(Job.lane_id == lane.id, Job.state == JobState.running))
    for job in interrupted.all():
        _give_up(session, job, MessageState.unknown, "the sender was interrupted while sending")
    session.flush()


_DRAFT = (
    Message.kind,
    Message.text,
    Message.data,
    Conversation.channel_id,
    Identity.external_id,
    Identity.following,
)


def _draft(session: Session, job: Job) -> Draft | str:
    """The message as it is to be sent, or the reason why it must not be."""
    statement = (
        select(*_DRAFT)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(Identity, Identity.id == Conversation.identity_id)
        .where(Message.id == job.subject_id)
    )
    found = session.execute(statement).one_or_none()
    if found is None:
        return "the message does not exist any more"
    kind, text, data, channel_id, recipient, following = found
    if following is False:
        return "the viewer does not follow the account any more"
    return Draft(job.id, job.subject_id, channel_id, recipient, outbound.read(kind, text, data))


def _earlier_in_flight(session: Session, draft: Draft) -> bool:
    """Whether an earlier message of the conversation is still on its way on a webhook's response."""
    message = session.get_one(Message, draft.message_id)
    earlier = select(Message.id).where(
        Message.conversation_id == message.conversation_id,
        Message.seq < message.seq,
        Message.seq >= message.seq - 20,
        Message.state == MessageState.sending,
    )
    return session.scalar(earlier.limit(1)) is not None


# -------------------- passive replies

_mark_sent = Update(
    table_of(Message),
    ("state", "sent_at"),
    only="messages.state = 'sending' AND messages.sending_at <= given.sent_at",
)


def mark_sent(session: Session, carried: Sequence[tuple[int, datetime]]) -> None:
    """These rode on responses that were handed to the network: (message id, when).

    What a repeat has carried since then stays ``sending``: that its first response left says nothing any longer.
    """
    _mark_sent(session, [(message_id, MessageState.sent, at) for message_id, at in sorted(carried)])


def put_back(session: Session, late: Sequence[Queued], *, carried_at: datetime, now: datetime) -> None:
    """Queue replies whose responses left without them, unless a repeat has carried them since ``carried_at``."""
    # Conversations first, then messages, then lanes: the order in which ingest locks.
    conversations = select(Conversation.id).where(is_any(Conversation.id, [m.conversation_id for m in late]))
    session.execute(for_update(conversations.order_by(Conversation.id)))
    own = (
        is_any(Message.id, [m.message_id for m in late]),
        Message.state == MessageState.sending,
        Message.sending_at == carried_at,
    )
    values = {"state": MessageState.queued, "via": Via.outbox, "sending_at": None}
    ours = set(session.scalars(update(Message).where(*own).values(values).returning(Message.id)))
    enqueue(session, [m for m in late if m.message_id in ours], now=now)


def mark_unknown(session: Session, *, before: datetime) -> int:
    """Passive replies on their way since ``before`` become ``unknown``: the platform repeats no more."""
    # The mark of a process whose clock runs ahead must not hide what comes.
    settled = min(datetime.fromtimestamp(counter(session, _SETTLED), UTC), before)
    window = (Message.sending_at >= settled - _OVERLAP, Message.sending_at < before)
    stale = (Message.state == literal_column("'sending'"), Message.via == Via.passive, *window)
    reason = "no repeat of the platform's request fetched the answer"
    done = session.execute(update(Message).where(*stale).values(state=MessageState.unknown, error=reason))
    if before - settled > _OVERLAP:  # seldom: an idle service need not write
        raise_to(session, _SETTLED, int(before.timestamp()))
    return changed(done)


def redrive(session: Session, *, now: datetime) -> int:
    """Queue dead jobs again, at the end of their lanes; returns how many."""
    dead = (Job.state == JobState.dead, Job.kind == KIND)
    # Taken by deleting them: of two people who do this at once, one gets a job.
    taken = session.execute(delete(Job).where(*dead).returning(Job.subject_id, Job.id))
    jobs_by_message = {row.subject_id: row.id for row in taken}
    messages = is_any(Message.id, list(jobs_by_message))
    found = session.execute(
        select(Message.id, Message.conversation_id, Conversation.channel_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(messages)
    )
    queued = [Queued(*row, now) for row in sorted(found, key=lambda row: jobs_by_message[row[0]])]
    session.execute(update(Message).where(messages).values(state=MessageState.queued))
    enqueue(session, queued, now=now)
    return len(queued)
