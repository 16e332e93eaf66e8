"""What takes a core of its own for a while is begun first, beside all other tests of this folder."""

from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import pytest

from app.matching.confidence import Weights
from app.matching.evaluation import Figures
from tests.matching.shipping import judge, train_anew

Work = dict[str, "Future[Any]"]


@pytest.fixture(scope="session", autouse=True)
def begun(request: pytest.FixtureRequest) -> Iterator[Work]:
    """What the chosen tests ask for, by name."""
    asked = {name for item in request.session.items for name in getattr(item, "fixturenames", ())}
    if asked.isdisjoint({"trained", "found"}):
        yield {}
        return
    with ProcessPoolExecutor(2, mp_context=get_context("forkserver")) as helpers:
        training = {"training": helpers.submit(train_anew)} if "trained" in asked else {}
        judging = {name: helpers.submit(judge, name) for name in ("second", "viewers")} if "found" in asked else {}
        yield training | judging


@pytest.fixture
def trained(begun: Work) -> Weights:
    """The weights that the shipped knowledge trains by now."""
    weights: Weights = begun["training"].result()
    return weights


@pytest.fixture(params=["viewers", "second"])
def found(request: pytest.FixtureRequest, begun: Work) -> Figures:
    found: Figures = begun[request.param].result()
    return found
