"""What a platform does with an act of a viewer: shown on phones, written as a push, signed, repeated, acknowledged."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar, Protocol

from app.conversations.accounts import Account
from app.errors import AppError
from app.simulator.deeds import Deed
from app.simulator.exchanges import Fate, PushExchange, Reply
from app.simulator.phones import Bubble, Chat, Phone, Side
from app.simulator.signed import Signed


class Unreachable(AppError):
    status_code, message = 409, "现在发不出去"


@dataclass(frozen=True, slots=True)
class Letter:
    """A push as it will be sent, by every attempt alike."""

    body: bytes
    key: str
    """The key by which the service tells a repeat."""
    reply: str = ""
    tap: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """The platform keeps the act to itself, and why."""

    reason: str


class Carrier(Protocol):
    name: ClassVar[str]
    attempts: ClassVar[int]
    ends_with: ClassVar[frozenset[Fate]]
    """After these no attempt follows."""

    def check(self, chat: Chat, deed: Deed) -> None:
        """Unreachable where the viewer cannot do that now."""

    def show(self, phone: Phone, chat: Chat, deed: Deed, now: datetime) -> Bubble | None:
        """What the phones show of an act at once, and what it allows the account."""

    def write(self, chat: Chat, deed: Deed, at: datetime) -> Letter | Kept: ...

    def sign(self, account: Account, chat: Chat, body: bytes) -> Signed: ...

    def read(self, account: Account, chat: Chat, status: int, body: bytes) -> Reply | None:
        """What answers a push: None where its status is refused, BadReply."""

    def conclude(self, phone: Phone, chat: Chat, exchange: PushExchange) -> None:
        """What the phone shows when the last attempt is over."""


def say(phone: Phone, chat: Chat, side: Side, text: str, exchange: int | None = None) -> Bubble:
    """Something that nobody typed shows on the phone."""
    bubble = Bubble(chat.next(phone), side, datetime.now(UTC), text=text, exchange=exchange)
    chat.bubbles.append(bubble)
    return bubble
