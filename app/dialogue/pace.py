"""How fast each viewer writes, counted by this process for the minute at hand.

Kept in memory: a restart forgets it, and of several processes each counts what it hears. That is enough for a courtesy
that must not cost each turn a column.
"""

from collections import Counter
from datetime import datetime

MINUTE = 60


class Pace:
    def __init__(self) -> None:
        self._minute = 0
        self._heard: Counter[tuple[int, str]] = Counter()

    def count(self, who: tuple[int, str], now: datetime) -> int:
        """Messages of this sender within the minute, this one included."""
        minute = int(now.timestamp()) // MINUTE
        if minute != self._minute:
            self._minute = minute
            self._heard.clear()
        self._heard[who] += 1
        return self._heard[who]
