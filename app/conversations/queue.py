"""Who waits for a person: how many there are, and who comes first.

By priority, then those whose viewers go first, then by how long they have waited.
"""

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Integer, Select, bindparam, case, func, literal_column, select, union_all, update
from sqlalchemy.orm import Session

from app.agents.models import Team
from app.conversations.models import Conversation
from app.db.driver import Prepared
from app.db.sql import is_any
from app.viewers.models import Identity, Viewer

_WAITS = (Conversation.owner == literal_column("'queue'"), Conversation.closed_at.is_(None))
"""Literals, so that the planner sees that the partial index of the queue fits."""


def waiting(*conditions: ColumnElement[bool]) -> Select[int]:
    """How many conversations wait for an agent, counted up to the parameter ``most``."""
    rows: Select[Any] = select(literal_column("1")).where(*_WAITS, *conditions).limit(bindparam("most", type_=Integer))
    return select(func.count()).select_from(rows.subquery())


def _own(column: Any) -> Any:
    own = Conversation.__table__.alias("own")
    return select(own.c[column.key]).where(own.c.id == bindparam("conversation")).scalar_subquery()


_priority, _vip, _queued = _own(Conversation.priority), _own(Conversation.vip), _own(Conversation.queued_at)
_AS_URGENT = Conversation.priority == _priority
_LENGTH = Prepared(waiting())
_AHEAD = Prepared(  # a range of the index each: whatever waits behind is not looked at
    select(
        waiting(Conversation.priority > _priority).scalar_subquery()
        + waiting(_AS_URGENT, Conversation.vip > _vip).scalar_subquery()
        + waiting(_AS_URGENT, Conversation.vip == _vip, Conversation.queued_at < _queued).scalar_subquery()
    )
)


def queue_length(session: Session, *, most: int) -> int:
    """Conversations that wait for an agent, counted up to ``most``."""
    return int(_LENGTH(session, most=most)[0][0])


def ahead_of(session: Session, conversation_id: int, *, most: int) -> int:
    """Conversations that come before this one of the queue, counted up to ``most``."""
    found = _AHEAD(session, conversation=conversation_id, most=most)[0][0]
    return min(int(found), most)


# -------------------- who comes first


class Waiting(NamedTuple):
    """A conversation of the queue, with what decides who may have it."""

    id: int
    identity_id: int
    team_id: int | None
    """None also where the team is archived: then anybody may take it."""
    skill: str | None
    last_agent_id: int | None


_CLASSES = [(priority, vip) for priority in (2, 1, 0) for vip in ("true", "false")]
"""In their order: each is a range of the index, itself in the order of time."""
_KEY: tuple[Any, ...] = (Conversation.id, Conversation.queued_at, Conversation.identity_id, Conversation.skill,
        Conversation.last_agent_id, Conversation.team_id)  # fmt: skip


def _first(rank: int, priority: int, vip: str) -> Select[Any]:
    own = (Conversation.priority == literal_column(str(priority)), Conversation.vip == literal_column(vip))
    rows: Select[Any] = select(literal_column(str(rank)).label("rank"), *_KEY)
    ordered = rows.where(*_WAITS, *own).order_by(Conversation.queued_at, Conversation.id)
    return select(*ordered.limit(bindparam("most", type_=Integer)).subquery().c)


_first_ones = union_all(*(_first(rank, *each) for rank, each in enumerate(_CLASSES))).subquery()
_ORDER = (_first_ones.c.rank, _first_ones.c.queued_at, _first_ones.c.id)
_for_team = case((Team.archived_at.is_(None), _first_ones.c.team_id))
_HEAD = Prepared(
    select(_first_ones.c.id, _first_ones.c.identity_id, _for_team, _first_ones.c.skill, _first_ones.c.last_agent_id)
    .outerjoin(Team, Team.id == _first_ones.c.team_id)
    .order_by(*_ORDER)
    .limit(bindparam("most", type_=Integer))
)


def head(session: Session, *, most: int) -> list[Waiting]:
    """Those who come first, in their order; nothing is locked."""
    return [Waiting(*row) for row in _HEAD(session, most=most)]


_is_vip = (
    select(Viewer.vip)
    .join(Identity, Identity.viewer_id == Viewer.id)
    .where(Identity.id == Conversation.identity_id)
    .scalar_subquery()
)


def rank(session: Session, conversation_ids: Collection[int], *, priority: int) -> None:
    """What newly waits for a person gets its place: at least this priority, and before others where its viewer is."""
    raised = case((Conversation.priority < priority, priority), else_=Conversation.priority)
    own = is_any(Conversation.id, sorted(conversation_ids))
    session.execute(
        update(Conversation).where(own).values(priority=raised, vip=_is_vip),
        execution_options={"synchronize_session": False},
    )
