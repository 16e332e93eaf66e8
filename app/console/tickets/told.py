"""The history of a ticket in words: who did what, what was changed from what to what, which clock rang."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from app.agents.calendars import BEIJING
from app.console import ticket_words
from app.console.catalogue import marked
from app.desk.tickets import fields
from app.desk.tickets.lines import Line
from app.desk.tickets.reading import Sheet

FIELDS: Final[Mapping[str, str]] = {
    "subject": marked("标题"), "kind": marked("类型"), "category": marked("分类"), "dimension": marked("质量维度"),
    "priority": marked("优先级"), "title": marked("作品"), "season": marked("季"), "episode": marked("集"),
    "timecode_s": marked("时间点"), "skill": marked("技能"), "team_id": marked("小组"), "parent_id": marked("上级工单"),
    "contact": marked("联系人"), "due_at": marked("答复期限"), "owner_id": marked("负责人"), "tags": marked("标签"),
    "status": marked("状态"),
}  # fmt: skip
TO_VIEWER: Final = frozenset({"replied", "asked", "decided"})
FROM_VIEWER: Final = frozenset({"added", "answered", "accepted", "refused", "confirmed"})
INTERNAL: Final = frozenset({"noted"})
_NOTHING: Final = marked("没有")


def side(line: Line) -> str:
    """How a line looks: ``viewer``, ``agent`` (told to him), ``note``, or ``event``."""
    if line.kind == "noted":
        return "note"
    if line.kind in TO_VIEWER or (line.kind == "closed" and line.sent is not None):
        return "agent"
    if line.kind in FROM_VIEWER or (line.kind == "opened" and not line.is_person):
        return "viewer"
    return "event"


def author(line: Line, say: Callable[[str], str]) -> str:
    return say(ticket_words.AUTHORS[line.author]) if line.author in ticket_words.AUTHORS else line.author


def changes(line: Line, sheet: Sheet, say: Callable[[str], str]) -> list[tuple[str, str, str]]:
    """(field, what it was, what it is), as people read them."""
    found = []
    for name, pair in line.detail.items():
        if name in FIELDS and isinstance(pair, list) and len(pair) == 2:
            found.append((say(FIELDS[name]), _value(name, pair[0], sheet, say), _value(name, pair[1], sheet, say)))
    return found


def metric(name: str, say: Callable[[str], str]) -> str:
    return say(ticket_words.METRICS[name]) if name in ticket_words.METRICS else name


def dues(line: Line, say: Callable[[str], str]) -> list[tuple[str, str, str]]:
    """(what is measured, when it was due, when it is) of clocks that were counted anew; empty: it did not run."""
    moved = line.detail.get("due")
    pairs = moved.items() if isinstance(moved, dict) else ()
    return [(metric(name, say), _minute(pair[0]), _minute(pair[1])) for name, pair in pairs if len(pair) == 2]


def _minute(written: Any) -> str:
    at = moment(written)
    return f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M}" if at else ""


def moment(written: Any) -> datetime | None:
    """A time of a line's detail."""
    try:
        return datetime.fromisoformat(written) if isinstance(written, str) else None
    except ValueError:
        return None


_WORDS: Final[Mapping[str, Mapping[Any, str]]] = {
    "kind": ticket_words.KINDS, "priority": ticket_words.PRIORITIES,
    "dimension": ticket_words.DIMENSIONS, "status": ticket_words.STATUSES,
}  # fmt: skip


def _value(name: str, value: Any, sheet: Sheet, say: Callable[[str], str]) -> str:
    if value in (None, "", []):
        return say(_NOTHING)
    if name in _WORDS:
        return say(_WORDS[name].get(value, str(value)))
    if name in ("owner_id", "team_id"):
        return (sheet.names if name == "owner_id" else sheet.teams).get(value, str(value))
    if name == "tags":
        return "、".join(f"#{tag}" for tag in value)
    if name == "timecode_s":
        return fields.show_timecode(value)
    return (_minute(value) if name == "due_at" else "") or str(value)
