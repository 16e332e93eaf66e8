"""Quick replies as they are offered while somebody writes, and as their page lists them."""

import unicodedata
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Select, and_, case, or_, select
from sqlalchemy.orm import Session

from app.agents import rights
from app.agents.models import Team
from app.agents.rights import Action, Actor
from app.desk.models import QuickReply
from app.desk.quick import Picture, Place, Reply, ReplyNotFound, Scope, is_visible, require_seeing, scope_of

OFFERED: Final = 20
PAGE: Final = 50
_SCOPE = case((QuickReply.agent_id.is_not(None), 0), (QuickReply.team_id.is_not(None), 1), else_=2)


@dataclass(frozen=True, slots=True)
class Page:
    replies: tuple[Reply, ...]
    after: int | None
    """The id to ask for the next page with; None: this is the last."""


def list_for(session: Session, *, by: Actor, prefix: str = "", limit: int = OFFERED) -> list[Reply]:
    """What fits the letters after ``/``: those whose shortcut begins so, then those whose text holds the words.

    Within each his own come first, then his teams', then all's; what is used most before the rest.
    """
    rights.require(by, Action.speak)
    wanted = _plain(prefix)
    starts = QuickReply.shortcut.startswith(wanted, autoescape=True)
    mine = or_(
        QuickReply.agent_id == by.id,
        and_(QuickReply.agent_id.is_(None), or_(QuickReply.team_id.is_(None), QuickReply.team_id.in_(by.teams))),
    )
    found = _select().where(mine)
    if wanted:
        found = found.where(or_(starts, _holds(wanted)))
    rank = case((QuickReply.shortcut == wanted, 0), (starts, 1), else_=2)
    found = found.order_by(rank, _SCOPE, QuickReply.used.desc(), QuickReply.shortcut, QuickReply.id).limit(limit)
    return [_reply(row, team) for row, team in session.execute(found)]


def list_page(
    session: Session, *, by: Actor, query: str = "", place: Place | None = None, after: int | None = None,
    limit: int = PAGE,
) -> Page:  # fmt: skip
    """All that he can see, the newest first. ``place``: of one scope alone, or of one team."""
    require_seeing(by)
    found = _select().where(is_visible(by))
    if place is not None:
        found = found.where(_placed(place))
    if wanted := _plain(query):
        found = found.where(or_(QuickReply.shortcut.contains(wanted, autoescape=True), _holds(wanted)))
    if after is not None:
        found = found.where(QuickReply.id < after)
    rows = session.execute(found.order_by(QuickReply.id.desc()).limit(limit + 1)).all()
    replies = tuple(_reply(row, team) for row, team in rows[:limit])
    return Page(replies, replies[-1].id if len(rows) > limit else None)


def get_reply(session: Session, reply_id: int, *, by: Actor) -> Reply:
    """ReplyNotFound, also for what is somebody else's own."""
    require_seeing(by)
    found = session.execute(_select().where(QuickReply.id == reply_id, is_visible(by))).one_or_none()
    if found is None:
        raise ReplyNotFound
    return _reply(*found)


def _select() -> Select[QuickReply, str]:
    return select(QuickReply, Team.name).outerjoin(Team, Team.id == QuickReply.team_id)


def _placed(place: Place) -> ColumnElement[bool]:
    if place.scope is Scope.own:
        return QuickReply.agent_id.is_not(None)
    if place.scope is Scope.all:
        return and_(QuickReply.agent_id.is_(None), QuickReply.team_id.is_(None))
    return QuickReply.team_id.is_not(None) if place.team_id is None else QuickReply.team_id == place.team_id


def _holds(wanted: str) -> ColumnElement[bool]:
    """Each of the words, in any order."""
    return and_(*(QuickReply.text.icontains(word, autoescape=True) for word in wanted.split()))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().lower()


def _reply(row: QuickReply, team: str | None) -> Reply:
    pictures = tuple(Picture(**file) for file in row.files)
    return Reply(
        row.id, scope_of(row), row.team_id, team, row.shortcut, row.text, pictures, row.used, row.updated_at
    )  # fmt: skip
