"""How fast each viewer writes, counted by this process for the minute at hand.

Kept in memory: a restart forgets it, and of several processes each counts what it hears. That is enough for a courtesy
that must not cost each turn a column.
"""

from datetime import datetime


class Pace:
    def __init__(self) -> None:
        self._minute = (0, 0, 0)
        self._heard: dict[tuple[int, str], int] = {}

    def count(self, who: tuple[int, str], now: datetime) -> int:
        """Messages of this sender within the minute, this one included."""
        minute = now.day, now.hour, now.minute
        if minute != self._minute:
            self._minute = minute
            self._heard.clear()
        heard = self._heard[who] = self._heard.get(who, 0) + 1
        return heard
