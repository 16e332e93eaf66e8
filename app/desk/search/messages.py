"""Messages by their words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Integer, String, bindparam, case, or_, select
from sqlalchemy.orm import Session

from app.agents import rights
from app.agents.models import Agent
from app.agents.rights import Action, Actor
from app.conversations.models import Channel, Conversation, Message
from app.db.base import Id
from app.db.driver import Prepared
from app.db.sql import is_any
from app.desk.search import query as queries
from app.desk.search import snippets
from app.desk.search.found import Found, MessageHit
from app.desk.search.moments import ids_between
from app.desk.search.query import READ, TOP, Query, collect, stretches
from app.desk.search.sources import Kind
from app.desk.search.walking import walk_all
from app.viewers.models import Identity, Viewer

_ALWAYS = datetime(2000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


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
    if (talk := where.conversation_id) is None:
        way = stretches(session, Kind.messages, query, lambda *at: _newest(session, *at), below=below, floor=floor)
    else:
        way = walk_all(lambda *at: _of_one(session, talk, *at), below=below, floor=floor)
    hits, further = collect(way, lambda ids: _texts(session, ids, where), query, limit=limit, most=query.most(READ))
    return Found(_complete(session, dict(hits), query), further)


def _newest(session: Session, below: int, limit: int) -> Sequence[int]:
    return [row[0] for row in _NEWEST(session, below=below, limit=limit)]


_NEWEST = Prepared(
    select(Message.id).where(Message.id < bindparam("below")).order_by(Message.id.desc())
    .limit(bindparam("limit", type_=Integer))
)  # fmt: skip


def _of_one(session: Session, conversation_id: int, below: int, limit: int) -> Sequence[int]:
    return [row[0] for row in _OF_ONE(session, conversation=conversation_id, below=below, limit=limit)]


_OF_ONE = Prepared(
    select(Message.id)
    .where(Message.conversation_id == bindparam("conversation"), Message.id < bindparam("below"))
    .order_by(Message.seq.desc())  # the order of ids, with an index
    .limit(bindparam("limit", type_=Integer))
)


_SPOKE = case(
    (Message.author == "viewer", Author.viewer.value), (Message.author == "bot", Author.bot.value),
    (Message.author == "system", Author.bot.value), else_=Author.agent.value,
)  # fmt: skip
_TEXTS = Prepared(
    select(Message.id, Message.text).where(
        is_any(Message.id, "ids"),
        Message.recalled_at.is_(None),
        Message.created_at >= bindparam("since"),
        Message.created_at < bindparam("until"),
        or_(bindparam("author", type_=String) == "", bindparam("author", type_=String) == _SPOKE),
        or_(
            bindparam("channel", type_=Id) == 0,
            bindparam("channel", type_=Id)
            == select(Conversation.channel_id).where(Conversation.id == Message.conversation_id).scalar_subquery(),
        ),
    )
)


def _texts(session: Session, ids: Sequence[int], where: Where) -> Mapping[int, str]:
    """Of those that are asked for, and were not recalled."""
    rows = _TEXTS(
        session, ids=ids, since=where.since or _ALWAYS[0], until=where.until or _ALWAYS[1],
        author=where.author or "", channel=where.channel_id or 0,
    )  # fmt: skip
    return dict(rows)


_ROWS = Prepared(
    select(
        Message.id, Message.conversation_id, Message.seq, Message.created_at, Message.author, Message.kind,
        Viewer.id, Viewer.name, Identity.external_id, Channel.id, Channel.name, Channel.platform,
    )
    .join(Conversation, Conversation.id == Message.conversation_id)
    .join(Identity, Identity.id == Conversation.identity_id)
    .join(Viewer, Viewer.id == Identity.viewer_id)
    .join(Channel, Channel.id == Conversation.channel_id)
    .where(is_any(Message.id, "ids"))
    .order_by(Message.id.desc())
)  # fmt: skip


def _complete(session: Session, texts: Mapping[int, str], query: Query) -> Sequence[MessageHit]:
    rows = _ROWS(session, ids=list(texts)) if texts else []
    names = _names(session, {row[4] for row in rows})
    return tuple(_hit(row, texts[row[0]], names, query) for row in rows)


def _names(session: Session, authors: set[str]) -> Mapping[str, str]:
    ids = [int(author) for author in authors if author.isdecimal()]
    if not ids:
        return {}
    rows = session.execute(select(Agent.id, Agent.name).where(is_any(Agent.id, ids)))
    return {str(agent_id): name for agent_id, name in rows}


def _hit(row: tuple[Any, ...], text: str, names: Mapping[str, str], query: Query) -> MessageHit:
    message_id, conversation_id, seq, at, author, kind, *whose = row
    snippet = snippets.cut(text, query.terms)
    return MessageHit(message_id, conversation_id, seq, at, author, names.get(author), kind, snippet, *whose)
