"""What may still be replied to, and by how many messages."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.channels.qq.addresses import Scene
from app.simulator.recent import Recent

WINDOWS = {
    Scene.c2c: (timedelta(minutes=60), 4),
    Scene.group: (timedelta(minutes=5), 5),
    Scene.channel: (timedelta(minutes=5), 5),
    Scene.dm: (timedelta(minutes=5), 5),
}
"""How long a message can be answered, and how often."""
KEPT = 5000
UNKNOWN_MESSAGE, UNKNOWN_EVENT, EXPIRED, USED_UP, DUPLICATE = 40034024, 40034025, 40034005, 40034128, 40054005


@dataclass(slots=True)
class Opened:
    scene: Scene
    target: str
    at: datetime
    is_event: bool
    numbers: set[int] = field(default_factory=set)
    """``msg_seq`` of the messages that were taken."""

    def left(self, now: datetime) -> tuple[int, timedelta]:
        """How many messages it still takes, and for how long."""
        valid, most = WINDOWS[self.scene]
        rest = max(timedelta(), self.at + valid - now)
        return (max(0, most - len(self.numbers)) if rest else 0), rest


class Ledger:
    def __init__(self) -> None:
        self._opened: Recent[str, Opened] = Recent(KEPT)

    def open(self, key: str, scene: Scene, target: str, at: datetime, *, is_event: bool = False) -> None:
        """A message of somebody, by its id, or an event that can be replied to."""
        self._opened[key] = Opened(scene, target, at, is_event)

    def judge(self, key: str, number: int, scene: Scene, target: str, now: datetime, *, is_event: bool) -> int:
        """The code for a reply, 0 where it may be taken. Ids of the bot's own messages are as unknown as any."""
        opened = self._opened.get(key)
        if opened is None or (opened.scene, opened.target, opened.is_event) != (scene, target, is_event):
            return UNKNOWN_EVENT if is_event else UNKNOWN_MESSAGE
        if number in opened.numbers:
            return DUPLICATE
        valid, most = WINDOWS[scene]
        if now - opened.at > valid:
            return EXPIRED
        return USED_UP if len(opened.numbers) >= most else 0

    def find(self, key: str) -> Opened | None:
        return self._opened.get(key)

    def latest(self, scene: Scene, target: str) -> Opened | None:
        """What was opened last in a place."""
        here = (scene, target)
        return next((o for o in reversed(self._opened.values()) if (o.scene, o.target) == here), None)

    def age(self, scene: Scene, target: str, by: timedelta) -> None:
        """Let time pass for what was opened in one place."""
        for opened in self._opened.values():
            if (opened.scene, opened.target) == (scene, target):
                opened.at -= by

    def take(self, key: str, number: int) -> None:
        self._opened[key].numbers.add(number)
