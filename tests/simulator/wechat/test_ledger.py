"""What an account may still send to a viewer."""

from datetime import UTC, datetime, timedelta

from app.simulator.wechat.ledger import Ledger

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def test_nothing_before_the_viewer_did_anything() -> None:
    assert Ledger().take(NOW) == 45015


def test_five_messages_within_two_days_of_the_last_word() -> None:
    ledger = Ledger()
    ledger.note("message", NOW)
    assert [ledger.take(NOW + DAY) for _ in range(6)] == [0, 0, 0, 0, 0, 45047]
    ledger.note("message", NOW + DAY)  # starts afresh
    assert ledger.take(NOW + 2.9 * DAY) == 0
    assert ledger.take(NOW + 3 * DAY) == 45015


def test_a_new_word_does_not_add_to_what_was_left() -> None:
    ledger = Ledger()
    ledger.note("message", NOW)
    ledger.note("message", NOW)
    assert [ledger.take(NOW) for _ in range(6)] == [0, 0, 0, 0, 0, 45047]


def test_a_menu_allows_three_for_a_minute_and_what_ends_first_is_used_first() -> None:
    ledger = Ledger()
    ledger.note("menu", NOW)
    assert [ledger.take(NOW) for _ in range(4)] == [0, 0, 0, 45047]
    assert ledger.take(NOW + MINUTE) == 45015
    ledger.note("message", NOW + MINUTE)
    ledger.note("menu", NOW + MINUTE)
    assert [ledger.take(NOW + MINUTE) for _ in range(3)] == [0, 0, 0]
    assert [ledger.take(NOW + DAY) for _ in range(6)] == [0, 0, 0, 0, 0, 45047]


def test_whoever_left_hears_nothing() -> None:
    ledger = Ledger()
    ledger.note("message", NOW)
    ledger.close()
    assert ledger.take(NOW) == 45015
