"""What a macro does to a ticket, in words."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from app.agents.models import Language
from app.console.catalogue import marked, translate
from app.console.ticket_words import DIMENSIONS, KINDS, PRIORITIES, STATUSES
from app.desk.tickets.macros import Macro

_BECOMES: Final[tuple[tuple[str, str, Mapping[str, str]], ...]] = (
    ("priority", marked("优先级改为{value}"), PRIORITIES), ("kind", marked("类型改为{value}"), KINDS),
    ("category", marked("问题改为 {value}"), {}), ("dimension", marked("质量维度改为{value}"), DIMENSIONS),
    ("status", marked("状态改为{value}"), STATUSES),
)  # fmt: skip
_TEAM: Final = marked("转给 {value}")
_TAG: Final = marked("加标签 {value}")
_CLOSES: Final = marked("关闭工单")


def effects_of(language: Language, macro: Macro, teams: Mapping[int, str]) -> list[str]:
    """优先级改为紧急, 转给 会员服务, 关闭工单; the answer to the viewer is not among them."""
    return [translate(language, text).format(value=value) for text, value in _effects(language, macro, teams)]


def _effects(language: Language, macro: Macro, teams: Mapping[int, str]) -> Iterator[tuple[str, Any]]:
    for name, text, words in _BECOMES:
        if (value := macro.changes.get(name)) is not None:
            yield text, translate(language, words.get(value, value))
    if (team := macro.changes.get("team_id")) is not None:
        yield _TEAM, teams.get(team, team)
    for tag in macro.changes.get("tags", ()):
        yield _TAG, tag
    if macro.closes:
        yield _CLOSES, ""
