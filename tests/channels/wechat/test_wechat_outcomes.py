"""Each error code that the platform documents, and what it means for the next attempt."""

import pytest

from app.channels.delivery import Outcome
from app.channels.wechat import outcomes

SENDING = """
-1 unknown      -1000 unknown
40001 refresh   40014 refresh   42001 refresh   41001 refresh
40003 permanent 40007 media     40008 permanent 40033 permanent 43004 recipient 43019 recipient
44002 permanent 44004 permanent 45002 permanent 45008 permanent 45009 later     45011 later
45015 window    45047 window    45064 permanent 47001 permanent 48001 operator  48002 recipient
48004 operator  48008 permanent 50001 operator  50002 operator  50005 recipient 61500 permanent
65400 operator  40164 operator  40125 operator  40013 operator  40243 operator
45072 permanent 45080 window    45081 permanent
65401 permanent 65402 permanent 65403 permanent 65404 permanent 65405 permanent 65406 permanent
65407 permanent 65408 permanent 65409 permanent 65410 permanent 65411 permanent 65412 permanent
65413 permanent 65414 permanent 65415 permanent 65416 permanent 65417 permanent
40037 permanent 43101 recipient 47003 permanent 43107 operator  43108 retry     45168 permanent
40004 permanent 40005 permanent 40006 permanent 40009 permanent 41005 permanent 45001 permanent
45028 later     45066 later     45067 permanent 45159 permanent 45083 permanent 45084 operator
40130 permanent 48003 operator  46003 permanent 45065 permanent 99999 permanent
"""
TOKEN = """
-1 retry        -1000 retry     40001 operator  40002 operator  40013 operator  40125 operator  40164 operator
40243 operator  45009 later     45011 later     89503 operator  89501 operator  89506 operator  89507 operator
99999 permanent
"""
MINUTE = {45011, 45066}
NOT_NAMED = {45065, 99999}
"""The first is no failure where it can come; the other is any that is not documented."""


def pairs(table: str) -> list[tuple[int, Outcome]]:
    words = table.split()
    return [(int(code), Outcome(name)) for code, name in zip(words[::2], words[1::2], strict=True)]


@pytest.mark.parametrize(("code", "outcome"), pairs(SENDING))
def test_codes_of_calls(code: int, outcome: Outcome) -> None:
    error = outcomes.refusal(outcomes.SEND, code, "no rid: 1-2-3", lost=Outcome.unknown)
    assert (error.code, error.outcome, error.retry_after) == (str(code), outcome, 60 if code in MINUTE else None)
    assert error.detail.endswith(": no rid: 1-2-3")


@pytest.mark.parametrize(("code", "outcome"), pairs(TOKEN))
def test_codes_of_the_token_call(code: int, outcome: Outcome) -> None:
    error = outcomes.refusal(outcomes.TOKEN, code, "invalid ip 203.0.113.7", lost=Outcome.retry)
    assert (error.code, error.outcome, error.retry_after) == (str(code), outcome, 60 if code in MINUTE else None)
    assert "203.0.113.7" in error.detail


def test_the_tables_hold_what_is_documented_and_nothing_else() -> None:
    """A code that is added to one side only is seen."""
    for ours, documented in ((outcomes.SEND, SENDING), (outcomes.TOKEN, TOKEN)):
        assert set(ours) == {code for code, _ in pairs(documented)} - outcomes.BUSY - NOT_NAMED


def test_busy_means_what_no_answer_would_mean() -> None:
    assert outcomes.refusal(outcomes.SEND, -1, "busy", lost=Outcome.retry).outcome is Outcome.retry
