"""How far a process has read, and what it still looks for. Pure."""

from app.live.cursor import GAP_SECONDS, MOST_GAPS, Cursor


def test_ids_between_are_looked_for_until_they_come() -> None:
    cursor = Cursor(4)
    assert cursor.advance([8, 6], 0)
    assert (cursor.last, list(cursor.gaps)) == (8, [5, 7])
    assert cursor.advance([7, 9], 1)
    assert (cursor.last, list(cursor.gaps)) == (9, [5])


def test_an_id_that_never_comes_is_given_up() -> None:
    cursor = Cursor(4)
    cursor.advance([6], 0)
    cursor.advance([8], 1)
    assert cursor.advance([], GAP_SECONDS)
    assert list(cursor.gaps) == [7]
    assert cursor.advance([], GAP_SECONDS + 1)
    assert cursor.gaps == {}


def test_more_missing_than_can_be_looked_for_is_told() -> None:
    cursor = Cursor(0)
    assert cursor.advance([MOST_GAPS + 1], 0)
    assert len(cursor.gaps) == MOST_GAPS
    assert not cursor.advance([MOST_GAPS + 3], 1)
    assert list(cursor.gaps) == [*range(2, MOST_GAPS + 1), MOST_GAPS + 2]


def test_a_leap_keeps_only_the_last_of_what_is_missing() -> None:
    cursor = Cursor(0)
    assert not cursor.advance([10**9], 0)
    assert (cursor.last, len(cursor.gaps), min(cursor.gaps)) == (10**9, MOST_GAPS, 10**9 - MOST_GAPS)
    assert cursor.advance([10**9 + 1], 1)
