"""How many calls may be made: a minute and a day, so that neither a rush nor a mistake becomes a bill."""

from collections.abc import Callable

MINUTE = 60.0
DAY = 86_400.0


class Budget:
    """Calls of one process, counted in its memory: a restart forgets them, and of several processes each has its own.

    ``clock`` gives seconds that never run back. A day is 24 hours since the clock's zero, not a calendar day.
    """

    def __init__(self, per_minute: int, per_day: int, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._windows = (_Window(MINUTE, per_minute), _Window(DAY, per_day))

    def is_spent(self) -> bool:
        now = self._clock()
        return any(window.is_full(now) for window in self._windows)

    def spend(self) -> None:
        """Count a call; its failure costs as much as its success."""
        now = self._clock()
        for window in self._windows:
            window.count(now)


class _Window:
    def __init__(self, seconds: float, most: int) -> None:
        self._seconds, self._most = seconds, most
        self._number, self._counted = -1, 0

    def is_full(self, now: float) -> bool:
        return now // self._seconds == self._number and self._counted >= self._most

    def count(self, now: float) -> None:
        number = int(now // self._seconds)
        if number != self._number:
            self._number, self._counted = number, 0
        self._counted += 1
