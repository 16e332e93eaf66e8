"""Messages that leave by themselves: rows in lanes, written in the transaction that wants them.

A message has one true state, on its own row; the job beside it only says that somebody must act. A lane is a
conversation, so order within one is kept whatever happens, and conversations run beside each other.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from app.agents.calendars import BEIJING
from app.channels import outbound
from app.channels.outbound import Choice
from app.channels.registry import PLATFORMS
from app.conversations import announcing
from app.conversations.models import Conversation, Direction, Message, MessageState, Via
from app.conversations.pending import KIND, TOPIC
from app.db.sql import for_update, is_any
from app.events import Kind, publish
from app.jobs import lanes
from app.jobs.models import Job, JobState, Lane, LaneKey, NewJob, Priority, Waits

LATE = timedelta(hours=12)
WRITTEN_ON = "（这是{month}月{day}日写给您的回复）\n"
LONGEST_TEXT = min(platform.capability.text_bytes for platform in PLATFORMS.values())


@dataclass(frozen=True, slots=True)
class Queued:
    message_id: int
    conversation_id: int
    channel_id: int
    not_before: datetime
    priority: Priority = Priority.bot


def choices_of(message: Message) -> tuple[Choice, ...]:
    """The lines of an outbound message that can be tapped."""
    return tuple(Choice(*listed) for listed in (message.data or {}).get("choices", ()))


def enqueue(session: Session, queued: Sequence[Queued], *, now: datetime) -> None:
    """Put messages (rows in state ``queued``) behind whatever waits in their conversations."""
    rows = [
        NewJob(LaneKey(TOPIC, m.conversation_id, m.channel_id), KIND, m.message_id, m.not_before, m.priority)
        for m in queued
    ]
    lanes.enqueue(session, rows, now=now)


def lanes_with_work(session: Session, conversation_ids: Collection[int]) -> dict[int, Lane]:
    """Lock and return the lanes of these conversations in which something waits."""
    return lanes.busy_lanes(session, TOPIC, conversation_ids)


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
    job = lanes.first_job(session, lane.id)
    if job is None or job.kind != KIND or job.state != JobState.queued or job.doubtful:
        return None
    message = session.get_one(Message, job.subject_id)
    if message.kind != "text":
        return None
    if job.waits == Waits.window:
        message.text = dated(message.text, message.created_at, now)
    message.state, message.via = MessageState.sending, Via.passive
    message.event_id, message.sending_at = event_id, now
    session.delete(job)
    lanes.release(session, lane)
    return message


def waited_for(session: Session, conversation_ids: Collection[int]) -> set[int]:
    """Those of the conversations in which something waits for the viewer to write."""
    own = (Lane.topic == TOPIC, is_any(Lane.subject_id, conversation_ids), Job.waits == Waits.window)
    return set(session.scalars(select(Lane.subject_id).join(Job, Job.lane_id == Lane.id).where(*own)))


def reopen(session: Session, lane: Lane, now: datetime) -> None:
    """The viewer wrote: what waited for that in his (locked) lane goes first, now that his window is open again."""
    waiting = (Job.lane_id == lane.id, Job.waits == Waits.window)
    freed = update(Job).where(*waiting).values(not_before=now, waits=None).returning(Job.subject_id)
    ids = list(session.scalars(freed))
    if not ids:
        return
    for message in session.scalars(select(Message).where(is_any(Message.id, ids), Message.kind == "text")):
        message.text = dated(message.text, message.created_at, now)
    lanes.refresh(session, lane)


def dated(text: str, written: datetime, now: datetime) -> str:
    """A text that waited for the viewer for so long that he must be told from when it is. Pure."""
    if now - written < LATE:
        return text
    day = written.astimezone(BEIJING)
    noted = WRITTEN_ON.format(month=day.month, day=day.day) + text
    return noted if len(noted.encode()) <= LONGEST_TEXT else text


def reopen_earlier(session: Session, identity_ids: Collection[int], now: datetime) -> None:
    """These viewers begin a new conversation: what waited for that in their earlier ones can leave now."""
    earlier = select(Conversation.id).where(is_any(Conversation.identity_id, identity_ids))
    lanes_ = select(Lane).where(Lane.topic == TOPIC, Lane.subject_id.in_(earlier), Lane.ready_at.is_not(None))
    for lane in session.scalars(for_update(lanes_.order_by(Lane.subject_id)).execution_options(populate_existing=True)):
        reopen(session, lane, now)


def post(
    session: Session,
    conversation_id: int,
    message: outbound.Message,
    *,
    author: str,
    priority: Priority,
    now: datetime,
    not_before: datetime | None = None,
    fallback: outbound.Notice | None = None,
    announcement: outbound.Notice | None = None,
    agent: str | None = None,
) -> int:
    """Say something in a conversation: the message's row and its place in the outbox; its id.

    Where the viewer's window is closed, ``fallback`` leaves instead, or ``announcement`` before it. ``agent``: as whom
    the platform shows it, where it can. The conversation's lock makes the number and the order of sending the same.
    """
    locked = for_update(select(Conversation).where(Conversation.id == conversation_id))
    conversation = session.scalars(locked, execution_options={"populate_existing": True}).one()
    conversation.last_seq += 1
    kind, text, data = outbound.written(message)
    if fallback is not None:
        data = (data or {}) | {"fallback": outbound.written(fallback)[2]}
    if announcement is not None:
        data = (data or {}) | announcing.written(announcement)
    if agent is not None:
        data = (data or {}) | {"agent": agent}
    row = Message(
        conversation_id=conversation.id, seq=conversation.last_seq, direction=Direction.outbound, author=author,
        kind=kind, text=text, data=data, state=MessageState.queued, via=Via.outbox, created_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    enqueue(session, [Queued(row.id, conversation.id, conversation.channel_id, not_before or now, priority)], now=now)
    publish(session, Kind.conversation, [conversation.id], now=now)
    return row.id
