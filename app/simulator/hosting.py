"""The played platform within the simulator: its accounts are the simulated channels, its viewers hold the phones."""

from collections import deque
from datetime import UTC, datetime
from json import dumps
from typing import Any

from app.conversations.accounts import Directory
from app.dialogue.endpoints import PREFIX
from app.simulator.acting import PLATFORM
from app.simulator.changes import Changes
from app.simulator.faces import ACCOUNTS, AccountFace
from app.simulator.phones import Bubble, CallExchange, Chat, Phone, Side
from app.simulator.richtext import plain
from app.simulator.stage import Stage
from app.simulator.wechat.accounts import Kind, PlayedAccount
from app.simulator.wechat.calling import inner, read_object
from app.simulator.wechat.codes import meaning
from app.simulator.wechat.contacts import shown
from app.simulator.wechat.platform import Logged, PlayedWeChat

LOGGED = 100
DELIVERED = "已经送达观众的手机"
_TITLES = {"custom/typing": "[正在输入]", "user/info": "[查看观众资料]"}


class Hosting:
    def __init__(self, stage: Stage, changes: Changes, directory: Directory, address: str) -> None:
        """``address``: where this machine reaches the service's own webhooks."""
        self._address = address
        self._stage, self._changes, self._directory = stage, changes, directory
        self._names: dict[str, str] = {}
        """App id → channel."""
        self.played = PlayedWeChat(log=deque(maxlen=LOGGED), refresh=self._refresh, on_call=self._show)

    async def _refresh(self) -> None:
        accounts, self._names = {}, {}
        for face in ACCOUNTS.values():
            found = await self._directory.find(PLATFORM, face.channel)
            if found is None or not found.simulated:
                continue
            app_id = found.credentials.app_id
            account = self.played.accounts.get(app_id) or self._account(face, found.credentials)
            account.pushed, account.verified = found.credentials, found.credentials.customer_service
            chats = [phone.chats[face.channel] for phone in self._stage if face.channel in phone.chats]
            account.contacts = {chat.openid: chat.contact for chat in chats}
            accounts[app_id], self._names[app_id] = account, face.channel
        self.played.accounts = accounts

    def _account(self, face: AccountFace, credentials: Any) -> PlayedAccount:
        kind = Kind.service if face.sends else Kind.subscription
        webhook = f"{self._address}{PREFIX}{PLATFORM}/{face.channel}"
        return PlayedAccount(credentials, face.original_id, kind, webhook=webhook, automatic=True)

    def _show(self, logged: Logged) -> None:
        """What the call brought stands on the phones, and the call itself on the wire of whom it concerns."""
        channel = self._names.get(logged.app_id, "")
        for phone in self._stage:
            chat = phone.chats.get(channel)
            if chat is not None and (chat.openid == logged.openid or chat.contact.phone):
                _bring(phone, chat, logged)
                self._changes.publish(phone.id)


def _bring(phone: Phone, chat: Chat, logged: Logged) -> None:
    now, arrived = datetime.now(UTC), list(chat.contact.phone)
    chat.contact.phone.clear()
    text = arrived[0].text if arrived else _asked(logged)
    exchange = CallExchange(
        phone.next(), now, plain(text) or "[空]", f"POST {logged.path}", logged.request,
        dumps(logged.answer, ensure_ascii=False), logged.code, DELIVERED if arrived else meaning(logged.code), text,
    )  # fmt: skip
    chat.exchanges.append(exchange)
    for arrival in arrived:
        chat.bubbles.append(Bubble(phone.next(), Side.account, now, text=arrival.text, exchange=exchange.number))


def _asked(logged: Logged) -> str:
    """What a call that brought nothing would have brought, or what it was."""
    if logged.api in _TITLES:
        return _TITLES[logged.api]
    body = read_object(logged.request.encode()) or {}
    if "template_id" in body:
        return shown("template", {name: inner(inner(body, "data"), name).get("value") for name in inner(body, "data")})
    kind = str(body.get("msgtype", ""))
    return shown(kind, inner(body, kind)) if kind else f"[{logged.api}]"
