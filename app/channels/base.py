"""What every platform folder speaks: typed messages in, typed messages out, and how a delivery can fail.

A platform folder is stateless: no database, no web framework, no knowledge of conversations. ``parse`` and ``answer``
are pure and take ``now``; only ``client.py`` talks to the network.

What is made for each message is a NamedTuple: a frozen dataclass takes a microsecond more to make.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

if TYPE_CHECKING:  # imported with the first call: see Sender
    import httpx

MAX_BODY_BYTES = 64 * 1024
"""A webhook body beyond this is refused with 413 before anything parses it."""


# -------------------- what a viewer sends


@dataclass(frozen=True, slots=True)
class Text:
    kind: ClassVar[str] = "text"
    text: str
    menu_id: str | None = None
    """Id of the tapped item of a menu that we sent, where the platform reports it."""


@dataclass(frozen=True, slots=True)
class Image:
    kind: ClassVar[str] = "image"
    url: str
    media_id: str


@dataclass(frozen=True, slots=True)
class Voice:
    kind: ClassVar[str] = "voice"
    media_id: str
    format: str
    media_id_16k: str | None = None
    recognition: str | None = None
    """Speech recognition by the platform, where it gives it; never an empty string."""


@dataclass(frozen=True, slots=True)
class Video:
    kind: ClassVar[str] = "video"
    media_id: str
    thumb_media_id: str
    short: bool = False


@dataclass(frozen=True, slots=True)
class Location:
    kind: ClassVar[str] = "location"
    latitude: float
    longitude: float
    scale: int
    label: str


@dataclass(frozen=True, slots=True)
class Link:
    kind: ClassVar[str] = "link"
    title: str
    description: str
    url: str


# -------------------- what the platform reports


@dataclass(frozen=True, slots=True)
class Followed:
    """The viewer follows the account; ``scene`` is the QR scene without the platform's prefix."""

    kind: ClassVar[str] = "followed"
    scene: str | None = None
    ticket: str | None = None


@dataclass(frozen=True, slots=True)
class Unfollowed:
    """The viewer left: nothing may be sent any more."""

    kind: ClassVar[str] = "unfollowed"


@dataclass(frozen=True, slots=True)
class Scanned:
    """A follower scanned one of our QR codes."""

    kind: ClassVar[str] = "scanned"
    scene: str
    ticket: str | None = None


@dataclass(frozen=True, slots=True)
class Positioned:
    """The viewer's phone reported where it is (by the viewer's leave)."""

    kind: ClassVar[str] = "positioned"
    latitude: float
    longitude: float
    precision: float


@dataclass(frozen=True, slots=True)
class MenuUsed:
    """A custom menu entry was used; ``action`` is the platform's lower-case event name (``click``, ``view``, …)."""

    kind: ClassVar[str] = "menu"
    action: str
    key: str
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NoticeReported:
    """The final result of a template or subscription notice."""

    kind: ClassVar[str] = "notice_report"
    message_id: str
    status: str
    template_id: str | None = None


@dataclass(frozen=True, slots=True)
class SubscriptionChanged:
    """The viewer accepted or refused subscription notices: (template id, accepted) pairs."""

    kind: ClassVar[str] = "subscription"
    choices: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class MassSendReported:
    kind: ClassVar[str] = "mass_report"
    message_id: str
    status: str
    total: int
    filtered: int
    sent: int
    failed: int


@dataclass(frozen=True, slots=True)
class ArticlePublished:
    kind: ClassVar[str] = "published"
    publish_id: str
    status: str
    article_id: str | None = None


@dataclass(frozen=True, slots=True)
class AgentSession:
    """The platform's own agent console took, left or passed on the conversation."""

    kind: ClassVar[str] = "agent_session"
    action: str
    """``opened``, ``closed`` or ``switched``."""
    agent: str
    previous_agent: str | None = None


@dataclass(frozen=True, slots=True)
class PrivacyChanged:
    """The viewer changed, revoked or deleted what he had shared with the account."""

    kind: ClassVar[str] = "privacy"
    action: str
    """``modified``, ``revoked`` or ``cancelled``."""
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recalled:
    """The viewer took a message back; ``key`` is that of its push. WeChat official accounts are never told."""

    kind: ClassVar[str] = "recalled"
    key: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Well signed and well formed, but of a type that we do not know: stored as it is, acknowledged."""

    kind: ClassVar[str] = "unknown"
    type: str


Content = (
    Text
    | Image
    | Voice
    | Video
    | Location
    | Link
    | Followed
    | Unfollowed
    | Scanned
    | Positioned
    | MenuUsed
    | NoticeReported
    | SubscriptionChanged
    | MassSendReported
    | ArticlePublished
    | AgentSession
    | PrivacyChanged
    | Recalled
    | Unknown
)

SPOKEN = (Text, Image, Voice, Video, Location, Link)
"""What stands as a viewer's message in the conversation; everything else is an event about it."""


class Inbound(NamedTuple):
    """One message or event of a platform, decoded.

    ``key`` is unique within the channel and the same for each repeat of the same push. ``body`` is the decrypted body,
    stored encrypted for replay.
    """

    key: str
    sender: str
    """The viewer's id on the platform (openid…)."""
    recipient: str
    """The account's own id on the platform, needed as sender of a passive reply."""
    sent_at: datetime
    content: Content
    body: bytes


@dataclass(frozen=True, slots=True)
class Undecodable:
    """Authentic, but nothing that we can read: stored as ``undecodable`` and acknowledged."""

    key: str
    reason: str
    body: bytes


# -------------------- what the service sends


@dataclass(frozen=True, slots=True)
class Choice:
    """A line ``N. label`` of a text that can be tapped where the account allows it; the tap brings ``id`` back.

    The id names what is chosen, not the question: a tap that comes days later, or twice, still means the same.
    """

    id: str
    label: str


class Outbound(NamedTuple):
    """One message to a viewer; text only until delivery learns the other kinds."""

    text: str
    choices: tuple[Choice, ...] = ()


class Outcome(StrEnum):
    """What a failed delivery means for the next attempt."""

    retry = "retry"
    """Trying again later can help and cannot duplicate."""
    refresh = "refresh"
    """The credential is stale: replace it once and repeat once."""
    permanent = "permanent"
    """This message will never arrive this way."""
    unknown = "unknown"
    """It may have arrived: repeated only where the platform takes our idempotency key."""
    operator = "operator"
    """A person must mend something (rights, allow-list, quota) before anything can leave."""


class DeliveryError(Exception):
    """A message did not (or may not) arrive. ``code`` is the platform's, as text; ``retry_after`` in seconds."""

    def __init__(self, code: str, outcome: Outcome, detail: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(f"{code} {outcome}: {detail}")
        self.code, self.outcome, self.detail, self.retry_after = code, outcome, detail, retry_after


# -------------------- the platform


class Request(NamedTuple):
    """A webhook request as it came: the query as parsed pairs (last wins), the raw body, capped."""

    query: Mapping[str, str]
    body: bytes
    headers: Mapping[str, str] = MappingProxyType({})


class Refusal(Exception):
    """The request is not authentic: 403, counted by ``reason`` (a short snake_case word), not stored."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Capability:
    """What an account of a platform can do, as far as the service's behaviour depends on it."""

    passive_reply: bool
    """The answer may ride on the webhook's own response."""
    passive_window: float
    """Seconds from arrival within which the response must be on its way."""
    last_retry: float
    """Seconds from arrival after which the platform repeats no more."""
    text_bytes: int
    """UTF-8 bytes of one text message."""


class Platform(Protocol):
    """The verbs of a platform, the same in every folder. ``account`` is the platform's own frozen dataclass."""

    name: ClassVar[str]
    capability: ClassVar[Capability]
    acknowledgement: ClassVar[tuple[bytes, str]]
    """Body and content type of a response that says no more than “received”."""

    def account(self, settings: Mapping[str, Any], secrets: Mapping[str, str]) -> Any:
        """Validate a channel's settings and secrets; ConfigurationError says in plain words what is wrong."""

    def challenge(self, account: Any, request: Request, now: datetime) -> bytes:
        """The body that answers the platform's URL verification, or Refusal."""

    def parse(self, account: Any, request: Request, now: datetime) -> Inbound | Undecodable:
        """Authenticate, decrypt and decode one push. Pure. Raises only Refusal."""

    def restore(self, body: bytes) -> Inbound | Undecodable:
        """Decode a stored (already authenticated and decrypted) body again."""

    def answer(self, account: Any, inbound: Inbound, outbound: Outbound | None, now: datetime) -> tuple[bytes, str]:
        """Body and content type of the webhook's response; None acknowledges without a message."""

    async def fetch_token(self, http: "httpx.AsyncClient", account: Any, base_url: str) -> tuple[str, int]:
        """A credential for ``send`` and the seconds it lives, or DeliveryError."""

    async def send(
        self, http: "httpx.AsyncClient", account: Any, base_url: str, token: str, recipient: str, outbound: Outbound
    ) -> None:
        """Deliver one message, or DeliveryError."""
