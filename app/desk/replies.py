"""What a person says to a viewer.

The conversation's lock makes it certain that he has it, that he has seen what the viewer wrote last, and that the bot
says nothing beside him: the way in holds the same lock while it decides. What the bot said before he took over and what
has not left by then is kept back when its turn comes, and stands in the thread as not delivered: the viewer hears the
person, not an answer to what has been answered.
"""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import events
from app.agents import audit, rights
from app.agents.rights import Action, Actor
from app.channels import outbound
from app.channels.registry import PLATFORMS
from app.channels.text import carriable, split_text
from app.conversations import history, outbox, routing
from app.conversations.history import Kind
from app.conversations.models import Channel, Conversation, Direction, Message
from app.conversations.refusals import ConversationClosed
from app.desk import drafts, marks, names, words
from app.desk.models import SentKey
from app.errors import AppError
from app.jobs.models import Priority
from app.tickets import service as tickets
from app.viewers.models import Identity

MOST_PIECES = 5
"""Messages that one text may become: a window of WeChat's allows as many."""
MOST_COUNTED = 99
LONGEST_KEY = 64


class NewMessages(AppError):
    """The viewer wrote meanwhile: ``count`` messages, up to ``MOST_COUNTED``."""

    status_code, message = 409, "观众又发来 {count} 条消息，请先看过再发送"

    def __init__(self, count: int) -> None:
        super().__init__(count=count)
        self.count = count


class NothingSaid(AppError):
    status_code, message = 422, "请先写一点内容再发送"


class TextTooLong(AppError):
    """``most``: UTF-8 bytes that can be sent at once."""

    status_code, message = 422, "内容太长，请控制在约 {letters} 个汉字以内，或者分几次发送"

    def __init__(self, most: int) -> None:
        super().__init__(letters=most // 3)
        self.most = most


def send(
    session: Session, conversation_id: int, *, by: Actor, message: outbound.Message, seen_seq: int, key: str,
    now: datetime, step_in: bool = False, even_if_stale: bool = False, even_if_doubtful: bool = False,
    announcement: outbound.Notice | None = None, draft_revision: int | None = None,
) -> int:  # fmt: skip
    """Queue a reply; the id of its (first) message. A repeat with the same ``key`` says nothing and returns the first.

    A long text leaves as several messages, in order. ``seen_seq``: the newest message that he saw. ``announcement``:
    what leaves first, once, where the window is closed. ``draft_revision``: of the draft that this was.

    ConversationClosed; NotYours, or ConversationTaken unless ``step_in`` (which is on record, and leaves the owner);
    NewMessages unless ``even_if_stale``; WordBlocked; WordDoubtful unless ``even_if_doubtful``; NothingSaid;
    TextTooLong.
    """
    rights.require(by, Action.speak)
    conversation = routing.lock(session, conversation_id)
    key = carriable(key)[:LONGEST_KEY]
    known = session.get(SentKey, (by.id, conversation_id, key))
    if known is not None:
        return known.message_id
    owner = _objecting(session, conversation, by, step_in)
    if not even_if_stale:
        _require_seen(session, conversation, seen_seq)
    pieces = _pieces(session, conversation, message)
    said_text, in_group = outbound.written(message)[1], _is_group(session, conversation)
    words.check(session, said_text, even_if_doubtful=even_if_doubtful, in_group=in_group)
    if owner is not None:
        _record_step(session, conversation, by, owner, now)
    said = [
        outbox.post(
            session,
            conversation_id,
            piece,
            author=str(by.id),
            priority=Priority.agent,
            now=now,
            announcement=announcement if number == 0 else None,
        )
        for number, piece in enumerate(pieces)
    ]
    session.add(SentKey(agent_id=by.id, conversation_id=conversation_id, key=key, message_id=said[0], at=now))
    conversation.waits_since = None
    session.flush()
    tickets.speak(session, conversation_id, now=now)
    drafts.empty(session, conversation_id, by=by, revision=draft_revision, now=now)
    marks.reach(session, conversation_id, by=by, seq=conversation.last_seq)
    events.publish(session, events.Kind.conversation, [conversation_id], now=now)
    return said[0]


def _objecting(session: Session, conversation: Conversation, by: Actor, step_in: bool) -> int | None:
    """The colleague into whose conversation he steps; None where it is his own."""
    if conversation.closed_at is not None:
        raise ConversationClosed
    if conversation.agent_id == by.id:
        return None
    if conversation.agent_id is None or not step_in:
        raise routing.taken_by(session, conversation)
    return conversation.agent_id


def _is_group(session: Session, conversation: Conversation) -> bool:
    where = select(Channel.platform, Identity.external_id).join(Channel, Channel.id == Identity.channel_id)
    return names.is_group(*session.execute(where.where(Identity.id == conversation.identity_id)).one())


def _record_step(session: Session, conversation: Conversation, by: Actor, former: int, now: datetime) -> None:
    history.write(session, conversation, Kind.stepped_in, by=by.id, now=now, owner=former)
    audit.record(session, by, "conversations.step_in", subject="conversation", subject_id=conversation.id, now=now,
                 owner=former)  # fmt: skip


def _require_seen(session: Session, conversation: Conversation, seen_seq: int) -> None:
    if conversation.heard_seq <= seen_seq:
        return
    heard = (Message.conversation_id == conversation.id, Message.direction == Direction.inbound)
    newer = select(Message.id).where(*heard, Message.seq > seen_seq).limit(MOST_COUNTED)
    count = session.scalar(select(func.count()).select_from(newer.subquery())) or 0
    if count:
        raise NewMessages(count)


def _pieces(session: Session, conversation: Conversation, message: outbound.Message) -> list[outbound.Message]:
    """What it becomes on the conversation's platform."""
    if not isinstance(message, outbound.Text):
        return [message]
    text = carriable(message.text).strip()
    if not text:
        raise NothingSaid
    platform = session.scalars(select(Channel.platform).where(Channel.id == conversation.channel_id)).one()
    limit = PLATFORMS[platform].capability.text_bytes if platform in PLATFORMS else outbox.LONGEST_TEXT
    parts = split_text(text, limit)
    if len(parts) > MOST_PIECES:
        raise TextTooLong(MOST_PIECES * limit)
    return [outbound.Text(part, message.choices if part is parts[-1] else ()) for part in parts]


def forget_keys(session: Session, *, before: datetime, limit: int = 1000) -> int:
    """Drop the keys of what was sent long ago; returns how many."""
    old = session.scalars(select(SentKey).where(SentKey.at < before).order_by(SentKey.at).limit(limit)).all()
    for each in old:
        session.delete(each)
    return len(old)
