"""What a push of a platform brings: something that a viewer sends, or something that the platform reports.

Neutral: each platform's ``codec`` makes these of its own forms.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

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
    """Empty where the platform gives only an address; the same holds for the other files."""


@dataclass(frozen=True, slots=True)
class Voice:
    kind: ClassVar[str] = "voice"
    media_id: str
    format: str
    media_id_16k: str | None = None
    recognition: str | None = None
    """Speech recognition by the platform, where it gives it; never an empty string."""
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Video:
    kind: ClassVar[str] = "video"
    media_id: str
    thumb_media_id: str
    short: bool = False
    url: str | None = None


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
    """What became of a message that the platform took: of a template notice, of a message under audit."""

    kind: ClassVar[str] = "notice_report"
    message_id: str
    status: str
    template_id: str | None = None

    @property
    def delivered(self) -> bool:
        return self.status.strip().lower() in ("success", "0", "ok")


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
class ProactiveChanged:
    """The viewer, or a group's owner, allowed or forbade us to speak first; ``Inbound.sender`` is the place."""

    kind: ClassVar[str] = "proactive"
    allowed: bool


@dataclass(frozen=True, slots=True)
class Overheard:
    """Said in a group, but not to us: kept as a raw event, never answered."""

    kind: ClassVar[str] = "overheard"
    text: str


@dataclass(frozen=True, slots=True)
class File:
    kind: ClassVar[str] = "file"
    name: str
    url: str
    size: int | None = None


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
    | File
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
    | ProactiveChanged
    | Overheard
    | Recalled
    | Unknown
)

SPOKEN = (Text, Image, Voice, Video, Location, Link, File)
"""What stands as a viewer's message in the conversation; everything else is an event about it."""
