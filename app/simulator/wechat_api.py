"""The platform's API, played for the simulated channels: credentials, and messages that the service sends by itself.

Small and honest: it refuses what the platform refuses, with the platform's codes, and always answers 200 as that does.
"""

import json
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from app.channels.wechat.account import Account as WeChatAccount
from app.channels.wechat.limits import PASSIVE_TEXT_BYTES
from app.conversations.accounts import Account, Directory
from app.simulator.acting import PLATFORM
from app.simulator.changes import Changes
from app.simulator.faces import ACCOUNTS
from app.simulator.phones import Bubble, CallExchange, Chat, Phone, Side
from app.simulator.richtext import plain
from app.simulator.stage import Stage

LIVES = timedelta(seconds=7200)
RENEWED = timedelta(seconds=300)
"""Before its end: from then on another token is given, and both work."""
LONGEST = 64 * 1024
SEND = "/cgi-bin/message/custom/send"
TOKEN = "/cgi-bin/stable_token"
Json = dict[str, Any]

_ESCAPE = re.compile(rb"\\u[0-9a-fA-F]{4}")
_WORDS = {
    0: ("ok", "已经送达观众的手机"),
    40001: ("invalid credential", "凭据不对"),
    40002: ("invalid grant_type", "grant_type 不对"),
    40003: ("invalid openid", "没有这个 openid：手机已经重置、收起，或者服务重启过"),
    40008: ("invalid message type", "模拟器只收文字消息"),
    40013: ("invalid appid", "没有这个 AppID"),
    40033: ("invalid charset", "正文里有 \\uXXXX 转义，观众会看到乱码"),
    40125: ("invalid appsecret", "AppSecret 不对"),
    41001: ("access_token missing", "没有带凭据"),
    42001: ("access_token expired", "凭据过期"),
    43004: ("require subscribe", "观众已经取消关注"),
    44002: ("empty post data", "没有正文"),
    44004: ("empty content", "文字是空的"),
    45002: ("content size out of limit", f"文字超过 {PASSIVE_TEXT_BYTES} 字节"),
    45015: ("response out of time limit or subscription is canceled", "离观众上次来消息超过了 48 小时"),
    45047: ("out of response count limit", "观众没有再来消息，客服消息的条数用完了"),
    47001: ("data format error", "正文不是 JSON"),
    48001: ("api unauthorized", "未认证的订阅号没有客服消息接口"),
}


@dataclass(frozen=True, slots=True)
class _Token:
    app_id: str
    until: datetime


@dataclass(frozen=True, slots=True)
class _Taken:
    """What became of a message: the platform's code, and the phone that it was meant for, where there is one."""

    errcode: int
    phone: Phone | None = None
    chat: Chat | None = None


class PlayedWeChat:
    def __init__(self, stage: Stage, changes: Changes, directory: Directory) -> None:
        self._stage, self._changes, self._directory = stage, changes, directory
        self._tokens: dict[str, _Token] = {}

    async def stable_token(self, raw: bytes, now: datetime) -> Json:
        """The same token until its last five minutes, as the platform gives it."""
        asked = _object(raw)
        if asked is None:
            return _answer(47001)
        if asked.get("grant_type") != "client_credential":
            return _answer(40002)
        account = await self._account(str(asked.get("appid", "")))
        if account is None:
            return _answer(40013)
        if not secrets.compare_digest(str(asked.get("secret", "")).encode(), (account.app_secret or "").encode()):
            return _answer(40125)
        token, known = self._current(account.app_id, now)
        return {"access_token": token, "expires_in": int((known.until - now).total_seconds())}

    async def send(self, token: str, raw: bytes, now: datetime) -> Json:
        """A customer-service text, brought to the phone or refused; both show on the phone's wire."""
        taken = await self._take(token, raw, now)
        answer = _answer(taken.errcode)
        if taken.phone is not None and taken.chat is not None:
            self._show(taken.phone, taken.chat, raw, answer)
        return answer

    def expire_tokens(self, now: datetime) -> None:
        """As if two hours had passed."""
        self._tokens = {value: _Token(token.app_id, now) for value, token in self._tokens.items()}

    # -------------------- credentials

    async def _account(self, app_id: str) -> WeChatAccount | None:
        found = await self._channel(app_id)
        return found.credentials if found else None

    async def _channel(self, app_id: str) -> Account | None:
        for name in ACCOUNTS:
            account = await self._directory.find(PLATFORM, name)
            if account is not None and account.simulated and account.credentials.app_id == app_id:
                return account
        return None

    def _current(self, app_id: str, now: datetime) -> tuple[str, _Token]:
        self._tokens = {value: token for value, token in self._tokens.items() if token.until > now - LIVES}
        for value, token in self._tokens.items():
            if token.app_id == app_id and token.until - now > RENEWED:
                return value, token
        value = f"SIM_{secrets.token_urlsafe(48)}"
        self._tokens[value] = _Token(app_id, now + LIVES)
        return value, self._tokens[value]

    # -------------------- messages

    async def _take(self, token: str, raw: bytes, now: datetime) -> _Taken:
        known = self._tokens.get(token)
        if known is None:
            return _Taken(40001 if token else 41001)
        account = await self._channel(known.app_id)
        if account is None or known.until <= now:
            return _Taken(42001)
        message = _object(raw)
        if message is None:
            return _Taken(47001 if raw else 44002)
        addressed = self._stage.chat_of(account.name, str(message.get("touser", "")))
        if addressed is None:
            return _Taken(40003)
        return _Taken(_judge(account, addressed[1], message, raw, now), *addressed)

    def _show(self, phone: Phone, chat: Chat, raw: bytes, answer: Json) -> None:
        text, now, code = _text(_object(raw) or {}), datetime.now(UTC), answer["errcode"]
        exchange = CallExchange(
            phone.next(), now, plain(text) or "[空]", f"POST {SEND}", raw.decode("utf-8", "replace"),
            json.dumps(answer, ensure_ascii=False), code, _WORDS[code][1], text,
        )  # fmt: skip
        chat.exchanges.append(exchange)
        if code == 0:
            chat.bubbles.append(Bubble(phone.next(), Side.account, now, text=text, exchange=exchange.number))
        self._changes.publish(phone.id)


def _judge(account: Account, chat: Chat, message: Json, raw: bytes, now: datetime) -> int:
    """The code for a message to a known viewer; only one that nothing speaks against counts."""
    if not account.credentials.customer_service:
        return 48001
    if _ESCAPE.search(raw):
        return 40033
    if message.get("msgtype") != "text":
        return 40008
    text = _text(message)
    if not text.strip():
        return 44004
    if len(text.encode()) > PASSIVE_TEXT_BYTES:
        return 45002
    return chat.ledger.take(now) if chat.following else 43004


def _text(message: Json) -> str:
    inner = message.get("text")
    return str(inner.get("content", "")) if isinstance(inner, dict) else ""


def _object(raw: bytes) -> Json | None:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _answer(code: int) -> Json:
    return {"errcode": code, "errmsg": _WORDS[code][0]}
