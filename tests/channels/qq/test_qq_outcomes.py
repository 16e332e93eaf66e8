"""Every code that the platform documents has its class."""

import pytest

from app.channels.delivery import Outcome
from app.channels.qq import outcomes

SEND = {
    Outcome.refresh: [11241, 11242, 11243, 11244, 11245],
    Outcome.retry: [
        *(11252, 11263, 11281, 20028, 40034004, 40054006, 50055001, 50055002, 50055006, 304082, 304083, 40093001),
        850027,
    ],
    Outcome.later: [22009, 40034100, 1100100, 1100308, 40093002],
    Outcome.window: [
        *(40034005, 304027, 40034128, 40034102, 40034105, 40034106, 40054013, 40034122),
        *(304045, 304046, 304047, 304048, 304049, 304050),
    ],
    Outcome.recipient: [40034101, 40054003, 40054004, 40054002, 850018],
    Outcome.operator: [11251, 11253, 11254, 11261, 11264, 11265, 11275, 11282, 11298, 40023002, 304018, 40054016],
    Outcome.permanent: [
        *(22006, 50006, 304003, 40054010, 304004, 304061, 304026, 304028, 304103, 305007, 340067, 340069, 40034006),
        *(40034008, 40034009, 40034010, 40034011, 40034024, 40034025, 40034026, 40034027, 40034029, 40054007, 40054018),
        *(1100101, 1000001, 40007, 50002, 304036, 50055, 50056, 50057, 304037, 304057, 850019, 850026, 850031),
    ],
}
TAKEN = {40054005, 304023, 304024}
"""Not failures at all."""


def test_the_table_is_complete_and_holds_nothing_else() -> None:
    assert {code: outcome for outcome, codes in SEND.items() for code in codes} == outcomes.SEND
    assert sum(map(len, SEND.values())) == len(outcomes.SEND)
    assert not TAKEN & outcomes.SEND.keys()
    assert outcomes.UNDER_AUDIT | {outcomes.DUPLICATE} == TAKEN


@pytest.mark.parametrize("code", [22009, 40034100, 1100100, 1100308])
def test_a_rate_asks_for_a_minute(code: int) -> None:
    error = outcomes.refusal(outcomes.SEND, code, 429, "slow down", "t")
    assert (error.outcome, error.retry_after) == (Outcome.later, 60)


def test_a_day_s_capacity_asks_for_the_next_day() -> None:
    assert outcomes.refusal(outcomes.SEND, 40093002, 400, "", "").retry_after is None


def test_what_is_not_documented_is_a_refusal() -> None:
    assert outcomes.refusal(outcomes.SEND, 40099999, 400, "new", "").outcome is Outcome.permanent
