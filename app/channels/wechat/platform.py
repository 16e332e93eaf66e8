"""The verbs of the WeChat official account (公众号, 服务号)."""

import os
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, ClassVar

from app.channels import outbound
from app.channels.base import Capability, Inbound, Refusal, Request, Undecodable
from app.channels.content import Content, Image, Video, Voice
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
)
from app.channels.wechat import codec, crypto, limits, messages
from app.channels.wechat.account import Account, Mode, read_account
from app.channels.wechat.fields import is_json


class WeChat:
    name: ClassVar[str] = "wechat"
    capability: ClassVar[Capability] = limits.CAPABILITY
    acknowledgement: ClassVar[tuple[bytes, str]] = (b"success", "text/plain")
    reads_headers: ClassVar[bool] = False

    def account(self, settings: Mapping[str, Any], secrets: Mapping[str, str]) -> Account:
        return read_account(settings, secrets)

    def challenge(self, account: Account, request: Request, now: datetime) -> bytes:
        """The echo that the console waits for; signed in the plain way in every mode."""
        _verify(account, request.query, "signature", now)
        echo = request.query.get("echostr")
        if not echo:
            raise Refusal("missing_echostr")
        return echo.encode("utf-8", "replace")

    def parse(self, account: Account, request: Request, now: datetime) -> Inbound | Undecodable:
        return codec.decode(_open(account, request, now))

    def restore(self, body: bytes) -> Inbound | Undecodable:
        return codec.decode(body)

    def answer(
        self, account: Account, inbound: Inbound, message: outbound.Text | None, now: datetime
    ) -> tuple[bytes, str]:
        """A passive text reply, sealed with the current key unless the account is plain.

        A compatible account may get a plain push, but takes a sealed reply to it, so the mode alone decides. The text
        must already fit ``capability.text_bytes``; one with nothing to show is acknowledged like none.
        """
        content = messages.text_of(message, menu_links=account.menu_links) if message else ""
        if not content.strip():
            return self.acknowledgement
        seconds = int(now.timestamp())
        reply = codec.text_reply(inbound, content, seconds)
        if account.mode is not Mode.plain:
            reply = _seal(account, inbound, reply, seconds)
        return reply, "application/json" if is_json(inbound.body) else "application/xml"

    # -------------------- what may leave

    def passage(self, account: Account, recipient: str, message: outbound.Message, reply_to: ReplyTo | None) -> Passage:
        """A template notice is recognised by its key for ten minutes only (``limits.TEMPLATE_KEY_LIVES``)."""
        match message:
            case outbound.Notice(subscribed=True):
                return Passage("subscribe/bizsend", Window.none, keyed=False)
            case outbound.Notice():
                return Passage("template/send", Window.none, keyed=True)
        return Passage("custom/send", Window.required, keyed=False)

    def allowance(self, account: Account, recipient: str, kind: str, key: str) -> Allowance | None:
        return limits.allowance(kind) if account.customer_service else None

    def rates(self, account: Account) -> Mapping[str, Rate]:
        return limits.SENDING_RATES

    def place(self, recipient: str) -> str:
        return recipient

    def media(self, content: Content) -> tuple[Media, ...]:
        match content:
            case Image(media_id=media_id):
                return (Media("image", media_id),)
            case Voice(media_id=media_id):
                return (Media("voice", media_id),)
            case Video(media_id=media_id):
                return (Media("video", media_id),)
        return ()

    def media_scope(self, recipient: str) -> str:
        return ""

    # -------------------- calls

    async def fetch_token(self, line: Line, account: Account) -> tuple[str, int]:
        if not account.app_secret:
            raise DeliveryError("no_secret", Outcome.operator, "the channel has no app secret")
        from app.channels.wechat import client  # here, because it imports httpx; so below

        token = await client.fetch_stable_token(line, app_id=account.app_id, secret=account.app_secret)
        return token.value, token.expires_in

    async def send(self, line: Line, account: Account, delivery: Delivery) -> Receipt:
        from app.channels.wechat import client, notices

        match delivery.message:
            case outbound.Notice(subscribed=True) as notice:
                return await notices.send_subscribed(line, messages.subscribed_notice(delivery, notice))
            case outbound.Notice() as notice:
                return await notices.send_template(line, messages.template_notice(delivery, notice))
        await client.send_custom(line, messages.customer_service(delivery, menu_links=account.menu_links))
        return Receipt()

    async def upload(self, line: Line, account: Account, upload: Upload) -> Uploaded:
        from app.channels.wechat import media_calls

        return await media_calls.upload(line, upload)

    def download(self, line: Line, account: Account, media: Media) -> AbstractAsyncContextManager[Download]:
        from app.channels.wechat import media_calls

        return media_calls.download(line, media)

    async def show_typing(self, line: Line, account: Account, recipient: str, reply_to: ReplyTo | None) -> None:
        from app.channels.wechat import client

        if account.customer_service:
            await client.show_typing(line, openid=recipient)

    async def settle_push(self, line: Line, account: Account, inbound: Inbound) -> None:
        return None


def _open(account: Account, request: Request, now: datetime) -> bytes:
    """The decrypted body of an authentic push, or Refusal."""
    # The platform says "aes"; plain pushes have "raw" or nothing.
    is_encrypted = request.query.get("encrypt_type") == "aes"
    if is_encrypted and account.mode is Mode.plain:
        raise Refusal("encrypted")
    if not is_encrypted and account.mode is Mode.safe:
        raise Refusal("not_encrypted")
    if not is_encrypted:
        _verify(account, request.query, "signature", now)
        return request.body
    encrypted = codec.encrypted_part(request.body)
    _verify(account, request.query, "msg_signature", now, encrypted)
    return crypto.decrypt(account.ciphers, encrypted, account.app_id)


def _verify(account: Account, query: Mapping[str, str], name: str, now: datetime, *covered: str) -> None:
    """Refusal unless the parameter ``name`` signs the request's time, nonce and what else it covers."""
    signature, timestamp, nonce = query.get(name), query.get("timestamp"), query.get("nonce")
    if not (signature and timestamp and nonce):
        raise Refusal("missing_signature")
    if not crypto.is_signed(signature, account.token, timestamp, nonce, *covered):
        raise Refusal("bad_signature")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise Refusal("bad_timestamp")
    if abs(now.timestamp() - int(timestamp)) > account.window:
        raise Refusal("stale")


def _seal(account: Account, inbound: Inbound, reply: bytes, seconds: int) -> bytes:
    random = os.urandom(crypto.SALT_BYTES + 8)
    nonce = random[crypto.SALT_BYTES :].hex()
    encrypted = crypto.encrypt(account.ciphers[0], reply, account.app_id, random[: crypto.SALT_BYTES])
    signature = crypto.sign(account.token, str(seconds), nonce, encrypted)
    return codec.envelope(inbound, encrypted, signature, seconds, nonce)
