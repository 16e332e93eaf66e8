"""What the played QQ consists of: bots, the places where they are heard, files, and the record of all calls."""

from collections import deque
from collections.abc import MutableSequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from app.channels.qq.addresses import Scene
from app.simulator.clock import Clock
from app.simulator.qq.ledger import Ledger
from app.simulator.recent import Recent
from app.simulator.trouble import Troubles

Json = dict[str, Any]
SHOWN, KEPT, LEFT = 1000, 5000, 64
"""Messages of a place, things by their ids, files with what is in them."""


@dataclass(slots=True)
class Bot:
    """As its console has it. ``allowed``: addresses that may call, all where it is empty."""

    app_id: str
    secret: str = field(repr=False)
    allowed: frozenset[str] = frozenset()
    domains: tuple[str, ...] = ()
    buttons: bool = False
    markdown: bool = False
    banned: bool = False
    sandbox: bool = False
    websocket: bool = False
    audited: bool = False
    """Everything it says is looked at before it is shown."""


@dataclass(slots=True)
class Seen:
    """A message as it shows on the phones of a place."""

    id: str
    at: datetime
    text: str
    body: Json
    replies_to: str | None
    """``msg_id#msg_seq``, or None for one that nobody asked for."""
    recalled: bool = False


@dataclass(slots=True)
class Place:
    """A user, a group, a channel, or the direct messages of a guild."""

    scene: Scene
    id: str
    present: bool = True
    """A friend; the bot is in the group."""
    proactive: bool = True
    """The bot may speak first."""
    muted: bool = False
    seen: deque[Seen] = field(default_factory=lambda: deque(maxlen=SHOWN))
    unasked: deque[datetime] = field(default_factory=lambda: deque(maxlen=SHOWN))
    """When messages were taken that nobody had asked for."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An uploaded file: good for one kind of place, for a time."""

    scene: Scene
    kind: int
    size: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the API, whatever became of it."""

    at: datetime
    api: str
    key: str
    """``msg_id#msg_seq`` of a message, else what the call is about."""
    accepted: bool
    """Taken: it shows, or will once its audit is over."""
    answered: int | None
    """The HTTP status; None where the answer broke off or never came."""
    code: int
    """The platform's, 0 for none."""
    body: Json
    method: str
    path: str
    """Below the place where the platform is played."""
    answer: Json
    """What was answered, or would have been; of a token without the token."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A tap of which the bot said that it was dealt with."""

    code: int
    after: timedelta


@dataclass(slots=True)
class World:
    clock: Clock = field(default_factory=Clock)
    troubles: Troubles = field(default_factory=Troubles)
    bots: dict[str, Bot] = field(default_factory=dict)
    places: dict[tuple[Scene, str], Place] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    files: dict[str, Stored] = field(default_factory=lambda: Recent(KEPT))
    left: dict[str, tuple[str, bytes]] = field(default_factory=lambda: Recent(LEFT))
    """What people sent, and what a bot uploaded, by its name under ``/left``: content type and bytes."""
    audits: dict[str, tuple[Place, Seen]] = field(default_factory=lambda: Recent(KEPT))
    """Messages that nobody has seen yet, by the audit's id."""
    taps: dict[str, datetime] = field(default_factory=lambda: Recent(KEPT))
    """Interactions by id, and when they were pushed."""
    settled: dict[str, Settled] = field(default_factory=lambda: Recent(KEPT))
    log: MutableSequence[Call] = field(default_factory=list)
    address: str = ""
    """Where the platform is played: what people leave is fetched below it."""
    last_number: int = 0
    """Of the ids so far. A store that outlives the platform has seen the ids of its former lives."""

    def add(self, bot: Bot) -> Bot:
        self.bots[bot.app_id] = bot
        return bot

    def place(self, scene: Scene, name: str) -> Place:
        """The place of that name; one that is new is open to the bot."""
        return self.places.setdefault((scene, name), Place(scene, name))

    def number(self) -> int:
        self.last_number += 1
        return self.last_number

    def decide_audit(self, audit: str, *, passed: bool) -> None:
        """End an audit: what passes shows."""
        place, seen = self.audits.pop(audit)
        if passed:
            seen.at = self.clock.now()
            place.seen.append(seen)
