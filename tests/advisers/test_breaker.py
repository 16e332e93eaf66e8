import pytest

from app.advisers.breaker import FAILURES, REST, WINDOW, Breaker, State
from tests.advisers.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(clock)


def fail(breaker: Breaker, times: int = FAILURES) -> None:
    for _ in range(times):
        assert breaker.allows()
        breaker.failed()


def test_it_opens_after_failures_close_together(breaker: Breaker) -> None:
    fail(breaker, FAILURES - 1)
    assert (breaker.state, breaker.allows()) == (State.closed, True)
    breaker.failed()
    assert (breaker.state, breaker.allows()) == (State.open, False)


def test_successes_between_do_not_hide_that_many_fail(breaker: Breaker) -> None:
    for _ in range(FAILURES):
        breaker.succeeded()
        breaker.failed()
    assert breaker.state is State.open


def test_failures_far_apart_leave_it_closed(breaker: Breaker, clock: Clock) -> None:
    for _ in range(3 * FAILURES):
        fail(breaker, 1)
        clock.now += WINDOW / (FAILURES - 1) + 1
    assert breaker.state is State.closed


def test_after_a_rest_one_probe_goes_through(breaker: Breaker, clock: Clock) -> None:
    fail(breaker)
    clock.now += REST - 1
    assert not breaker.allows()
    clock.now += 1
    assert breaker.allows()
    assert (breaker.state, breaker.allows()) == (State.half_open, False)


def test_a_good_probe_closes_it_and_the_past_is_forgotten(breaker: Breaker, clock: Clock) -> None:
    fail(breaker)
    clock.now += REST
    assert breaker.allows()
    breaker.succeeded()
    fail(breaker, FAILURES - 1)
    assert breaker.state is State.closed


def test_a_bad_probe_opens_it_for_another_rest(breaker: Breaker, clock: Clock) -> None:
    fail(breaker)
    clock.now += REST
    fail(breaker, 1)
    clock.now += REST - 1
    assert (breaker.state, breaker.allows()) == (State.open, False)
    clock.now += 1
    assert breaker.allows()


def test_a_probe_that_was_given_up_leaves_its_place(breaker: Breaker, clock: Clock) -> None:
    fail(breaker)
    clock.now += REST
    assert breaker.allows()
    breaker.gave_up()
    assert (breaker.state, breaker.allows()) == (State.open, True)


def test_what_began_before_it_opened_does_not_close_it(breaker: Breaker) -> None:
    fail(breaker)
    breaker.succeeded()
    breaker.failed()
    assert breaker.state is State.open
