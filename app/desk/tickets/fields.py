"""The fields of a ticket that people fill in: what each may be, and how it is read from what they typed. Pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.channels.text import carriable
from app.forms import OTHER_REASON, REASONS, FormWrong, Problem
from app.tickets.models import Dimension, TicketKind, TicketPriority

LONGEST_SUBJECT: Final = 200
LONGEST_TITLE: Final = 64
LONGEST_CONTACT: Final = 64
LONGEST_CATEGORY: Final = 64
LONGEST_SKILL: Final = 32
LAST_SEASON: Final = 999
LAST_EPISODE: Final = 99_999
LONGEST_EPISODE: Final = 24 * 3600
TOO_LARGE: Final = "太大了"
DIGITS: Final = "要填数字"
NO_CHOICE: Final = "没有这个选项"
NO_TIME: Final = "要选择时间"
NO_DATE: Final = "正式投诉要写明"
TIMECODES: Final = "要写成 12:34 或 1:02:03"
_TIMECODE = re.compile(r"(?:(\d{1,2})[:：])?(\d{1,3})[:：](\d{1,2})")


class FieldWrong(FormWrong):
    def __init__(self, name: str, label: str, reason: str) -> None:
        super().__init__(problems=[Problem(name, label, reason)])


@dataclass(frozen=True, slots=True)
class Field:
    label: str
    read: Callable[[Any], Any]
    """From what is given to what is kept; ValueError with a reason."""


def read(name: str, given: Any) -> Any:
    """What is kept of it; FieldWrong."""
    field = FIELDS[name]
    try:
        return field.read(given)
    except (ValueError, TypeError) as error:
        raise FieldWrong(name, field.label, str(error) or OTHER_REASON) from None


def read_timecode(text: str) -> int | None:
    """Seconds of 12:34 or 1:02:03; None for nothing. ValueError."""
    written = text.strip()
    if not written:
        return None
    found = _TIMECODE.fullmatch(written)
    if found is None or int(found[3]) > 59 or (found[1] and int(found[2]) > 59):
        raise ValueError(TIMECODES)
    return _within(int(found[1] or 0) * 3600 + int(found[2]) * 60 + int(found[3]), LONGEST_EPISODE)


def show_timecode(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"


def _line(longest: int, *, required: bool = False) -> Callable[[Any], str | None]:
    def line(given: Any) -> str | None:
        text = " ".join(carriable(str(given or "")).split())
        if len(text) > longest:
            raise ValueError(REASONS["string_too_long"])
        if required and not text:
            raise ValueError(REASONS["string_too_short"])
        return text or None

    return line


def _one_of(values: type[TicketKind] | type[TicketPriority]) -> Callable[[Any], str]:
    def one(given: Any) -> str:
        if given not in set(values):
            raise ValueError(NO_CHOICE)
        return str(given)

    return one


def _dimension(given: Any) -> str | None:
    if not given:
        return None
    if given not in set(Dimension):
        raise ValueError(NO_CHOICE)
    return str(given)


def _number(most: int) -> Callable[[Any], int | None]:
    return lambda given: None if given in (None, "") else _within(_digits(given), most)


def _digits(given: Any) -> int:
    text = str(given).strip()
    if not text.isdecimal() or len(text) > 18:
        raise ValueError(DIGITS)
    return int(text)


def _within(number: int, most: int) -> int:
    if number > most:
        raise ValueError(TOO_LARGE)
    return number


def _timecode(given: Any) -> int | None:
    if isinstance(given, int) and not isinstance(given, bool) and given >= 0:
        return _within(given, LONGEST_EPISODE)
    return read_timecode(str(given or ""))


def _moment(given: Any) -> datetime | None:
    if given is not None and (not isinstance(given, datetime) or given.tzinfo is None):
        raise ValueError(NO_TIME)
    return given


_ROW = 2**63 - 1
FIELDS: Final[Mapping[str, Field]] = {
    "subject": Field("标题", _line(LONGEST_SUBJECT, required=True)),
    "kind": Field("类型", _one_of(TicketKind)),
    "category": Field("分类", _line(LONGEST_CATEGORY)),
    "dimension": Field("质量维度", _dimension),
    "priority": Field("优先级", _one_of(TicketPriority)),
    "title": Field("作品", _line(LONGEST_TITLE)),
    "season": Field("季", _number(LAST_SEASON)),
    "episode": Field("集", _number(LAST_EPISODE)),
    "timecode_s": Field("时间点", _timecode),
    "skill": Field("技能", _line(LONGEST_SKILL)),
    "team_id": Field("小组", _number(_ROW)),
    "parent_id": Field("上级工单", _number(_ROW)),
    "contact": Field("联系人", _line(LONGEST_CONTACT)),
    "due_at": Field("答复期限", _moment),
}
