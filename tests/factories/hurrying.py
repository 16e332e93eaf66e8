"""A platform in a hurry: what a test would only wait for passes sooner."""

from dataclasses import replace

import pytest

from app.channels.registry import PLATFORMS
from app.channels.wechat.limits import CAPABILITY

GIVEN_UP = 6.0
"""Seconds after which the hurried platform makes no further attempt."""
_WINDOW = 2.0
"""Seconds within which its responses count: more than any answer takes that is meant to be in time."""


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """For services in this process."""
    hurried = replace(CAPABILITY, passive_window=_WINDOW, last_retry=GIVEN_UP)
    monkeypatch.setattr(type(PLATFORMS["wechat"]), "capability", hurried)
