"""What every platform folder speaks: typed messages in, and the verbs of a platform.

What comes in stands in ``content``, what goes out in ``outbound``, how that can fail in ``delivery``.

A platform folder is stateless: no database, no web framework, no knowledge of conversations. ``parse`` and ``answer``
are pure and take ``now``; only ``client.py`` talks to the network.

What is made for each message is a NamedTuple: a frozen dataclass takes a microsecond more to make.
"""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple, Protocol

from app.channels import outbound
from app.channels.content import Content
from app.channels.delivery import (
    Allowance,
    Delivery,
    Download,
    Line,
    Media,
    Passage,
    Rate,
    Receipt,
    ReplyTo,
    Upload,
    Uploaded,
)

MAX_BODY_BYTES = 64 * 1024
"""A webhook body beyond this is refused with 413 before anything parses it."""


class Inbound(NamedTuple):
    """One message or event of a platform, decoded.

    ``key`` is unique within the channel and the same for each repeat of the same push. ``body`` is the decrypted body,
    stored encrypted for replay.
    """

    key: str
    sender: str
    """The viewer's id on the platform (openid…)."""
    recipient: str
    """The account's own id on the platform, needed as sender of a passive reply; a fixed word where pushes lack it."""
    sent_at: datetime
    content: Content
    body: bytes
    in_public: bool = False
    """Said where others read along (a group): the answer is read by them too."""
    awaits_call: bool = False
    """The platform waits for ``settle_push`` (a tapped button)."""
    attachments: tuple[Media, ...] = ()
    """Files beside the content, where one push brings words and files, or several files: the platform's ``media`` of
    the content does not name them."""


@dataclass(frozen=True, slots=True)
class Handshake:
    """Authentic, and nothing to keep: the platform checks the webhook and wants this body back."""

    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Undecodable:
    """Authentic, but nothing that we can read: stored as ``undecodable`` and acknowledged."""

    key: str
    reason: str
    body: bytes


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
    """Seconds from arrival after which the platform repeats no more. Where no answer can ride, none waits for that."""
    text_bytes: int
    """UTF-8 bytes of one text message."""


class Platform(Protocol):
    """The verbs of a platform, the same in every folder. ``account`` is the platform's own frozen dataclass."""

    name: ClassVar[str]
    capability: ClassVar[Capability]
    reads_headers: ClassVar[bool]
    """Whether ``parse`` and ``challenge`` look at the request's headers (lower-case names)."""
    acknowledgement: ClassVar[tuple[bytes, str]]
    """Body and content type of a response that says no more than “received”."""

    def account(self, settings: Mapping[str, Any], secrets: Mapping[str, str]) -> Any:
        """Validate a channel's settings and secrets; ConfigurationError says in plain words what is wrong."""

    def challenge(self, account: Any, request: Request, now: datetime) -> bytes:
        """The body that answers the platform's URL verification, or Refusal."""

    def parse(self, account: Any, request: Request, now: datetime) -> Inbound | Undecodable | Handshake:
        """Authenticate, decrypt and decode one push. Pure. Raises only Refusal."""

    def restore(self, body: bytes) -> Inbound | Undecodable:
        """Decode a stored (already authenticated and decrypted) body again."""

    def answer(self, account: Any, inbound: Inbound, message: outbound.Text | None, now: datetime) -> tuple[bytes, str]:
        """Body and content type of the webhook's response; None acknowledges without a message."""

    # -------------------- what may leave; pure

    def passage(self, account: Any, recipient: str, message: outbound.Message, reply_to: ReplyTo | None) -> Passage:
        """By which way the message would leave: in the window of ``reply_to``, or without one."""

    def allowance(self, account: Any, recipient: str, kind: str, key: str) -> Allowance | None:
        """What a push of the viewer (its content's kind, its key) allows us to send; None: nothing."""

    def rates(self, account: Any) -> Mapping[str, Rate]:
        """The limits by API, as ``passage`` names them; an API that is missing has none that we know."""

    def place(self, recipient: str) -> str:
        """The address whose leave it takes to speak first: a group for its members, else the recipient himself."""

    def media(self, content: Content) -> tuple[Media, ...]:
        """The files that the content left with the platform, in order."""

    def media_scope(self, recipient: str) -> str:
        """Uploads are valid within it: one word for all recipients that can share the platform's id of a file."""

    # -------------------- calls; each raises DeliveryError

    async def fetch_token(self, line: Line, account: Any) -> tuple[str, int]:
        """A credential and the seconds it still lives. ``line.token`` is not looked at."""

    async def send(self, line: Line, account: Any, delivery: Delivery) -> Receipt:
        """Deliver one message."""

    async def upload(self, line: Line, account: Any, upload: Upload) -> Uploaded:
        """Bring a file to the platform. May be repeated: that only costs quota."""

    def download(self, line: Line, account: Any, media: Media) -> AbstractAsyncContextManager[Download]:
        """Fetch a file of a viewer, streamed."""

    async def show_typing(self, line: Line, account: Any, recipient: str, reply_to: ReplyTo | None) -> None:
        """Show the viewer for some seconds that somebody is writing. The platform's refusals are swallowed."""

    async def settle_push(self, line: Line, account: Any, inbound: Inbound) -> None:
        """Tell the platform that a push was dealt with, where it waits for a call of its own (a tapped button)."""
