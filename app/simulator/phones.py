"""What stands on a pretend viewer's phone. State only, in memory, bounded."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.channels.qq import addresses
from app.channels.qq.addresses import Scene
from app.simulator.deeds import Deed
from app.simulator.exchanges import Exchange
from app.simulator.faces import ACCOUNTS, AccountFace, Viewer
from app.simulator.groups import Group
from app.simulator.qq.world import World
from app.simulator.wechat.contacts import Contact
from app.simulator.wechat.ledger import Ledger

BUBBLES = 300
EXCHANGES = 60
"""Kept for each conversation; the oldest go first."""


class Network(StrEnum):
    """How the platform's way to us behaves."""

    normal = "normal"
    lost_twice = "lost_twice"
    """The answers to the first two attempts do not arrive in time."""
    lost = "lost"
    """No answer ever arrives."""
    slow = "slow"
    """The way is good, but the service decides when the platform has given up."""

    def losses(self, attempts: int) -> int:
        """Of so many attempts, how many are lost from the first on."""
        return {"lost_twice": 2, "lost": attempts}.get(self.value, 0)


class Side(StrEnum):
    viewer = "viewer"
    account = "account"
    system = "system"


@dataclass(frozen=True, slots=True)
class Button:
    """Under a message of the account: a tap brings ``data`` back."""

    label: str
    data: str


@dataclass(slots=True)
class Bubble:
    number: int
    side: Side
    at: datetime
    content: Deed | None = None
    """What the viewer sent."""
    text: str = ""
    """What the account or the system says."""
    exchange: int | None = None
    recalled: bool = False
    author: str = ""
    """Of several who write in one place: the id of this one there."""
    viewer: Viewer | None = None
    """His face."""
    picture: str = ""
    """Where a picture of the account lies."""
    quoted: str = ""
    """Whom the account answers, where others read along."""
    buttons: tuple[Button, ...] = ()
    taps: dict[int, str] = field(default_factory=dict)
    """Buttons that were tapped, by their place, and what the platform calls the tap."""
    platform_id: str = ""
    """What the platform calls a message of the account."""


class Chat:
    """A viewer with one account in one place: ids belong to an account, so another is another conversation."""

    def __init__(self, face: AccountFace, bubbles: deque[Bubble] | None = None) -> None:
        self.face = face
        self.bubbles: deque[Bubble] = deque(maxlen=BUBBLES) if bubbles is None else bubbles
        self.exchanges: deque[Exchange] = deque(maxlen=EXCHANGES)

    @property
    def openid(self) -> str:
        """Who the viewer is here."""
        raise NotImplementedError

    @property
    def address(self) -> str:
        """The same as the service calls it."""
        raise NotImplementedError

    @property
    def following(self) -> bool:
        """Whether the account is reached from here, and reaches."""
        raise NotImplementedError

    def next(self, phone: "Phone") -> int:
        """The number of a new bubble."""
        return phone.next()

    def bubble(self, number: int) -> Bubble | None:
        return next((bubble for bubble in self.bubbles if bubble.number == number), None)

    def exchange(self, number: int) -> Exchange | None:
        return next((exchange for exchange in self.exchanges if exchange.number == number), None)


class WeChatChat(Chat):
    def __init__(self, face: AccountFace, contact: Contact) -> None:
        super().__init__(face)
        self.contact = contact
        """The viewer as the played platform knows him."""

    @property
    def openid(self) -> str:
        return self.contact.openid

    @property
    def address(self) -> str:
        return self.contact.openid

    @property
    def following(self) -> bool:
        return self.contact.following

    @property
    def ledger(self) -> Ledger:
        return self.contact.ledger


class QQChat(Chat):
    """Alone with the bot, or in the group, whose bubbles all its members share."""

    def __init__(self, face: AccountFace, person: str, world: World, group: Group | None = None) -> None:
        super().__init__(face, group.bubbles if group else None)
        self.person, self.world, self.group = person, world, group

    @property
    def openid(self) -> str:
        return self.person

    def next(self, phone: "Phone") -> int:
        """Bubbles of a group are numbered there, since several phones show them."""
        return next(self.group.numbers) if self.group is not None else phone.next()

    @property
    def scene(self) -> Scene:
        return Scene.group if self.group else Scene.c2c

    @property
    def target(self) -> str:
        return self.group.openid if self.group else self.person

    @property
    def address(self) -> str:
        return addresses.write(self.scene, self.target, self.person if self.group else "")

    @property
    def following(self) -> bool:
        return self.world.place(self.scene, self.target).present

    @property
    def proactive(self) -> bool:
        """Whether the bot may speak first here."""
        return self.world.place(self.scene, self.target).proactive


@dataclass(slots=True)
class Phone:
    id: str
    viewer: Viewer
    channel: str
    """The key of the account's face."""
    open_chat: Callable[[AccountFace], Chat]
    network: Network = Network.normal
    fast: bool = True
    """One second instead of five between the attempts."""
    scenario: str | None = None
    play: "asyncio.Task[None] | None" = None
    played: int = 0
    """Lines of the scenario that were said."""
    chats: dict[str, Chat] = field(default_factory=dict)
    """By the face's key."""
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
            self.chats[self.channel] = self.open_chat(ACCOUNTS[self.channel])
        return self.chats[self.channel]

    @property
    def untouched(self) -> bool:
        return not any(chat.exchanges or chat.bubbles for chat in self.chats.values())

    @property
    def playing(self) -> bool:
        return self.play is not None and not self.play.done()

    def next(self) -> int:
        self.last += 1
        return self.last
