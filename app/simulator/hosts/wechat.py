"""WeChat, played within the simulator: its accounts are the simulated channels, its viewers hold the phones."""

from collections import deque
from datetime import UTC, datetime
from json import dumps
from typing import Any

from app.channels.wechat.meanings import meaning
from app.conversations.accounts import Directory
from app.dialogue.endpoints import PREFIX
from app.simulator.addresses import WECHAT_API
from app.simulator.changes import Changes
from app.simulator.exchanges import CallExchange
from app.simulator.faces import ACCOUNTS, AccountFace
from app.simulator.hosts.outcomes import told
from app.simulator.phones import Bubble, Phone, Side, WeChatChat
from app.simulator.richtext import plain
from app.simulator.stage import Stage
from app.simulator.wechat.accounts import Kind, PlayedAccount
from app.simulator.wechat.apis.media import PUBLIC
from app.simulator.wechat.calling import inner, read_object
from app.simulator.wechat.contacts import Arrival, shown
from app.simulator.wechat.platform import Logged, PlayedWeChat

PLATFORM = "wechat"
LOGGED = 100
_TITLES = {"custom/typing": "[正在输入]", "user/info": "[查看观众资料]"}


class WeChatHost:
    def __init__(self, stage: Stage, changes: Changes, directory: Directory, address: str) -> None:
        """``address``: where this machine reaches the service's own webhooks."""
        self._address = address
        self._stage, self._changes, self._directory = stage, changes, directory
        self._names: dict[str, str] = {}
        """App id → channel."""
        self.played = PlayedWeChat(log=deque(maxlen=LOGGED), refresh=self._refresh, on_call=self._show)

    async def _refresh(self) -> None:
        accounts, self._names = {}, {}
        for face in (face for face in ACCOUNTS.values() if face.platform == PLATFORM):
            found = await self._directory.find(PLATFORM, face.channel)
            if found is None or not found.simulated:
                continue
            app_id = found.credentials.app_id
            account = self.played.accounts.get(app_id) or self._account(face, found.credentials)
            account.pushed, account.verified = found.credentials, found.credentials.customer_service
            chats = [chat for _, chat in self._chats(face.key)]
            account.contacts = {chat.openid: chat.contact for chat in chats}
            accounts[app_id], self._names[app_id] = account, face.channel
        self.played.accounts = accounts

    def _account(self, face: AccountFace, credentials: Any) -> PlayedAccount:
        kind = Kind.service if face.sends else Kind.subscription
        webhook = f"{self._address}{PREFIX}{PLATFORM}/{face.channel}"
        return PlayedAccount(credentials, face.original_id, kind, webhook=webhook, automatic=True)

    def _chats(self, key: str) -> list[tuple[Phone, WeChatChat]]:
        found = ((phone, phone.chats.get(key)) for phone in self._stage)
        return [(phone, chat) for phone, chat in found if isinstance(chat, WeChatChat)]

    def _show(self, logged: Logged) -> None:
        """What the call brought stands on the phones, and the call itself on the wire of whom it concerns."""
        for phone, chat in self._chats(self._names.get(logged.app_id, "")):
            if chat.openid == logged.openid or chat.contact.phone:
                _bring(phone, chat, logged)
                self._changes.publish(phone.id)


def _bring(phone: Phone, chat: WeChatChat, logged: Logged) -> None:
    now, arrived = datetime.now(UTC), list(chat.contact.phone)
    chat.contact.phone.clear()
    text = arrived[0].text if arrived else _asked(logged)
    became = told(
        meaning(logged.code), accepted=logged.accepted, arrived=bool(arrived), answered=logged.answered
    )  # fmt: skip
    exchange = CallExchange(
        phone.next(), now, plain(text) or "[空]", f"POST {logged.path}", logged.request,
        dumps(logged.answer, ensure_ascii=False), logged.code, became, text, lost=not logged.answered,
    )  # fmt: skip
    chat.exchanges.append(exchange)
    for arrival in arrived:
        picture = _picture(arrival, logged.app_id)
        exchange.picture = exchange.picture or picture
        bubble = Bubble(phone.next(), Side.account, now, text="" if picture else arrival.text, picture=picture)
        bubble.exchange = exchange.number
        chat.bubbles.append(bubble)


def _picture(arrival: Arrival, app_id: str) -> str:
    media_id = str(arrival.content.get("media_id", "")) if arrival.kind == "image" else ""
    return f"{WECHAT_API}/{PUBLIC}?app={app_id}&id={media_id}" if media_id else ""


def _asked(logged: Logged) -> str:
    """What a call that brought nothing would have brought, or what it was."""
    if logged.api in _TITLES:
        return _TITLES[logged.api]
    body = read_object(logged.request.encode()) or {}
    if "template_id" in body:
        return shown("template", {name: inner(inner(body, "data"), name).get("value") for name in inner(body, "data")})
    kind = str(body.get("msgtype", ""))
    return shown(kind, inner(body, kind)) if kind else f"[{logged.api}]"
