"""What stands on a pretend viewer's phone, and what went over the wire for it. State only, in memory, bounded."""

import asyncio
import secrets
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.channels.base import Content
from app.dialogue.endpoints import Observation
from app.dialogue.push import Key
from app.simulator.envelopes import Reply
from app.simulator.faces import ACCOUNTS, AccountFace, Viewer
from app.simulator.wechat.contacts import Contact
from app.simulator.wechat.ledger import Ledger
from app.simulator.wechat.sealing import Signed

BUBBLES = 300
EXCHANGES = 60
"""Kept for each conversation; the oldest go first."""
_OPENID_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


class Network(StrEnum):
    """How the platform's way to us behaves."""

    normal = "normal"
    lost_twice = "lost_twice"
    """The answers to the first two attempts do not arrive in time."""
    lost = "lost"
    """No answer ever arrives."""
    slow = "slow"
    """The way is good, but the service decides when the platform has given up."""

    @property
    def losses(self) -> int:
        return {"lost_twice": 2, "lost": 3}.get(self.value, 0)


class Side(StrEnum):
    viewer = "viewer"
    account = "account"
    system = "system"


@dataclass(slots=True)
class Bubble:
    number: int
    side: Side
    at: datetime
    content: Content | None = None
    """What the viewer sent."""
    text: str = ""
    """What the account or the system says."""
    exchange: int | None = None
    recalled: bool = False


class Fate(StrEnum):
    """What became of one attempt to push."""

    running = "running"
    answered = "answered"
    cut = "cut"
    """Not answered in time: the connection was cut without reading."""
    refused = "refused"
    """An HTTP status other than 200."""
    unreachable = "unreachable"
    unusable = "unusable"
    """A 200 whose body the platform cannot use."""


@dataclass(slots=True)
class Attempt:
    number: int
    signed: Signed
    started: float
    """By ``perf_counter``."""
    fate: Fate = Fate.running
    status: int | None = None
    kind: str = ""
    body: str = ""
    reply: Reply | None = None
    trouble: str = ""
    seconds: float = 0.0
    seen: Observation | None = None
    """What the service did, where it was this process."""


@dataclass(slots=True)
class PushExchange:
    """One act of the viewer as pushed to the service: up to three attempts with one body."""

    number: int
    at: datetime
    title: str
    path: str
    body: str
    channel_id: int
    key: str
    """The key by which the service tells a repeat."""
    attempts: list[Attempt] = field(default_factory=list)
    ended: bool = False
    failed: bool = False
    """The viewer read the failure line."""
    stalled: bool = False
    """The service was made too slow for it."""
    late: Observation | None = None
    """What the service decided after the last attempt."""

    @property
    def pushed(self) -> Key:
        return self.channel_id, self.key

    @property
    def seen(self) -> Observation | None:
        """The observation of the attempt that was decided; that of a repeat where the first was seen by nobody."""
        observed = [attempt.seen for attempt in self.attempts if attempt.seen]
        decided = [seen for seen in observed if seen.answer.decision is not None]
        return next(iter(decided or observed), self.late)


@dataclass(slots=True)
class CallExchange:
    """A call of the service to the platform's customer-service API."""

    number: int
    at: datetime
    title: str
    path: str
    request: str
    response: str
    errcode: int
    meaning: str
    text: str


@dataclass(slots=True)
class NoteExchange:
    """Something that the platform keeps to itself."""

    number: int
    at: datetime
    title: str
    text: str


Exchange = PushExchange | CallExchange | NoteExchange


@dataclass(slots=True)
class Chat:
    """A viewer with one account: openids belong to an account, so another account is another conversation."""

    face: AccountFace
    contact: Contact
    """The viewer as the played platform knows him."""
    bubbles: deque[Bubble] = field(default_factory=lambda: deque(maxlen=BUBBLES))
    exchanges: deque[Exchange] = field(default_factory=lambda: deque(maxlen=EXCHANGES))

    @property
    def openid(self) -> str:
        return self.contact.openid

    @property
    def following(self) -> bool:
        return self.contact.following

    @property
    def ledger(self) -> Ledger:
        return self.contact.ledger

    def bubble(self, number: int) -> Bubble | None:
        return next((bubble for bubble in self.bubbles if bubble.number == number), None)

    def exchange(self, number: int) -> Exchange | None:
        return next((exchange for exchange in self.exchanges if exchange.number == number), None)


@dataclass(slots=True)
class Phone:
    id: str
    viewer: Viewer
    channel: str
    network: Network = Network.normal
    fast: bool = True
    """One second instead of five between the attempts."""
    scenario: str | None = None
    play: "asyncio.Task[None] | None" = None
    played: int = 0
    """Lines of the scenario that were said."""
    chats: dict[str, Chat] = field(default_factory=dict)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One exchange at a time."""
    typing: bool = False
    tasks: "set[asyncio.Task[None]]" = field(default_factory=set)
    """Exchanges that were begun and have not ended."""
    last: int = 0
    """The number of the newest bubble or exchange."""

    @property
    def chat(self) -> Chat:
        if self.channel not in self.chats:
            self.chats[self.channel] = Chat(ACCOUNTS[self.channel], new_contact())
        return self.chats[self.channel]

    @property
    def untouched(self) -> bool:
        return not any(chat.bubbles for chat in self.chats.values())

    @property
    def playing(self) -> bool:
        return self.play is not None and not self.play.done()

    def next(self) -> int:
        self.last += 1
        return self.last


def new_contact() -> Contact:
    openid = "o" + "".join(secrets.choice(_OPENID_LETTERS) for _ in range(27))
    return Contact(openid, phone=deque(maxlen=BUBBLES))
