"""Macros of tickets: several changes and an answer under one name, of a team or of all."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.agents import audit, rights, versions
from app.agents.models import Team
from app.agents.rights import Action, Actor
from app.channels.text import carriable
from app.db.sql import for_update, is_any
from app.desk import tags
from app.errors import AppError, NotFound
from app.tickets.models import Dimension, TicketKind, TicketMacro, TicketPriority, TicketStatus

LONGEST_NAME: Final = 32
LONGEST_REPLY: Final = 2000
LONGEST_CATEGORY: Final = 64
MOST: Final = 200
STATUSES: Final = (TicketStatus.in_progress, TicketStatus.waiting)
"""To which a macro may move a ticket; ``closes`` closes it."""
_CHOICES: Final[Mapping[str, frozenset[str]]] = {
    "priority": frozenset(TicketPriority), "kind": frozenset(TicketKind), "dimension": frozenset(Dimension),
    "status": frozenset(STATUSES),
}  # fmt: skip


class MacroNotFound(NotFound):
    message = "没有找到这个工单宏，可能已经被删掉"


class MacroNameInvalid(AppError):
    status_code, message = 422, f"工单宏的名字为 1 到 {LONGEST_NAME} 个字"


class MacroNameTaken(AppError):
    status_code, message = 409, "已经有叫这个名字的工单宏，请换一个"


class TooManyMacros(AppError):
    status_code, message = 409, f"工单宏最多 {MOST} 个，请先删掉不用的"


class MacroEmpty(AppError):
    status_code, message = 422, "请至少选一项改动，或者写答复，或者关闭工单"


class ChangesInvalid(AppError):
    status_code, message = 422, "请从列表里选择改动"


class ReplyTooLong(AppError):
    status_code, message = 422, f"答复最多 {LONGEST_REPLY} 字"


class QuestionMissing(AppError):
    status_code, message = 422, "改成等观众的话，请在答复里写要问他什么"


class StatusTwice(AppError):
    status_code, message = 422, "关闭工单的话，不能再改成别的状态"


class MacroTeamWrong(AppError):
    status_code, message = 422, "请选择没有归档的小组"


@dataclass(frozen=True, slots=True)
class Macro:
    id: int
    name: str
    team_id: int | None
    """Whose it is; None: everybody's."""
    team: str | None
    changes: Mapping[str, Any]
    """Of ``priority``, ``kind``, ``category``, ``dimension``, ``team_id``, ``status`` what it becomes; ``tags``, a
    list, are added."""
    reply: str
    """What the viewer is told; empty: nothing."""
    closes: bool
    version: int
    """For whoever changes it: of which state he knows."""
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Written:
    """What a macro is made of, as somebody wrote it."""

    name: str
    team_id: int | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    reply: str = ""
    closes: bool = False


# -------------------- looking


def list_for(session: Session, *, by: Actor) -> list[Macro]:
    """What he can use: everybody's and those of his teams, by name."""
    rights.require(by, Action.work_tickets)
    own = or_(TicketMacro.team_id.is_(None), is_any(TicketMacro.team_id, sorted(by.teams)))
    return _read(session, _ALL.where(own))


def get_for(session: Session, macro_id: int, *, by: Actor) -> Macro:
    """One that he can use; MacroNotFound."""
    found = next((macro for macro in list_for(session, by=by) if macro.id == macro_id), None)
    if found is None:
        raise MacroNotFound
    return found


def list_macros(session: Session, *, by: Actor) -> list[Macro]:
    """All, by name: for those who look after them."""
    rights.require(by, Action.edit_macros)
    return _read(session, _ALL)


def get_macro(session: Session, macro_id: int, *, by: Actor) -> Macro:
    """For those who look after them; MacroNotFound."""
    rights.require(by, Action.edit_macros)
    found = _read(session, _ALL.where(TicketMacro.id == macro_id))
    if not found:
        raise MacroNotFound
    return found[0]


_ALL: Final = (
    select(TicketMacro, Team.name)
    .outerjoin(Team, Team.id == TicketMacro.team_id)
    .order_by(TicketMacro.name, TicketMacro.id)
)


def _read(session: Session, rows: Select[TicketMacro, str]) -> list[Macro]:
    return [
        Macro(row.id, row.name, row.team_id, team, row.changes, row.reply, row.closes, row.version, row.updated_at)
        for row, team in session.execute(rows)
    ]


# -------------------- changes


def add(session: Session, *, by: Actor, written: Written, now: datetime) -> int:
    """A new one; its id. MacroNameTaken, TooManyMacros, and what ``edit`` refuses."""
    rights.require(by, Action.edit_macros)
    values = _checked(session, written, {})
    if (session.scalar(select(func.count()).select_from(TicketMacro)) or 0) >= MOST:
        raise TooManyMacros
    row = TicketMacro()
    _flush(session, row, values, now)
    _record(session, by, "macros.add", row, now, **{name: values[name] for name in values if name != "name"})
    return row.id


def edit(
    session: Session, macro_id: int, *, by: Actor, written: Written, version: int | None = None, now: datetime
) -> None:
    """``version``: see ``versions.claim``. ChangedMeanwhile, MacroNameInvalid, MacroNameTaken, MacroEmpty,
    ChangesInvalid, ReplyTooLong, QuestionMissing, StatusTwice, MacroTeamWrong, and those of tags."""
    rights.require(by, Action.edit_macros)
    row = _lock(session, macro_id)
    kept = {"team_id": row.team_id, "changes": row.changes}
    after = _checked(session, written, kept)
    before = {name: getattr(row, name) for name in after}
    changes = sorted(name for name in after if before[name] != after[name])
    if not changes:
        return
    versions.claim(session, TicketMacro, macro_id, version, "macros.")
    _flush(session, row, after, now)
    was, is_now = ({name: values[name] for name in changes} for values in (before, after))
    _record(session, by, "macros.edit", row, now, before=was, after=is_now)


def delete_macro(session: Session, macro_id: int, *, by: Actor, now: datetime) -> None:
    """MacroNotFound."""
    rights.require(by, Action.edit_macros)
    row = _lock(session, macro_id)
    _record(session, by, "macros.delete", row, now, team_id=row.team_id, changes=row.changes, reply=row.reply,
            closes=row.closes)  # fmt: skip
    session.delete(row)
    session.flush()


# -------------------- pieces


def _checked(session: Session, written: Written, kept: Mapping[str, Any]) -> dict[str, Any]:
    """Column → value, each as it must be. ``kept``: of the row, whose teams may have been archived meanwhile."""
    name = " ".join(written.name.split())
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise MacroNameInvalid
    reply = carriable(written.reply.replace("\r\n", "\n")).strip()
    if len(reply) > LONGEST_REPLY:
        raise ReplyTooLong
    changes = _read_changes(written.changes)
    if not (changes or reply or written.closes):
        raise MacroEmpty
    if written.closes and "status" in changes:
        raise StatusTwice
    if changes.get("status") == TicketStatus.waiting and not reply:
        raise QuestionMissing
    _require_teams(session, {written.team_id, changes.get("team_id")} - _teams_of(kept))
    return asdict(written) | {"name": name, "reply": reply, "changes": changes}


def _teams_of(kept: Mapping[str, Any]) -> set[int | None]:
    return {None, kept.get("team_id"), kept.get("changes", {}).get("team_id")}


def _require_teams(session: Session, teams: set[int | None]) -> None:
    active = select(func.count()).where(is_any(Team.id, [team for team in teams if team]), Team.archived_at.is_(None))
    if teams and session.scalar(active) != len(teams):
        raise MacroTeamWrong


def _read_changes(given: Mapping[str, Any]) -> dict[str, Any]:
    """Those that are known and change something, each with a value that its field can have."""
    changes: dict[str, Any] = {}
    for name, value in given.items():
        if value is None or value in ("", []):
            continue
        changes[name] = _read_change(name, value)
    return changes


def _read_change(name: str, value: Any) -> Any:
    if name in _CHOICES and isinstance(value, str) and value in _CHOICES[name]:
        return str(value)
    if name == "team_id" and type(value) is int:
        return value
    if name == "category" and isinstance(value, str) and value.isprintable() and len(value.strip()) <= LONGEST_CATEGORY:
        return value.strip()
    if name == "tags" and isinstance(value, list) and all(isinstance(tag, str) for tag in value):
        read = list(dict.fromkeys(tags.read_tag(tag) for tag in value))
        if len(read) > tags.MOST:
            raise tags.TooManyTags
        return read
    raise ChangesInvalid


def _lock(session: Session, macro_id: int) -> TicketMacro:
    one = for_update(select(TicketMacro).where(TicketMacro.id == macro_id))
    row = session.scalars(one, execution_options={"populate_existing": True}).one_or_none()
    if row is None:
        raise MacroNotFound
    return row


def _flush(session: Session, row: TicketMacro, values: Mapping[str, Any], now: datetime) -> None:
    try:
        with session.begin_nested():
            for name, value in values.items():
                setattr(row, name, value)
            row.updated_at = now
            session.add(row)
            session.flush()
    except IntegrityError:
        raise MacroNameTaken from None


def _record(session: Session, by: Actor, action: str, row: TicketMacro, now: datetime, **detail: Any) -> None:
    audit.record(session, by, action, now=now, subject="macro", subject_id=row.id, name=row.name, **detail)
