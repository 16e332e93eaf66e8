import pytest

from app.advisers.budget import DAY, MINUTE, Budget
from tests.advisers.clock import Clock


@pytest.fixture
def clock() -> Clock:
    clock = Clock()
    clock.now = 10 * DAY  # a day and a minute begin
    return clock


def spend(budget: Budget) -> int:
    """Until nothing is left; how much there was."""
    spent = 0
    while not budget.is_spent():
        budget.spend()
        spent += 1
    return spent


def test_a_minute_has_its_calls_and_the_next_one_new_ones(clock: Clock) -> None:
    budget = Budget(3, 100, clock)
    assert spend(budget) == 3
    clock.now += MINUTE - 1
    assert budget.is_spent()
    clock.now += 1
    assert spend(budget) == 3


def test_a_day_ends_what_its_minutes_would_allow(clock: Clock) -> None:
    budget = Budget(3, 4, clock)
    assert spend(budget) == 3
    clock.now += MINUTE
    assert spend(budget) == 1
    clock.now += 2 * MINUTE
    assert spend(budget) == 0
    clock.now += DAY
    assert spend(budget) == 3
