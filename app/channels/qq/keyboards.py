"""Buttons under a message, and what a tap brings back of them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.channels.outbound import Choice

ROWS: Final = 5
COLUMNS: Final = 5
LONGEST_LABEL: Final = 30
"""Characters that we show on a button; the platform documents no limit."""
_BETWEEN = "|"
_TOO_OLD = "当前 QQ 版本不支持按钮，请直接回复编号"
_CALLBACK, _EVERYBODY = 1, 2


def keyboard(choices: Sequence[Choice]) -> Mapping[str, Any] | None:
    """One button a row as long as there are rows; None for more choices than a keyboard can hold."""
    if not 0 < len(choices) <= ROWS * COLUMNS:
        return None
    wide = -(-len(choices) // ROWS)
    buttons = [_button(choice, number) for number, choice in enumerate(choices, 1)]
    rows = [{"buttons": buttons[start : start + wide]} for start in range(0, len(buttons), wide)]
    return {"content": {"rows": rows}}


def _button(choice: Choice, number: int) -> Mapping[str, Any]:
    label = choice.label[:LONGEST_LABEL]
    return {
        "id": str(number),
        "render_data": {"label": label, "visited_label": label, "style": 1},
        "action": {
            "type": _CALLBACK,
            "permission": {"type": _EVERYBODY},
            "data": f"{choice.id}{_BETWEEN}{choice.label}",
            "unsupport_tips": _TOO_OLD,
        },
    }  # fmt: skip


def read_data(data: str) -> Choice:
    """What was tapped: the platform brings back the data alone, so the label stands in it too."""
    chosen, _, label = data.partition(_BETWEEN)
    return Choice(chosen or data, label or data)
