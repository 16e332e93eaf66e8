"""The verbs of the QQ bot (QQ 机器人)."""

import json
import re
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, ClassVar, Final
from urllib.parse import quote

from app.channels import outbound
from app.channels.base import Capability, Handshake, Inbound, Refusal, Request, Undecodable
from app.channels.content import Content
from app.channels.delivery import (
    Allowance,
    Delivery,
    DeliveryError,
    Download,
    Line,
    Media,
    Outcome,
    Passage,
    Rate,
    Receipt,
    ReplyTo,
    Upload,
    Uploaded,
    Window,
    unsupported,
)
from app.channels.qq import addresses, codec, crypto, limits, messages, outcomes
from app.channels.qq.account import Account, read_account
from app.channels.qq.addresses import Address, Scene
from app.channels.qq.fields import Fields, Malformed, nested, word
from app.channels.qq.fields import read as read_fields

_SIGNATURE, _TIMESTAMP, _BOT = "x-signature-ed25519", "x-signature-timestamp", "x-bot-appid"
_SECONDS = re.compile(r"[0-9]{1,12}")
_EVENT_TIME, _PLAIN_TOKEN = re.compile(r"[0-9]{1,20}"), re.compile(r"[A-Za-z0-9]{1,64}")
_JSON = "application/json"


class QQ:
    name: ClassVar[str] = "qq"
    capability: ClassVar[Capability] = limits.CAPABILITY
    acknowledgement: ClassVar[tuple[bytes, str]] = (b'{"op":12,"d":0}', _JSON)
    reads_headers: ClassVar[bool] = True

    def account(self, settings: Mapping[str, Any], secrets: Mapping[str, str]) -> Account:
        return read_account(settings, secrets)

    def challenge(self, account: Account, request: Request, now: datetime) -> bytes:
        """The platform checks an address with a signed POST."""
        raise Refusal("no_such_check")

    def parse(self, account: Account, request: Request, now: datetime) -> Inbound | Undecodable | Handshake:
        try:
            _verify(account, request, now)
        except Refusal as refusal:
            if account.strict_handshake or refusal.reason != "missing_signature":
                raise
            return _checked(account, request.body, refusal)
        return _signed(account, request.body)

    def restore(self, body: bytes) -> Inbound | Undecodable:
        return codec.decode(body)

    def answer(
        self, account: Account, inbound: Inbound, message: outbound.Text | None, now: datetime
    ) -> tuple[bytes, str]:
        """Nothing rides on the response."""
        return self.acknowledgement

    # -------------------- what may leave

    def passage(self, account: Account, recipient: str, message: outbound.Message, reply_to: ReplyTo | None) -> Passage:
        """The platform takes (the viewer's message, number) once; of our own accord we have no key that it knows."""
        address = addresses.read(recipient)
        api = address.scene if address else Scene.c2c
        window = Window.preferred if account.proactive and api in limits.UNASKED else Window.required
        return Passage(api if reply_to else f"{api}{limits.ACTIVE}", window, keyed=reply_to is not None)

    def allowance(self, account: Account, recipient: str, kind: str, key: str) -> Allowance | None:
        address = addresses.read(recipient)
        if address is None:
            return None
        if key.startswith(codec.MESSAGE):
            return limits.ALLOWANCES[address.scene] if kind in limits.SPEECH else None
        if not key.startswith(codec.EVENT) or "_REJECT:" in key:
            return None
        return limits.ALLOWANCES[address.scene] if kind in limits.ANSWERABLE.get(address.scene, ()) else None

    def rates(self, account: Account) -> Mapping[str, Rate]:
        return {} if account.sandbox else limits.RATES

    def place(self, recipient: str) -> str:
        return addresses.place(recipient)

    def media(self, content: Content) -> tuple[Media, ...]:
        return codec.media_of(content)

    def media_scope(self, recipient: str) -> str:
        """What was uploaded for a single chat cannot be sent to a group, nor the other way round."""
        address = addresses.read(recipient)
        return address.scene if address else ""

    # -------------------- calls

    async def fetch_token(self, line: Line, account: Account) -> tuple[str, int]:
        from app.channels.qq import client  # here, because it imports httpx

        return await client.fetch_token(line, app_id=account.app_id, secret=account.app_secret)

    async def send(self, line: Line, account: Account, delivery: Delivery) -> Receipt:
        """Where buttons or an address are refused nothing was taken, and the words leave without them."""
        from app.channels.qq import client

        address = _addressed(delivery.recipient)
        path, body = _messages_of(address), messages.body(account, address.scene, delivery)
        try:
            return await client.send_message(line, path, body)
        except DeliveryError as error:
            if error.code not in map(str, outcomes.PLAINER):
                raise
            plain = messages.body(account, address.scene, delivery, plain=True)
            if plain == body:
                raise
        return await client.send_message(line, path, plain)

    async def upload(self, line: Line, account: Account, upload: Upload) -> Uploaded:
        from app.channels.qq import client

        address = _addressed(upload.recipient)
        if upload.kind not in client.FILE_TYPES or address.scene not in messages.FILES:
            raise unsupported(f"{upload.kind} in a {address.scene}")
        if upload.size > limits.MAX_FILE_BYTES:
            raise DeliveryError("too_large", Outcome.permanent, f"{upload.size} bytes")
        return await client.upload(line, _files_of(address), upload)

    def download(self, line: Line, account: Account, media: Media) -> AbstractAsyncContextManager[Download]:
        """By its address, which expires and wants no token."""
        from app.channels import downloads

        return downloads.from_address(line, media)

    async def show_typing(self, line: Line, account: Account, recipient: str, reply_to: ReplyTo | None) -> None:
        """Nothing: on QQ the sign of typing takes one of the few answers that a message allows."""
        return

    async def settle_push(self, line: Line, account: Account, inbound: Inbound) -> None:
        if not inbound.awaits_call:
            return
        from app.channels.qq import client

        try:
            tapped = codec.interaction_of(inbound.body)
        except Malformed as malformed:
            raise DeliveryError("bad_interaction", Outcome.permanent, malformed.reason) from None
        await client.settle(line, quote(tapped, safe=""))


# -------------------- the API's paths


def _messages_of(address: Address) -> str:
    return f"{_scene_path(address)}/messages"


def _files_of(address: Address) -> str:
    return f"{_scene_path(address)}/files"


def _scene_path(address: Address) -> str:
    return _PATHS[address.scene].format(quote(address.target, safe=""))


_PATHS: Final[Mapping[Scene, str]] = {
    Scene.c2c: "/v2/users/{}",
    Scene.group: "/v2/groups/{}",
    Scene.channel: "/channels/{}",
    Scene.dm: "/dms/{}",
}


def _addressed(recipient: str) -> Address:
    found = addresses.read(recipient)
    if found is None:
        raise DeliveryError("bad_recipient", Outcome.permanent, "not an address of this platform")
    return found


# -------------------- the door


def _verify(account: Account, request: Request, now: datetime) -> None:
    """Refusal unless the signature covers the time and the body as it came, and both are meant for us now."""
    signature, timestamp = request.headers.get(_SIGNATURE), request.headers.get(_TIMESTAMP)
    if request.headers.get(_BOT, account.app_id) != account.app_id:
        raise Refusal("wrong_app_id")
    if not signature or not timestamp:
        raise Refusal("missing_signature")
    if not _SECONDS.fullmatch(timestamp):
        raise Refusal("bad_timestamp")
    if not crypto.is_signed(account.verifying_key, signature, timestamp, request.body):
        raise Refusal("bad_signature")
    if abs(now.timestamp() - int(timestamp)) > account.window:
        raise Refusal("stale")


def _signed(account: Account, body: bytes) -> Inbound | Undecodable | Handshake:
    try:
        fields = read_fields(body)
    except Malformed:
        return codec.decode(body)
    match codec.operation(fields):
        case codec.VALIDATION:
            return _validated(account, fields)
        case codec.HEARTBEAT:
            return _handshake({"op": codec.HEARTBEAT_TAKEN, "d": _sequence(fields)})
    return codec.decode_fields(fields, body)


def _checked(account: Account, body: bytes, refusal: Refusal) -> Handshake:
    """The check of the address without a signature, where the account allows that; nothing else passes."""
    try:
        fields = read_fields(body)
    except Malformed:
        raise refusal from None
    if codec.operation(fields) != codec.VALIDATION:
        raise refusal
    return _validated(account, fields)


def _validated(account: Account, fields: Fields) -> Handshake:
    """The platform's own signature over a text of the caller's choice.

    The same key signs pushes, over the time and the body: whoever could choose a token that is a body would have us
    forge pushes. So nothing is signed that could be one.
    """
    try:
        data = nested(fields, "d")
        moment, token = word(data, "event_ts"), word(data, "plain_token")
    except Malformed:
        raise Refusal("bad_validation") from None
    if not (_EVENT_TIME.fullmatch(moment) and _PLAIN_TOKEN.fullmatch(token)):
        raise Refusal("bad_validation")
    signature = crypto.sign(account.signing_key, moment, token.encode())
    return _handshake({"plain_token": token, "signature": signature})


def _sequence(fields: Fields) -> int | None:
    number = fields.get("d")
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def _handshake(answer: Mapping[str, Any]) -> Handshake:
    return Handshake(json.dumps(answer, separators=(",", ":")).encode(), _JSON)
