"""Quick replies: texts and pictures that are sent often, of one person, of a team, or of all."""

import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.agents import audit, rights
from app.agents.models import Team
from app.agents.rights import Action, Actor, Forbidden
from app.db.sql import for_update, is_any
from app.desk.models import QuickReply
from app.errors import AppError, NotFound

LONGEST_SHORTCUT: Final = 32
LONGEST: Final = 2000
MOST_PICTURES: Final = 9
MOST: Final = 500
"""Quick replies of one person, of one team, or of all."""


class Scope(StrEnum):
    """Whose it is: in the order in which they are offered."""

    own = "own"
    team = "team"
    all = "all"


class ShortcutInvalid(AppError):
    status_code, message = 422, f"快捷词为 1 到 {LONGEST_SHORTCUT} 个字，不能有空格和 /"


class TextInvalid(AppError):
    status_code, message = 422, f"请写内容或者加图片；内容最多 {LONGEST} 字，图片最多 {MOST_PICTURES} 张"


class ShortcutTaken(AppError):
    status_code, message = 409, "“{shortcut}”已经有了，请换一个快捷词，或者去修改原来那条"


class TooManyReplies(AppError):
    status_code, message = 409, f"快捷回复最多 {MOST} 条，请先删掉不用的"


class TeamWrong(AppError):
    status_code, message = 422, "请选择一个没有归档的小组"


class ReplyNotFound(NotFound):
    message = "没有找到这条快捷回复，可能已经被删掉"


@dataclass(frozen=True, slots=True)
class Picture:
    key: str
    """In the storage."""
    name: str


@dataclass(frozen=True, slots=True)
class Place:
    """Whose a reply is to be; ``team_id`` for a team's."""

    scope: Scope
    team_id: int | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What a reply is made of, as somebody wrote it."""

    shortcut: str
    text: str
    pictures: Sequence[Picture] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    id: int
    scope: Scope
    team_id: int | None
    team: str | None
    shortcut: str
    text: str
    pictures: tuple[Picture, ...]
    used: int
    updated_at: datetime


# -------------------- who may


def is_visible(by: Actor) -> ColumnElement[bool]:
    """His own, those of his teams, all's; those who look after shared ones see each of them."""
    shared = QuickReply.agent_id.is_(None)
    if by.may(Action.share_replies):
        return or_(QuickReply.agent_id == by.id, shared)
    teams = and_(shared, is_any(QuickReply.team_id, sorted(by.teams)))
    return or_(QuickReply.agent_id == by.id, teams, and_(shared, QuickReply.team_id.is_(None)))


def require_seeing(by: Actor) -> None:
    if not (by.may(Action.own_replies) or by.may(Action.share_replies)):
        raise Forbidden


def may_change(by: Actor, scope: Scope) -> bool:
    return by.may(Action.own_replies if scope is Scope.own else Action.share_replies)


def _require_change(by: Actor, scope: Scope) -> None:
    rights.require(by, Action.own_replies if scope is Scope.own else Action.share_replies)


# -------------------- changes


def add(session: Session, *, by: Actor, place: Place, written: Written, now: datetime) -> int:
    """A new one; its id. ShortcutTaken within the same place, TooManyReplies."""
    agent_id, team_id = owner_of(session, place, by=by)
    shortcut, text = read_text(written)
    own = (QuickReply.agent_id.is_not_distinct_from(agent_id), QuickReply.team_id.is_not_distinct_from(team_id))
    if (session.scalar(select(func.count()).where(*own)) or 0) >= MOST:
        raise TooManyReplies
    row = QuickReply(
        agent_id=agent_id, team_id=team_id, shortcut=shortcut, text=text, files=_files(written), used=0, updated_at=now
    )
    _flush(session, row)
    if place.scope is not Scope.own:
        _record(session, by, "replies.add", row, now)
    return row.id


def edit(session: Session, reply_id: int, *, by: Actor, place: Place, written: Written, now: datetime) -> None:
    """It may also become another's: what was one's own is shared, or the other way round."""
    row = _lock(session, reply_id, by)
    before, was = row.text, scope_of(row)
    _require_change(by, was)
    row.agent_id, row.team_id = owner_of(session, place, by=by)
    row.shortcut, row.text = read_text(written)
    row.files, row.updated_at = _files(written), now
    _flush(session, row)
    if (was, place.scope) != (Scope.own, Scope.own):
        _record(session, by, "replies.edit", row, now, before=before)


def delete_reply(session: Session, reply_id: int, *, by: Actor, now: datetime) -> None:
    """Its pictures stay in the storage: messages that were sent show them."""
    row = _lock(session, reply_id, by)
    scope = scope_of(row)
    _require_change(by, scope)
    if scope is not Scope.own:
        _record(session, by, "replies.delete", row, now)
    session.delete(row)


def count_use(session: Session, reply_id: int, *, by: Actor) -> None:
    """Somebody put it into a reply; one that is gone meanwhile is nobody's concern."""
    rights.require(by, Action.speak)
    own = (QuickReply.id == reply_id, is_visible(by))
    session.execute(update(QuickReply).where(*own).values(used=QuickReply.used + 1))


# -------------------- pieces


def scope_of(row: QuickReply) -> Scope:
    if row.agent_id is not None:
        return Scope.own
    return Scope.team if row.team_id is not None else Scope.all


def read_shortcut(text: str) -> str:
    """In plain width and lower case, as it is looked for; ShortcutInvalid."""
    shortcut = unicodedata.normalize("NFKC", text).strip().lstrip("/").lower()
    clean = shortcut.isprintable() and not any(char.isspace() or char == "/" for char in shortcut)
    if not clean or not 0 < len(shortcut) <= LONGEST_SHORTCUT:
        raise ShortcutInvalid
    return shortcut


def read_text(written: Written) -> tuple[str, str]:
    """(shortcut, text); ShortcutInvalid, TextInvalid."""
    text = written.text.replace("\r\n", "\n").strip()
    if len(text) > LONGEST or len(written.pictures) > MOST_PICTURES or not (text or written.pictures):
        raise TextInvalid
    return read_shortcut(written.shortcut), text


def _files(written: Written) -> list[dict[str, Any]]:
    return [asdict(picture) for picture in written.pictures]


def owner_of(session: Session, place: Place, *, by: Actor) -> tuple[int | None, int | None]:
    """(agent, team) of what is put there; Forbidden, TeamWrong."""
    _require_change(by, place.scope)
    if place.scope is Scope.own:
        return by.id, None
    if place.scope is Scope.all:
        return None, None
    active = select(Team.id).where(Team.id == place.team_id, Team.archived_at.is_(None))
    if place.team_id is None or session.scalar(active) is None:
        raise TeamWrong
    return None, place.team_id


def _lock(session: Session, reply_id: int, by: Actor) -> QuickReply:
    """One that he can see: somebody else's own does not exist for him."""
    require_seeing(by)
    one = select(QuickReply).where(QuickReply.id == reply_id, is_visible(by))
    row = session.scalars(for_update(one), execution_options={"populate_existing": True}).one_or_none()
    if row is None:
        raise ReplyNotFound
    return row


def _flush(session: Session, row: QuickReply) -> None:
    shortcut = row.shortcut
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        raise ShortcutTaken(shortcut=shortcut) from None


def _record(session: Session, by: Actor, action: str, row: QuickReply, now: datetime, **detail: Any) -> None:
    audit.record(
        session, by, action, now=now, subject="reply", subject_id=row.id, shortcut=row.shortcut, text=row.text,
        team=row.team_id, **detail,
    )  # fmt: skip
