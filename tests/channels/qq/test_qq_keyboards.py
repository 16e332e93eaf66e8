import pytest

from app.channels.outbound import Choice
from app.channels.qq.keyboards import COLUMNS, LONGEST_LABEL, ROWS, keyboard, read_data


@pytest.mark.parametrize(("choices", "rows"), [(1, [1]), (5, [1] * 5), (6, [2] * 3), (11, [3, 3, 3, 2]), (25, [5] * 5)])
def test_buttons_stand_in_as_many_rows_as_there_are(choices: int, rows: list[int]) -> None:
    board = keyboard([Choice(f"id{n}", f"第{n}项") for n in range(choices)])
    assert board is not None
    found = [row["buttons"] for row in board["content"]["rows"]]
    assert [len(buttons) for buttons in found] == rows
    assert [button["id"] for buttons in found for button in buttons] == [str(n) for n in range(1, choices + 1)]


def test_what_no_keyboard_can_hold_is_none() -> None:
    assert keyboard([]) is None
    assert keyboard([Choice("a", "b")] * (ROWS * COLUMNS + 1)) is None


@pytest.mark.parametrize(
    "choice", [Choice("playback.buffering", "播放卡顿"), Choice("a", "1|2"), Choice("a", "长" * 99)]
)
def test_a_tap_brings_back_what_was_chosen(choice: Choice) -> None:
    board = keyboard([choice])
    assert board is not None
    button = board["content"]["rows"][0]["buttons"][0]
    assert read_data(button["action"]["data"]) == choice
    assert len(button["render_data"]["label"]) <= LONGEST_LABEL


@pytest.mark.parametrize(("data", "choice"), [("fb:1", ("fb:1", "fb:1")), ("a|", ("a", "a|")), ("|b", ("|b", "b"))])
def test_data_of_somebody_else(data: str, choice: tuple[str, str]) -> None:
    assert read_data(data) == Choice(*choice)
