import pytest


@pytest.fixture
def write_limit() -> None:
    """None: tests of this folder wait inside their rules."""
