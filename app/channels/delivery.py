"""How a message leaves: what a platform is given, what it returns, how it can fail, and what it allows.

All of it is data: when a message may leave, and what becomes of one that may not, is decided by ``conversations``.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from app.channels.outbound import Message
from app.channels.text import carriable

if TYPE_CHECKING:  # imported with the first call: see Sender
    import httpx


class Line(NamedTuple):
    """What every call to a platform's API needs."""

    http: "httpx.AsyncClient"
    base_url: str
    token: str = ""

    def __repr__(self) -> str:
        """Without the token: a line stands in what is logged when a call fails."""
        return f"Line({self.base_url!r})"


class ReplyTo(NamedTuple):
    """The viewer's push in whose window a message leaves. Stored before the first attempt, and the same for each."""

    key: str
    """``Inbound.key`` of the push."""
    number: int
    """1 for the first message in the push's window, 2 for the second…; never given twice."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message on its way to a viewer."""

    recipient: str
    """``Inbound.sender``: the viewer's address on the channel, as the platform's own ``parse`` made it."""
    message: Message
    key: str
    """Ours, at most 32 letters, digits and hyphens; the same for each attempt at this message."""
    reply_to: ReplyTo | None = None
    media: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """File → the platform's id of it, for each of ``files_of(message)``."""
    agent: str | None = None
    """The platform's own name of the agent who writes, where it shows one."""


class Receipt(NamedTuple):
    """The platform took a message."""

    platform_id: str | None = None
    """Its id there, where the platform names one: later reports and recalls refer to it."""
    repeated: bool = False
    """The platform says that it had taken this key before."""


# -------------------- failure


class Outcome(StrEnum):
    """What a failed call means for the next attempt."""

    retry = "retry"
    """Nothing was taken: trying again later can help and cannot duplicate."""
    refresh = "refresh"
    """The credential is stale: replace it once and repeat once."""
    media = "media"
    """The platform no longer has a file of the message: upload it again once and repeat once."""
    later = "later"
    """This API takes nothing from this account for now (rate, quota): until ``retry_after`` or the quota's next day."""
    window = "window"
    """The viewer cannot be reached until he writes again (window closed, count used up)."""
    recipient = "recipient"
    """The viewer cannot be reached at all: left, blocked the account, refuses messages."""
    permanent = "permanent"
    """This message will never arrive this way."""
    unknown = "unknown"
    """It may have arrived: repeated only where the platform takes our key."""
    operator = "operator"
    """A person must mend something (rights, allow-list, secret) before anything can leave."""


class DeliveryError(Exception):
    """A message did not (or may not) arrive. ``code`` is the platform's, as text; ``retry_after`` in seconds."""

    def __init__(self, code: str, outcome: Outcome, detail: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(carriable(f"{code} {outcome}: {detail}"))  # it is stored, whatever the platform wrote
        self.code, self.outcome, self.detail, self.retry_after = code, outcome, detail, retry_after


def unsupported(kind: str) -> DeliveryError:
    return DeliveryError("unsupported", Outcome.permanent, f"this platform has no message of the kind {kind}")


# -------------------- what a platform allows


class Window(StrEnum):
    """Whether a message needs the viewer to have written of late."""

    required = "required"
    preferred = "preferred"
    """It leaves in an open window where there is one, and without where the account may speak first."""
    none = "none"


class Passage(NamedTuple):
    """By which way a message leaves."""

    api: str
    """Whose rate and quota it uses up: a name within the platform, at most 32 characters."""
    window: Window
    keyed: bool
    """Whether the platform recognises a repeat by our key, so that what is unknown may be sent again."""


class Allowance(NamedTuple):
    """So many messages, for so long after what the viewer did."""

    trigger: str
    messages: int
    valid: timedelta
    restarts: bool
    """A newer push of the same trigger takes the place of this one (WeChat); else each has its own (QQ)."""


class Rate(NamedTuple):
    """What one API takes from one account; None: no limit that we know. Days and months are Beijing's."""

    per_minute: int | None = None
    per_day: int | None = None
    per_month: int | None = None


# -------------------- files


class Media(NamedTuple):
    """A file that a viewer's message left with the platform."""

    kind: str
    """``image``, ``voice``, ``video``, ``file`` or ``thumb``."""
    reference: str
    """The platform's id of it, or its address."""
    name: str = ""
    content_type: str = ""


class Upload(NamedTuple):
    """A file of ours for a platform."""

    kind: str
    """``image``, ``voice``, ``video``, ``file`` or ``thumb``."""
    name: str
    content_type: str
    size: int
    content: bytes
    recipient: str = ""
    """Some platforms bind a file to the scene of its recipient."""


class Uploaded(NamedTuple):
    media_id: str
    valid_until: datetime | None
    """None: for ever."""


@dataclass(frozen=True, slots=True)
class Download:
    """A file on its way from a platform: read ``chunks`` once, within the call that gave it."""

    content_type: str
    size: int | None
    """As announced; what comes may be longer."""
    name: str
    chunks: AsyncIterator[bytes]
