"""Two platforms without a wire, for the rules of delivery: one that knows a repeat by its key, one that does not."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, ClassVar

from app.channels import outbound
from app.channels.base import Capability, Handshake, Inbound, Refusal, Request, Undecodable
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
    Window,
    unsupported,
)

ANSWERS, ANSWER_TIME = 4, timedelta(minutes=5)
"""What one message of a viewer allows on ``Keyed``."""
TALK, TALK_TIME = 5, timedelta(hours=48)
"""What a text allows on ``Unkeyed``."""
TAP, TAP_TIME = 3, timedelta(minutes=1)
"""What a tapped menu allows there."""


@dataclass(frozen=True, slots=True)
class Own:
    """The account's own settings: its rates, by API."""

    rates: Mapping[str, Rate] = field(default_factory=lambda: MappingProxyType({}))


class _StandIn:
    name: ClassVar[str] = "stand-in"
    capability: ClassVar[Capability] = Capability(False, 5, 15, 2000)
    reads_headers: ClassVar[bool] = False
    acknowledgement: ClassVar[tuple[bytes, str]] = (b"", "text/plain")

    def account(self, settings: Mapping[str, Any], secrets: Mapping[str, str]) -> Own:
        return Own()

    def challenge(self, account: Any, request: Request, now: datetime) -> bytes:
        raise Refusal("no_wire")

    def parse(self, account: Any, request: Request, now: datetime) -> Inbound | Undecodable | Handshake:
        raise Refusal("no_wire")

    def restore(self, body: bytes) -> Inbound | Undecodable:
        raise Refusal("no_wire")

    def answer(self, account: Any, inbound: Inbound, message: outbound.Text | None, now: datetime) -> tuple[bytes, str]:
        return self.acknowledgement

    def passage(self, account: Any, recipient: str, message: outbound.Message, reply_to: ReplyTo | None) -> Passage:
        raise NotImplementedError

    def allowance(self, account: Any, recipient: str, kind: str, key: str) -> Allowance | None:
        raise NotImplementedError

    def rates(self, account: Own) -> Mapping[str, Rate]:
        return account.rates

    def place(self, recipient: str) -> str:
        """``group-1/member`` is reached in his group."""
        return recipient.partition("/")[0]

    def media(self, content: Content) -> tuple[Media, ...]:
        return ()

    def media_scope(self, recipient: str) -> str:
        return ""

    async def fetch_token(self, line: Line, account: Any) -> tuple[str, int]:
        return "token", 7200

    async def send(self, line: Line, account: Any, delivery: Delivery) -> Receipt:
        raise unsupported(outbound.kind_of(delivery.message))

    async def upload(self, line: Line, account: Any, upload: Upload) -> Uploaded:
        raise unsupported(upload.kind)

    def download(self, line: Line, account: Any, media: Media) -> AbstractAsyncContextManager[Download]:
        raise unsupported(media.kind)

    async def show_typing(self, line: Line, account: Any, recipient: str, reply_to: ReplyTo | None) -> None:
        return None

    async def settle_push(self, line: Line, account: Any, inbound: Inbound) -> None:
        return None


class Keyed(_StandIn):
    """As QQ: each message of a viewer is answered in a window of its own, under its key; without one we speak first."""

    name: ClassVar[str] = "keyed"

    def passage(self, account: Any, recipient: str, message: outbound.Message, reply_to: ReplyTo | None) -> Passage:
        return Passage("speak" if reply_to is None else "reply", Window.preferred, keyed=reply_to is not None)

    def allowance(self, account: Any, recipient: str, kind: str, key: str) -> Allowance | None:
        return Allowance("text", ANSWERS, ANSWER_TIME, restarts=False) if kind == "text" else None


class Unkeyed(_StandIn):
    """As WeChat: a window to the viewer that each of his messages opens afresh, and notices that need none."""

    name: ClassVar[str] = "unkeyed"

    def passage(self, account: Any, recipient: str, message: outbound.Message, reply_to: ReplyTo | None) -> Passage:
        if isinstance(message, outbound.Notice):
            return Passage("notice", Window.none, keyed=False)
        return Passage("custom", Window.required, keyed=False)

    def allowance(self, account: Any, recipient: str, kind: str, key: str) -> Allowance | None:
        known = {
            "text": Allowance("text", TALK, TALK_TIME, restarts=True),
            "menu": Allowance("menu", TAP, TAP_TIME, restarts=True),
        }
        return known.get(kind)
