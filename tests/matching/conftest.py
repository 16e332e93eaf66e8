"""What takes a core of its own for a while is begun first, beside all other tests of this folder."""

from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from app.matching.confidence import Weights
from tests.matching.shipping import train_anew


@pytest.fixture(scope="session", autouse=True)
def training(request: pytest.FixtureRequest) -> Iterator["Future[Weights] | None"]:
    """The weights that the shipped knowledge trains by now; None where no chosen test asks for them."""
    if not any("trained" in getattr(item, "fixturenames", ()) for item in request.session.items):
        yield None
        return
    with ProcessPoolExecutor(1, mp_context=get_context("forkserver")) as helper:
        yield helper.submit(train_anew)


@pytest.fixture
def trained(training: "Future[Weights]") -> Weights:
    return training.result()
