"""A clock that a test sets."""

from dataclasses import dataclass
from datetime import datetime

from tests.factories.conversations import NOW


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now
