"""Lists of conversations, a page at a time: four statements each, however many rows there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import String, bindparam, cast, false, func, literal_column, null, select, union_all
from sqlalchemy.orm import Session, aliased

from app.agents import rights
from app.agents.models import Agent, Team
from app.agents.rights import Action, Actor
from app.conversations.models import Channel, Conversation, Message
from app.db.driver import Prepared
from app.db.sql import is_any
from app.desk import names, orders
from app.desk.filters import Filters, View
from app.desk.models import Draft, Mention, ReadMark, Tag
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


@dataclass(frozen=True, slots=True)
class Own:
    """What somebody has, also what is put off; the newest ``MOST_OWN``."""

    ids: list[int]
    """What concerns him when something is said there."""
    unread: int
    """Those in which the viewer said what he has not read."""


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


def look_at_own(session: Session, *, by: Actor) -> Own:
    rights.require(by, Action.see_conversations)
    rows = _OWN(session, reader=by.id)
    return Own([row[0] for row in rows], sum(bool(row[1]) for row in rows))


def list_channels(session: Session) -> list[tuple[int, str]]:
    """(id, name), for a filter."""
    return [(channel_id, name) for channel_id, name in _CHANNELS(session)]


_MARKED = (ReadMark.conversation_id == Conversation.id) & (ReadMark.agent_id == bindparam("reader"))
_OWN = Prepared(
    select(Conversation.id, Conversation.heard_seq > func.coalesce(ReadMark.seq, 0))
    .outerjoin(ReadMark, _MARKED)
    .where(Conversation.agent_id == bindparam("reader"), Conversation.closed_at.is_(None))
    .order_by(Conversation.id.desc())
    .limit(literal_column(str(MOST_OWN)))
)
_CHANNELS = Prepared(select(Channel.id, Channel.name).order_by(Channel.name))


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


_ROWS = Prepared(
    select(*_COLUMNS)
    .join(Identity, Identity.id == Conversation.identity_id)
    .join(Viewer, Viewer.id == Identity.viewer_id)
    .join(Channel, Channel.id == Conversation.channel_id)
    .outerjoin(Agent, Agent.id == Conversation.agent_id)
    .outerjoin(Team, Team.id == Conversation.team_id)
    .outerjoin(ReadMark, _MARKED)
    .outerjoin(
        Draft,
        (Draft.conversation_id == Conversation.id) & (Draft.agent_id == bindparam("reader"))
        & (Draft.text != literal_column("''")),
    )
    .outerjoin(_last, (_last.conversation_id == Conversation.id) & (_last.seq == Conversation.last_seq))
    .where(is_any(Conversation.id, "ids"))
)  # fmt: skip
_TAGS_AND_MENTIONS = Prepared(
    union_all(
        select(Tag.conversation_id, Tag.tag, false().label("seen")).where(is_any(Tag.conversation_id, "ids")),
        select(Mention.conversation_id, cast(null(), String(1)), Mention.seen_at.is_not(None)).where(
            is_any(Mention.conversation_id, "ids"), Mention.agent_id == bindparam("reader")
        ),
    )
)


def _rows(session: Session, ids: Sequence[int], by: Actor) -> list[Row]:
    if not ids:
        return []
    found = {row[0]: row for row in _ROWS(session, ids=ids, reader=by.id)}
    tags: dict[int, list[str]] = {}
    seen: dict[int, bool] = {}
    for talk, tag, is_seen in _TAGS_AND_MENTIONS(session, ids=ids, reader=by.id):
        if tag is None:
            seen[talk] = seen.get(talk, True) and bool(is_seen)
        else:
            tags.setdefault(talk, []).append(tag)
    return [_row(found[talk], tuple(sorted(tags.get(talk, ()))), seen.get(talk)) for talk in ids if talk in found]


def _row(row: tuple[Any, ...], tags: tuple[str, ...], seen: bool | None) -> Row:
    (talk, viewer, vip, address, platform, channel, owner, agent_id, agent, team, priority, title, waits_since,
     queued_at, snoozed_until, closed_at, unread, draft, *said) = row  # fmt: skip
    return Row(
        talk, names.display(viewer, platform, address), vip, platform, channel, owner, agent_id, agent, team, priority,
        title, tags, _preview(*said), unread, waits_since, queued_at, snoozed_until, closed_at, draft is not None, seen,
    )  # fmt: skip


def _preview(
    direction: str, author: str | None, kind: str, text: str, at: datetime, recalled_at: datetime | None, state: str
) -> Preview | None:
    if author is None:
        return None
    return Preview(names.side_of(direction, author), kind, text, at, recalled_at is not None, state)
