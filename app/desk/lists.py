"""Lists of conversations, a page at a time: four statements each, however many rows there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal_column, select
from sqlalchemy.orm import Session, aliased

from app.agents import rights
from app.agents.models import Agent, Team
from app.agents.rights import Action, Actor
from app.conversations.models import Channel, Conversation, Message
from app.db.sql import is_any
from app.desk import names, orders
from app.desk.models import Draft, Mention, ReadMark, Tag
from app.desk.orders import Filters, View
from app.viewers.models import Identity, Viewer

__all__ = ["Filters", "ListPage", "Preview", "Row", "View", "count_views", "list_page"]
MOST_UNREAD = 99
MOST_OWN = 100
PREVIEW = 80
LARGEST_PAGE = 100


@dataclass(frozen=True, slots=True)
class Preview:
    """What was said last."""

    author: str
    """``viewer``, ``bot``, ``agent`` or ``system``."""
    kind: str
    text: str
    at: datetime
    recalled: bool
    state: str


@dataclass(frozen=True, slots=True)
class Row:
    id: int
    viewer: str
    is_vip: bool
    platform: str
    channel: str
    owner: str
    agent_id: int | None
    agent: str | None
    team: str | None
    priority: int
    title: str | None
    tags: tuple[str, ...]
    last: Preview | None
    unread: int
    """The viewer's messages that the reader has not seen, up to ``MOST_UNREAD``."""
    waits_since: datetime | None
    queued_at: datetime | None
    snoozed_until: datetime | None
    closed_at: datetime | None
    has_draft: bool
    mention_seen: bool | None
    """None: nobody mentioned the reader here; False: he has not seen one."""


@dataclass(frozen=True, slots=True)
class ListPage:
    rows: tuple[Row, ...]
    after: str | None
    """The cursor of the next page; None: this is the last."""


def list_page(
    session: Session, filters: Filters, *, by: Actor, after: str | None = None, limit: int = 30, now: datetime
) -> ListPage:
    """WrongCursor (422) where ``after`` is none that a page of this view gave."""
    rights.require(by, Action.see_conversations)
    ids, following = orders.page(session, filters, by, after, min(limit, LARGEST_PAGE), now)
    return ListPage(tuple(_rows(session, ids, by)), following)


def find_rows(session: Session, conversation_ids: Sequence[int], *, by: Actor) -> list[Row]:
    """Some rows anew, in the order given; those that are not there are missing."""
    rights.require(by, Action.see_conversations)
    return _rows(session, conversation_ids[:LARGEST_PAGE], by)


def count_views(session: Session, *, by: Actor, now: datetime) -> dict[View, int]:
    """How many each list holds, mentions as long as they are not seen: up to ``orders.COUNTED`` each."""
    rights.require(by, Action.see_conversations)
    return orders.count(session, by, now)


def count_unread(session: Session, *, by: Actor) -> int:
    """His open conversations in which the viewer said what he has not read."""
    own = (Conversation.agent_id == by.id, Conversation.closed_at.is_(None))
    mark = (ReadMark.conversation_id == Conversation.id) & (ReadMark.agent_id == by.id)
    unread = Conversation.heard_seq > func.coalesce(ReadMark.seq, 0)
    rows: Select[Any] = (
        select(literal_column("1")).select_from(Conversation).outerjoin(ReadMark, mark).where(*own, unread)
    )
    return session.scalar(select(func.count()).select_from(rows.limit(MOST_UNREAD + 1).subquery())) or 0


def list_own(session: Session, *, by: Actor) -> list[int]:
    """Ids of what he has, also what is put off: what concerns him when something is said there."""
    own = (Conversation.agent_id == by.id, Conversation.closed_at.is_(None))
    return list(session.scalars(select(Conversation.id).where(*own).order_by(Conversation.id.desc()).limit(MOST_OWN)))


def list_channels(session: Session) -> list[tuple[int, str]]:
    """(id, name), for a filter."""
    found = session.execute(select(Channel.id, Channel.name).order_by(Channel.name))
    return [(row[0], row[1]) for row in found]


# -------------------- what a row tells

_last = aliased(Message)
_heard = (
    select(literal_column("1"))
    .where(
        Message.conversation_id == Conversation.id,
        Message.seq > func.coalesce(ReadMark.seq, 0),
        Message.seq <= Conversation.heard_seq,
        Message.direction == literal_column("'in'"),
    )
    .limit(MOST_UNREAD)
    .correlate(Conversation, ReadMark)
    .subquery()
)
_UNREAD = select(func.count()).select_from(_heard).scalar_subquery()
_COLUMNS = (
    Conversation.id, Viewer.name.label("viewer"), Viewer.vip, Identity.external_id, Channel.platform,
    Channel.name.label("channel"), Conversation.owner, Conversation.agent_id, Agent.name.label("agent"),
    Team.name.label("team"), Conversation.priority, Conversation.title, Conversation.waits_since,
    Conversation.queued_at, Conversation.snoozed_until, Conversation.closed_at, _UNREAD.label("unread"),
    Draft.revision.label("draft"), _last.direction, _last.author, _last.kind,
    func.substr(_last.text, 1, PREVIEW).label("text"), _last.created_at, _last.recalled_at, _last.state,
)  # fmt: skip


def _rows(session: Session, ids: Sequence[int], by: Actor) -> list[Row]:
    if not ids:
        return []
    found = {row.id: row for row in session.execute(_details(ids, by))}
    tags = _tags(session, ids)
    seen = _mentions(session, ids, by)
    return [_row(found[talk], tags.get(talk, ()), seen.get(talk)) for talk in ids if talk in found]


def _details(ids: Sequence[int], by: Actor) -> Any:
    def own(model: type[ReadMark] | type[Draft]) -> ColumnElement[bool]:
        return (model.conversation_id == Conversation.id) & (model.agent_id == by.id)

    return (
        select(*_COLUMNS)
        .join(Identity, Identity.id == Conversation.identity_id)
        .join(Viewer, Viewer.id == Identity.viewer_id)
        .join(Channel, Channel.id == Conversation.channel_id)
        .outerjoin(Agent, Agent.id == Conversation.agent_id)
        .outerjoin(Team, Team.id == Conversation.team_id)
        .outerjoin(ReadMark, own(ReadMark))
        .outerjoin(Draft, own(Draft) & (Draft.text != ""))
        .outerjoin(_last, (_last.conversation_id == Conversation.id) & (_last.seq == Conversation.last_seq))
        .where(is_any(Conversation.id, ids))
    )


def _tags(session: Session, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    own = select(Tag.conversation_id, Tag.tag).where(is_any(Tag.conversation_id, ids)).order_by(Tag.tag)
    for talk, tag in session.execute(own):
        found[talk] = (*found.get(talk, ()), tag)
    return found


def _mentions(session: Session, ids: Sequence[int], by: Actor) -> dict[int, bool]:
    found: dict[int, bool] = {}
    own = (is_any(Mention.conversation_id, ids), Mention.agent_id == by.id)
    for talk, seen_at in session.execute(select(Mention.conversation_id, Mention.seen_at).where(*own)):
        found[talk] = found.get(talk, True) and seen_at is not None
    return found


def _row(row: Any, tags: tuple[str, ...], seen: bool | None) -> Row:
    last = None
    if row.author is not None:
        author = names.side_of(row.direction, row.author)
        last = Preview(author, row.kind, row.text, row.created_at, row.recalled_at is not None, row.state)
    return Row(
        row.id, names.display(row.viewer, row.platform, row.external_id), row.vip, row.platform, row.channel,
        row.owner, row.agent_id, row.agent, row.team, row.priority, row.title, tags, last, row.unread,
        row.waits_since, row.queued_at, row.snoozed_until, row.closed_at, row.draft is not None, seen,
    )  # fmt: skip
