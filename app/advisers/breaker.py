"""Whether an endpoint that keeps failing is asked at all: closed, open, and one probe in between."""

from collections import deque
from collections.abc import Callable
from enum import StrEnum

FAILURES = 5
"""Failures within ``WINDOW`` that open the breaker."""
WINDOW = 30.0
"""Seconds."""
REST = 30.0
"""Seconds for which nothing is asked before a probe."""


class State(StrEnum):
    closed = "closed"
    """Calls go through."""
    half_open = "half_open"
    """One call is on its way to see whether the endpoint is back; all others are refused."""
    open = "open"


class Breaker:
    """Counts in the memory of one process; not for several threads. ``clock`` gives seconds that never run back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failed: deque[float] = deque(maxlen=FAILURES)
        self._opened: float | None = None
        self._probing = False

    @property
    def state(self) -> State:
        if self._opened is None:
            return State.closed
        return State.half_open if self._probing else State.open

    def allows(self) -> bool:
        """Whether a call may be made now. Who hears yes tells how it ended: by exactly one of the methods below."""
        if self._opened is None:
            return True
        if self._probing or self._clock() - self._opened < REST:
            return False
        self._probing = True
        return True

    def succeeded(self) -> None:
        """A call that began before the breaker opened changes nothing: only a probe closes it."""
        if self._probing:
            self._opened, self._probing = None, False
            self._failed.clear()

    def failed(self) -> None:
        now = self._clock()
        if self._probing:
            self._opened, self._probing = now, False
        elif self._opened is None:
            self._failed.append(now)
            if len(self._failed) == FAILURES and now - self._failed[0] <= WINDOW:
                self._opened = now

    def gave_up(self) -> None:
        """The call ended without a result of its own: if it was the probe, the next call is one."""
        self._probing = False
