"""Which conversations a list shows, and in which order: a page of their ids, and where the next page begins.

Each order is a range of an index, walked from where the last page ended. What one person has is few: it is sorted here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, literal, literal_column, select, tuple_, union_all
from sqlalchemy.orm import Session, aliased

from app.agents.rights import Actor
from app.conversations.models import Conversation, Message
from app.db.base import UtcDateTime
from app.desk import cursors
from app.desk.models import Mention, Tag

COUNTED = 100
"""Conversations of a list are counted up to here."""
OWN = 1000
"""Open conversations of one person that are looked at."""
Page = tuple[list[int], str | None]
"""Ids, and the cursor where more follow."""
Rows = Select[Any, *tuple[Any, ...]]


class View(StrEnum):
    mine = "mine"
    team = "team"
    """Meant for one of his teams, whoever has them."""
    queue = "queue"
    waiting = "waiting"
    """All viewers who wait for a person's word, whoever has them."""
    snoozed = "snoozed"
    resolved = "resolved"
    mentions = "mentions"
    bot = "bot"
    all = "all"


@dataclass(frozen=True, slots=True)
class Filters:
    view: View
    channel_id: int | None = None
    priority: int | None = None
    title: str | None = None
    tag: str | None = None


_OPEN = Conversation.closed_at.is_(None)
_QUEUED = (Conversation.owner == literal_column("'queue'"), _OPEN)
_CLASSES = [(priority, vip) for priority in (2, 1, 0) for vip in (True, False)]
"""Of the queue, in their order."""


def _is_snoozed(now: datetime) -> ColumnElement[bool]:
    """Until its time, or until the viewer writes."""
    return (Conversation.snoozed_until > now) & (Conversation.snoozed_at >= Conversation.viewer_wrote_at)


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if filters.channel_id is not None:
        found.append(Conversation.channel_id == filters.channel_id)
    if filters.priority is not None:
        found.append(Conversation.priority == filters.priority)
    if filters.title is not None:
        found.append(Conversation.title == filters.title)
    if filters.tag is not None:
        found.append(exists().where(Tag.conversation_id == Conversation.id, Tag.tag == filters.tag))
    return found


def page(session: Session, filters: Filters, by: Actor, after: str | None, limit: int, now: datetime) -> Page:
    return _PAGES[filters.view](session, _conditions(filters), by, after, limit, now)


def count(session: Session, by: Actor, now: datetime) -> dict[View, int]:
    """How many each list holds, and how many mentions were not seen; up to ``COUNTED`` each. One statement."""
    mine = (Conversation.agent_id == by.id, _OPEN)
    seen = (Mention.agent_id == by.id, Mention.seen_at.is_(None))
    rows: dict[View, Rows] = {
        View.mine: _one(Conversation, *mine, ~func.coalesce(_is_snoozed(now), False)),
        View.team: _one(Conversation, Conversation.team_id.in_(sorted(by.teams)), _OPEN),
        View.queue: _one(Conversation, *_QUEUED),
        View.waiting: _one(Conversation, Conversation.waits_since.is_not(None), _OPEN),
        View.snoozed: _one(Conversation, *mine, _is_snoozed(now)),
        View.resolved: _one(Conversation, Conversation.closed_by.is_not(None)),
        View.mentions: _one(Mention, *seen),
        View.bot: _one(Conversation, Conversation.owner == literal_column("'bot'"), _OPEN),
        View.all: _one(Conversation),
    }
    counts = [select(func.count()).select_from(each.subquery()).scalar_subquery() for each in rows.values()]
    return dict(zip(rows, session.execute(select(*counts)).one(), strict=True))


def _one(model: type[Any], *conditions: ColumnElement[bool]) -> Rows:
    return select(literal_column("1")).select_from(model).where(*conditions).limit(COUNTED)


# -------------------- ranges of an index


def _walk(
    columns: Sequence[Any], *conditions: ColumnElement[bool], descending: bool = False
) -> Callable[[Session, list[ColumnElement[bool]], Actor, str | None, int, datetime], Page]:
    """In the order of the columns, the last of which is unique."""

    def walked(
        session: Session, more: list[ColumnElement[bool]], by: Actor, after: str | None, limit: int, now: datetime
    ) -> Page:
        rows = select(Conversation.id, *columns).where(*conditions, *more)
        return _pick(session, _beyond(rows, columns, after, descending), limit, len(columns))

    return walked


def _beyond(rows: Rows, columns: Sequence[Any], after: str | None, descending: bool) -> Rows:
    if after is not None:
        given = cursors.read(after, len(columns))
        values = [literal(_value(n, column), column.type) for n, column in zip(given, columns, strict=True)]
        mark, place = tuple_(*values), tuple_(*columns)
        rows = rows.where(place < mark if descending else place > mark)
    return rows.order_by(*(column.desc() if descending else column for column in columns))


def _value(given: int, column: Any) -> Any:
    return cursors.moment(given) if isinstance(column.type, UtcDateTime) else given


def _pick(session: Session, rows: Rows, limit: int, length: int) -> Page:
    """``rows``: the id, then the ``length`` columns of the key."""
    found = session.execute(rows.limit(limit + 1)).all()
    kept = found[:limit]
    if len(found) <= limit:
        return [row[0] for row in kept], None
    key = [cursors.number(value) if isinstance(value, datetime) else int(value) for value in kept[-1][1 : length + 1]]
    return [row[0] for row in kept], cursors.write(key)


def _mentions(
    session: Session, more: list[ColumnElement[bool]], by: Actor, after: str | None, limit: int, now: datetime
) -> Page:
    """Each conversation once, where it was mentioned last."""
    newer = aliased(Mention)
    again = exists().where(
        newer.conversation_id == Mention.conversation_id, newer.agent_id == by.id, newer.entry_id > Mention.entry_id
    )
    rows = select(Conversation.id, Mention.entry_id).join(Mention, Mention.conversation_id == Conversation.id)
    columns = (Mention.entry_id,)
    return _pick(session, _beyond(rows.where(Mention.agent_id == by.id, ~again, *more), columns, after, True), limit, 1)


# -------------------- several ranges side by side


def _queue(
    session: Session, more: list[ColumnElement[bool]], by: Actor, after: str | None, limit: int, now: datetime
) -> Page:
    """The urgent first, then whose viewers go first, then by how long they have waited."""
    classes, mark = _CLASSES, None
    if after is not None:
        priority, vip, *given = cursors.read(after, 4)
        classes = [each for each in _CLASSES if each <= (priority, bool(vip))]
        mark = tuple_(literal(cursors.moment(given[0]), UtcDateTime()), literal(given[1]))
    parts: list[Rows] = []
    for each in classes:
        own = (Conversation.priority == each[0], Conversation.vip == each[1])
        rows = select(
            Conversation.id, Conversation.priority, Conversation.vip, Conversation.queued_at, Conversation.id.label("n")
        ).where(*_QUEUED, *own, *more)
        if mark is not None and each == (priority, bool(vip)):
            rows = rows.where(tuple_(Conversation.queued_at, Conversation.id) > mark)
        parts.append(rows.order_by(Conversation.queued_at, Conversation.id).limit(limit + 1))
    return _merge(session, parts, ("priority desc", "vip desc", "queued_at", "n"), limit)


def _teams(
    session: Session, more: list[ColumnElement[bool]], by: Actor, after: str | None, limit: int, now: datetime
) -> Page:
    parts: list[Rows] = []
    for team in sorted(by.teams):
        rows = select(Conversation.id, Conversation.id.label("n")).where(Conversation.team_id == team, _OPEN, *more)
        parts.append(_beyond(rows, (Conversation.id,), after, True).limit(limit + 1))
    return _merge(session, parts, ("n desc",), limit)


def _merge(session: Session, parts: Sequence[Rows], order: Sequence[str], limit: int) -> Page:
    if not parts:
        return [], None
    taken = [part.subquery() for part in parts]
    rows = union_all(*(select(*each.c) for each in taken)).subquery()
    ordered = select(*rows.c)
    for column in order:
        name, _, direction = column.partition(" ")
        ordered = ordered.order_by(rows.c[name].desc() if direction else rows.c[name])
    return _pick(session, ordered, limit, len(order))


# -------------------- one person's own

_last = aliased(Message)
_SPOKEN_AT = func.coalesce(_last.created_at, Conversation.opened_at, type_=UtcDateTime())


def _mine(
    session: Session, more: list[ColumnElement[bool]], by: Actor, after: str | None, limit: int, now: datetime
) -> Page:
    """Who waits comes first, the longest first; then where something happened last."""
    rows = (
        select(Conversation.id, Conversation.waits_since, _SPOKEN_AT)
        .outerjoin(_last, (_last.conversation_id == Conversation.id) & (_last.seq == Conversation.last_seq))
        .where(Conversation.agent_id == by.id, _OPEN, ~func.coalesce(_is_snoozed(now), False), *more)
    )
    keys = [
        (0, cursors.number(waits), talk) if waits is not None else (1, -cursors.number(spoken), -talk)
        for talk, waits, spoken in session.execute(rows.limit(OWN))
    ]
    return _slice(keys, after, limit)


def _snoozed(
    session: Session, more: list[ColumnElement[bool]], by: Actor, after: str | None, limit: int, now: datetime
) -> Page:
    own = (Conversation.agent_id == by.id, _OPEN, _is_snoozed(now), *more)
    rows = session.execute(select(Conversation.id, Conversation.snoozed_until).where(*own).limit(OWN))
    return _slice([(0, cursors.number(until), talk) for talk, until in rows if until is not None], after, limit)


def _slice(keys: list[tuple[int, int, int]], after: str | None, limit: int) -> Page:
    mark = cursors.read(after, 3) if after is not None else ()
    left = sorted(key for key in keys if key > mark)
    more = len(left) > limit
    return [abs(key[2]) for key in left[:limit]], cursors.write(left[limit - 1]) if more else None


_BY_ID = (Conversation.id,)
_PAGES: dict[View, Callable[[Session, list[ColumnElement[bool]], Actor, str | None, int, datetime], Page]] = {
    View.mine: _mine,
    View.team: _teams,
    View.queue: _queue,
    View.waiting: _walk((Conversation.waits_since, Conversation.id), Conversation.waits_since.is_not(None), _OPEN),
    View.snoozed: _snoozed,
    View.resolved: _walk(
        (Conversation.closed_at, Conversation.id), Conversation.closed_by.is_not(None), descending=True
    ),
    View.mentions: _mentions,
    View.bot: _walk(_BY_ID, Conversation.owner == literal_column("'bot'"), _OPEN, descending=True),
    View.all: _walk(_BY_ID, descending=True),
}
