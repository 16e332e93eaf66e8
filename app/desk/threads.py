"""One conversation as people read it: who it is with, what was said, and what happened between."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, aliased

from app.agents import rights
from app.agents.models import Agent, Team
from app.agents.rights import Action, Actor
from app.conversations.models import Channel, Conversation
from app.conversations.refusals import ConversationNotFound
from app.db.driver import Prepared
from app.desk import items, names
from app.desk.items import File, Happened, Item, Said, Source
from app.desk.models import ReadMark, Tag
from app.viewers.models import Identity, Viewer

__all__ = ["File", "Happened", "Head", "Item", "Said", "Source", "Thread", "get_for", "look", "read", "read_new"]
LARGEST_PAGE = 200


@dataclass(frozen=True, slots=True)
class Head:
    id: int
    viewer: str
    is_vip: bool
    identity_id: int
    viewer_id: int
    platform: str
    channel_id: int
    channel: str
    is_group: bool
    owner: str
    agent_id: int | None
    agent: str | None
    team_id: int | None
    team: str | None
    skill: str | None
    priority: int
    title: str | None
    tags: tuple[str, ...]
    opened_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    """The name of who resolved it."""
    snoozed_until: datetime | None
    """None also where the viewer has written since."""
    waits_since: datetime | None
    queued_at: datetime | None
    last_seq: int
    heard_seq: int


@dataclass(frozen=True, slots=True)
class Thread:
    head: Head
    items: tuple[Item, ...]
    """In their order."""
    older: int | None
    """``before`` of the page that stands before this one; None: it begins here."""
    read_seq: int
    """How far the reader had read."""
    newest_seq: int


def get_for(session: Session, by: Actor, conversation_id: int) -> Conversation:
    """The one door to a conversation by its id; ConversationNotFound."""
    rights.require(by, Action.see_conversations)
    found = session.get(Conversation, conversation_id)
    if found is None:
        raise ConversationNotFound
    return found


def read(
    session: Session, conversation_id: int, *, by: Actor, before: int | None = None, limit: int = 50, now: datetime
) -> Thread:
    """The newest ``limit`` messages, or those before the message ``before``, with what happened between them."""
    head, read_seq = _head(session, conversation_id, by, now)
    found, older = items.page(session, conversation_id, head.viewer, before=before, limit=min(limit, LARGEST_PAGE))
    return Thread(head, found, older, read_seq, head.last_seq)


def read_new(session: Session, conversation_id: int, *, by: Actor, since_seq: int, now: datetime) -> Thread:
    """What came behind the message ``since_seq``; ``older`` is None."""
    head, read_seq = _head(session, conversation_id, by, now)
    found = items.since(session, conversation_id, head.viewer, since_seq, limit=LARGEST_PAGE)
    return Thread(head, found, None, read_seq, head.last_seq)


def read_from(session: Session, conversation_id: int, *, by: Actor, first_seq: int, now: datetime) -> Thread:
    """From the message ``first_seq`` to now; once that is far away, the newest page. ``older`` only for that."""
    head, read_seq = _head(session, conversation_id, by, now)
    older: int | None = None
    if head.last_seq - first_seq < LARGEST_PAGE:
        found = items.since(session, conversation_id, head.viewer, max(0, first_seq - 1), limit=LARGEST_PAGE)
    else:
        found, older = items.page(session, conversation_id, head.viewer, before=None, limit=LARGEST_PAGE)
    return Thread(head, found, older, read_seq, head.last_seq)


def look(session: Session, conversation_id: int, *, by: Actor, now: datetime) -> Thread:
    """Only who it is with and how it stands: without what was said."""
    head, read_seq = _head(session, conversation_id, by, now)
    return Thread(head, (), None, read_seq, head.last_seq)


def channel_of(session: Session, conversation_id: int, *, by: Actor) -> int:
    """The id of its channel; ConversationNotFound."""
    rights.require(by, Action.see_conversations)
    rows = _CHANNEL(session, id=conversation_id)
    if not rows:
        raise ConversationNotFound
    return int(rows[0][0])


_CHANNEL = Prepared(select(Conversation.channel_id).where(Conversation.id == bindparam("id")))
_closer = aliased(Agent)
_HEAD = Prepared(
    select(
        Viewer.name.label("viewer"), Viewer.vip, Conversation.identity_id, Identity.viewer_id, Identity.external_id,
        Channel.platform, Conversation.channel_id, Channel.name.label("channel"), Conversation.owner,
        Conversation.agent_id, Agent.name.label("agent"), Conversation.team_id, Team.name.label("team"),
        Conversation.skill, Conversation.priority, Conversation.title, Conversation.opened_at, Conversation.closed_at,
        _closer.name.label("closer"), Conversation.snoozed_at, Conversation.snoozed_until, Conversation.viewer_wrote_at,
        Conversation.waits_since, Conversation.queued_at, Conversation.last_seq, Conversation.heard_seq, ReadMark.seq,
    )
    .join(Identity, Identity.id == Conversation.identity_id)
    .join(Viewer, Viewer.id == Identity.viewer_id)
    .join(Channel, Channel.id == Conversation.channel_id)
    .outerjoin(Agent, Agent.id == Conversation.agent_id)
    .outerjoin(_closer, _closer.id == Conversation.closed_by)
    .outerjoin(Team, Team.id == Conversation.team_id)
    .outerjoin(
        ReadMark, (ReadMark.conversation_id == Conversation.id) & (ReadMark.agent_id == bindparam("reader"))
    )
    .where(Conversation.id == bindparam("id"))
)  # fmt: skip
_TAGS = Prepared(select(Tag.tag).where(Tag.conversation_id == bindparam("id")).order_by(Tag.tag))


def _head(session: Session, conversation_id: int, by: Actor, now: datetime) -> tuple[Head, int]:
    """And how far the reader had read."""
    rights.require(by, Action.see_conversations)
    rows = _HEAD(session, id=conversation_id, reader=by.id)
    if not rows:
        raise ConversationNotFound
    (viewer, vip, identity_id, viewer_id, address, platform, channel_id, channel, owner, agent_id, agent, team_id, team,
     skill, priority, title, opened_at, closed_at, closer, snoozed_at, snoozed_until, wrote_at, waits_since, queued_at,
     last_seq, heard_seq, read_seq) = rows[0]  # fmt: skip
    tags = tuple(row[0] for row in _TAGS(session, id=conversation_id))
    head = Head(
        conversation_id, names.display(viewer, platform, address), vip, identity_id, viewer_id, platform, channel_id,
        channel, names.is_group(platform, address), owner, agent_id, agent, team_id, team, skill, priority, title, tags,
        opened_at, closed_at, closer, _snoozed_until(snoozed_at, snoozed_until, wrote_at, now), waits_since, queued_at,
        last_seq, heard_seq,
    )  # fmt: skip
    return head, read_seq or 0


def _snoozed_until(
    snoozed_at: datetime | None, until: datetime | None, wrote_at: datetime, now: datetime
) -> datetime | None:
    if until is None or snoozed_at is None or until <= now:
        return None
    return until if snoozed_at >= wrote_at else None
