"""The one QQ group of the demo: everybody in it sees the same."""

import itertools
import secrets
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.simulator.phones import Bubble

NAME = "《长风渡》追剧群"
SHOWN = 300
"""Bubbles."""


@dataclass(slots=True)
class Group:
    openid: str
    bubbles: "deque[Bubble]" = field(default_factory=lambda: deque(maxlen=SHOWN))
    hears_all: bool = False
    """The owner lets the bot read what is not said to it."""
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    """Of the bubbles: those of a phone number what is on that phone alone."""


def new_group() -> Group:
    return Group(f"G{secrets.token_hex(15).upper()}")
