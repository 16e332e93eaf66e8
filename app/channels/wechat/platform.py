"""The verbs of the WeChat official account (公众号, 服务号)."""

import os
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from app.channels.base import Capability, DeliveryError, Inbound, Outbound, Outcome, Refusal, Request, Undecodable
from app.channels.text import carriable
from app.channels.wechat import codec, crypto, limits, menus
from app.channels.wechat.account import Account, Mode, read_account
from app.channels.wechat.fields import is_json

if TYPE_CHECKING:  # imported with the first call: see Sender
    import httpx


class WeChat:
    name: ClassVar[str] = "wechat"
    capability: ClassVar[Capability] = limits.CAPABILITY
    acknowledgement: ClassVar[tuple[bytes, str]] = (b"success", "text/plain")

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

    def answer(self, account: Account, inbound: Inbound, outbound: Outbound | None, now: datetime) -> tuple[bytes, str]:
        """A passive text reply, sealed with the current key unless the account is plain.

        A compatible account may get a plain push, but takes a sealed reply to it, so the mode alone decides. The text
        must already fit ``capability.text_bytes``; one with nothing to show is acknowledged like none.
        """
        content = carriable(_text(account, outbound)) if outbound else ""
        if not content.strip():
            return self.acknowledgement
        seconds = int(now.timestamp())
        reply = codec.text_reply(inbound, content, seconds)
        if account.mode is not Mode.plain:
            reply = _seal(account, inbound, reply, seconds)
        return reply, "application/json" if is_json(inbound.body) else "application/xml"

    async def fetch_token(self, http: "httpx.AsyncClient", account: Account, base_url: str) -> tuple[str, int]:
        if not account.app_secret:
            raise DeliveryError("no_secret", Outcome.operator, "the channel has no app secret")
        from app.channels.wechat import client  # here, because it imports httpx

        token = await client.fetch_stable_token(
            http, base_url=base_url, app_id=account.app_id, secret=account.app_secret
        )
        return token.value, token.expires_in

    async def send(
        self, http: "httpx.AsyncClient", account: Account, base_url: str, token: str, recipient: str, outbound: Outbound
    ) -> None:
        from app.channels.wechat import client

        await client.send_text(
            http, base_url=base_url, access_token=token, openid=recipient, text=_text(account, outbound)
        )


def _text(account: Account, outbound: Outbound) -> str:
    return menus.linked(outbound.text, outbound.choices) if account.menu_links else outbound.text


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
