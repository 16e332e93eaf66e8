"""Messages by their words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.agents import rights
from app.agents.models import Agent
from app.agents.rights import Action, Actor
from app.conversations.models import Channel, Conversation, Message
from app.db.sql import is_any
from app.desk.search import query as queries
from app.desk.search import snippets
from app.desk.search.found import Found, MessageHit
from app.desk.search.moments import ids_between
from app.desk.search.query import TOP, Query, collect, stretches
from app.desk.search.sources import Kind
from app.desk.search.walking import walk_all
from app.viewers.models import Identity, Viewer

_SERVICE = ("bot", "system")


class Author(StrEnum):
    viewer = "viewer"
    agent = "agent"
    bot = "bot"
    """Whatever the service says by itself."""


@dataclass(frozen=True, slots=True)
class Where:
    """Which messages; None: all."""

    channel_id: int | None = None
    conversation_id: int | None = None
    author: Author | None = None
    since: datetime | None = None
    until: datetime | None = None
    """Not included."""


EVERYWHERE = Where()


def find_messages(
    session: Session, text: str, *, by: Actor, where: Where = EVERYWHERE, after: int | None = None, limit: int = 20
) -> Found[MessageHit]:
    """The newest first; ``after`` as the page before gave it. Forbidden, QueryTooLong."""
    rights.require(by, Action.see_conversations)
    query = queries.parse(text)
    if not query.terms:
        return Found((), None)
    below, floor = ids_between(session, where.since, where.until)
    below = min(below, TOP if after is None else after)
    if where.conversation_id is None:
        way = stretches(session, Kind.messages, query, lambda *at: _newest(session, *at), below=below, floor=floor)
    else:
        way = walk_all(lambda *at: _of_one(session, where.conversation_id, *at), below=below, floor=floor)
    chosen = _chosen(where)
    hits, further = collect(way, lambda ids: _texts(session, ids, chosen), query, limit=limit)
    return Found(_complete(session, dict(hits), query), further)


def _newest(session: Session, below: int, limit: int) -> Sequence[int]:
    ids = select(Message.id).where(Message.id < below).order_by(Message.id.desc()).limit(limit)
    return session.scalars(ids).all()


def _of_one(session: Session, conversation_id: int | None, below: int, limit: int) -> Sequence[int]:
    """In a conversation ids and ``seq`` have one order, and the index is that of ``seq``."""
    last = select(func.max(Message.seq)).where(Message.conversation_id == conversation_id, Message.id < below)
    own = (Message.conversation_id == conversation_id, Message.seq <= last.scalar_subquery())
    return session.scalars(select(Message.id).where(*own).order_by(Message.seq.desc()).limit(limit)).all()


def _chosen(where: Where) -> list[ColumnElement[bool]]:
    chosen: list[ColumnElement[bool]] = [Message.recalled_at.is_(None)]
    if where.channel_id is not None:
        channel = select(Conversation.channel_id).where(Conversation.id == Message.conversation_id)
        chosen.append(channel.scalar_subquery() == where.channel_id)
    if where.author is not None:
        chosen.append(_AUTHORS[where.author])
    if where.since is not None:
        chosen.append(Message.created_at >= where.since)
    if where.until is not None:
        chosen.append(Message.created_at < where.until)
    return chosen


_AUTHORS = {
    Author.viewer: Message.author == "viewer",
    Author.bot: Message.author.in_(_SERVICE),
    Author.agent: Message.author.not_in(("viewer", *_SERVICE)),
}


def _texts(session: Session, ids: Sequence[int], chosen: Sequence[ColumnElement[bool]]) -> Mapping[int, str]:
    statement = select(Message.id, Message.text).where(is_any(Message.id, ids), *chosen)
    return dict(session.execute(statement).all())


_ROW = (
    Message.id, Message.conversation_id, Message.seq, Message.created_at, Message.author, Message.kind,
    Viewer.id.label("viewer_id"), Viewer.name.label("viewer_name"), Identity.external_id,
    Channel.id.label("channel_id"), Channel.name.label("channel"), Channel.platform,
)  # fmt: skip


def _complete(session: Session, texts: Mapping[int, str], query: Query) -> Sequence[MessageHit]:
    statement = (
        select(*_ROW)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(Identity, Identity.id == Conversation.identity_id)
        .join(Viewer, Viewer.id == Identity.viewer_id)
        .join(Channel, Channel.id == Conversation.channel_id)
        .where(is_any(Message.id, list(texts)))
    )
    rows = session.execute(statement.order_by(Message.id.desc())).all() if texts else []
    names = _names(session, {row.author for row in rows})
    return tuple(_hit(row, texts[row.id], names, query) for row in rows)


def _names(session: Session, authors: set[str]) -> Mapping[str, str]:
    ids = [int(author) for author in authors if author.isdecimal()]
    if not ids:
        return {}
    rows = session.execute(select(Agent.id, Agent.name).where(is_any(Agent.id, ids)))
    return {str(agent_id): name for agent_id, name in rows}


def _hit(row: Any, text: str, names: Mapping[str, str], query: Query) -> MessageHit:
    return MessageHit(
        message_id=row.id, conversation_id=row.conversation_id, seq=row.seq, at=row.created_at, author=row.author,
        author_name=names.get(row.author), kind=row.kind, snippet=snippets.cut(text, query.terms),
        viewer_id=row.viewer_id, viewer_name=row.viewer_name, external_id=row.external_id,
        channel_id=row.channel_id, channel=row.channel, platform=row.platform,
    )  # fmt: skip
