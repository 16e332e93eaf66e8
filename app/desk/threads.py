"""One conversation as people read it: who it is with, what was said, and what happened between."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from app.agents import rights
from app.agents.models import Agent, Team
from app.agents.rights import Action, Actor
from app.conversations.models import Channel, Conversation
from app.conversations.refusals import ConversationNotFound
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


def look(session: Session, conversation_id: int, *, by: Actor, now: datetime) -> Thread:
    """Only who it is with and how it stands: without what was said."""
    head, read_seq = _head(session, conversation_id, by, now)
    return Thread(head, (), None, read_seq, head.last_seq)


_closer = aliased(Agent)


def _head(session: Session, conversation_id: int, by: Actor, now: datetime) -> tuple[Head, int]:
    rights.require(by, Action.see_conversations)
    own = (ReadMark.conversation_id == Conversation.id) & (ReadMark.agent_id == by.id)
    row = session.execute(
        select(
            Conversation, Viewer.name, Viewer.vip, Identity.viewer_id, Identity.external_id, Channel.platform,
            Channel.name, Agent.name, Team.name, _closer.name, ReadMark.seq,
        )
        .join(Identity, Identity.id == Conversation.identity_id)
        .join(Viewer, Viewer.id == Identity.viewer_id)
        .join(Channel, Channel.id == Conversation.channel_id)
        .outerjoin(Agent, Agent.id == Conversation.agent_id)
        .outerjoin(_closer, _closer.id == Conversation.closed_by)
        .outerjoin(Team, Team.id == Conversation.team_id)
        .outerjoin(ReadMark, own)
        .where(Conversation.id == conversation_id)
    ).one_or_none()  # fmt: skip
    if row is None:
        raise ConversationNotFound
    talk, name, vip, viewer_id, address, platform, channel, agent, team, closer, mark = row
    tags = session.scalars(select(Tag.tag).where(Tag.conversation_id == conversation_id).order_by(Tag.tag))
    head = Head(
        talk.id, names.display(name, platform, address), vip, talk.identity_id, viewer_id, platform, talk.channel_id,
        channel, names.is_group(platform, address), talk.owner, talk.agent_id, agent, talk.team_id, team, talk.skill,
        talk.priority, talk.title, tuple(tags), talk.opened_at, talk.closed_at, closer, _snoozed_until(talk, now),
        talk.waits_since, talk.queued_at, talk.last_seq, talk.heard_seq,
    )  # fmt: skip
    return head, mark or 0


def _snoozed_until(talk: Conversation, now: datetime) -> datetime | None:
    if talk.snoozed_until is None or talk.snoozed_at is None or talk.snoozed_until <= now:
        return None
    return talk.snoozed_until if talk.snoozed_at >= talk.viewer_wrote_at else None
