"""The platform's count of what an account may still send to a viewer, by what the viewer did last. Pure."""

from dataclasses import dataclass, field
from datetime import datetime

from app.channels.wechat.limits import ALLOWANCES


@dataclass(slots=True)
class Allowed:
    left: int
    until: datetime


@dataclass(slots=True)
class Ledger:
    """Allowances by their trigger: one does not add to another of the same trigger, it starts afresh."""

    allowed: dict[str, Allowed] = field(default_factory=dict)

    def note(self, trigger: str, now: datetime) -> None:
        """The viewer wrote (``message``), used a menu (``menu``), followed (``follow``)."""
        allowance = ALLOWANCES[trigger]
        self.allowed[trigger] = Allowed(allowance.messages, now + allowance.valid)

    def close(self) -> None:
        self.allowed.clear()

    def take(self, now: datetime) -> int:
        """Count one message; 0, or the platform's error: 45015 no window is open, 45047 the count is used up."""
        valid = sorted((a for a in self.allowed.values() if a.until > now), key=lambda a: a.until)
        if not valid:
            return 45015
        for allowed in valid:  # what ends first is used first
            if allowed.left:
                allowed.left -= 1
                return 0
        return 45047

    def left(self, now: datetime) -> int:
        return sum(allowed.left for allowed in self.allowed.values() if allowed.until > now)
