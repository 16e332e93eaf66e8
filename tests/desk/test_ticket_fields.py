"""What people type into the fields of tickets."""

from datetime import UTC, datetime
from typing import Any

import pytest

from app.desk.tickets import fields
from app.desk.tickets.fields import FIELDS, FieldWrong, read, read_timecode, show_timecode

GARBAGE: list[Any] = [
    "x" * 100_000, "\x00", "\ud800", "９" * 30, "1" * 400, "-1", "1e9", "1.5", "²", "٣" * 19, [], {}, [1], {"a": 1},
    object(), True, False, -1, -(2**70), 2**70, 1.5, float("nan"), b"\xff", "12:99", ":", "99:99:99", "😀",
    datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None),
]  # fmt: skip


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("given", GARBAGE, ids=lambda given: repr(given)[:20])
def test_garbage_is_kept_harmless_or_refused(name: str, given: Any) -> None:
    try:
        kept = read(name, given)
    except FieldWrong:
        return
    if isinstance(kept, str):
        assert 0 < len(kept) <= 200
        assert not set(kept) & {"\x00", "\ud800", "\n"}
    elif isinstance(kept, datetime):
        assert kept.tzinfo is not None
    elif kept is not None:
        assert 0 <= kept <= 2**63 - 1


@pytest.mark.parametrize("name", [name for name in FIELDS if name not in ("subject", "kind", "priority")])
@pytest.mark.parametrize("given", [None, ""])
def test_nothing_is_nothing(name: str, given: str | None) -> None:
    if name == "due_at" and given == "":
        with pytest.raises(FieldWrong):
            read(name, given)
    else:
        assert read(name, given) is None


@pytest.mark.parametrize("name", ["subject", "kind", "priority"])
@pytest.mark.parametrize("given", [None, "", " \n\t"])
def test_some_are_needed(name: str, given: str | None) -> None:
    with pytest.raises(FieldWrong):
        read(name, given)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", None), ("  ", None), ("0:00", 0), ("12:34", 754), ("12：34", 754), ("1:02:03", 3723), ("90:00", 5400),
        (" 5:07 ", 307), ("100:59", 6059), ("24:00:00", 86400), ("１２:３４", 754),
    ],
)  # fmt: skip
def test_a_timecode_is_read(text: str, seconds: int | None) -> None:
    assert read_timecode(text) == seconds


@pytest.mark.parametrize(
    "text", ["12", "12:60", "1:60:00", "24:00:01", "1:2:3:4", "12:", ":12", "a:bc", "-1:00", "12 34", "1234:00"]
)
def test_what_is_no_timecode_is_refused(text: str) -> None:
    with pytest.raises(FieldWrong):
        read("timecode_s", text)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (754, "12:34"), (3599, "59:59"), (3600, "1:00:00"), (3723, "1:02:03")]
)
def test_a_timecode_is_shown_as_it_is_read(seconds: int, text: str) -> None:
    assert show_timecode(seconds) == text
    assert read_timecode(text) == seconds


@pytest.mark.parametrize(
    ("name", "last"),
    [("season", fields.LAST_SEASON), ("episode", fields.LAST_EPISODE), ("timecode_s", fields.LONGEST_EPISODE)],
)
def test_numbers_have_an_end(name: str, last: int) -> None:
    assert read(name, last) == last
    with pytest.raises(FieldWrong):
        read(name, last + 1)


@pytest.mark.parametrize(("name", "longest"), [("subject", 200), ("title", 64), ("contact", 64), ("skill", 32)])
def test_lines_have_an_end(name: str, longest: int) -> None:
    assert read(name, "长" * longest) == "长" * longest
    with pytest.raises(FieldWrong):
        read(name, "长" * (longest + 1))


def test_a_time_needs_its_zone() -> None:
    at = datetime(2026, 12, 1, tzinfo=UTC)
    assert read("due_at", at) == at
    for wrong in (at.replace(tzinfo=None), "2026-12-01", 7):
        with pytest.raises(FieldWrong):
            read("due_at", wrong)
