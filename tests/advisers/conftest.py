"""A service to ask, and what was counted while it was asked."""

from collections import Counter
from collections.abc import AsyncIterator, Callable

import pytest

from app import metrics
from tests.fakes import openai
from tests.fakes.openai import OpenAi

Counted = Callable[[], dict[str, int]]


@pytest.fixture
async def api() -> AsyncIterator[OpenAi]:
    async with openai.running() as played:
        yield played


@pytest.fixture
def counted() -> Counted:
    """Outcomes of the advisers' questions since the test began."""
    before = _outcomes()
    return lambda: dict(_outcomes() - before)


def _outcomes() -> Counter[str]:
    samples = (sample for family in metrics.advice.collect() for sample in family.samples)
    outcomes = Counter[str]()
    for sample in samples:
        if sample.name.endswith("_total"):
            outcomes[f"{sample.labels['adviser']} {sample.labels['outcome']}"] += int(sample.value)
    return outcomes
