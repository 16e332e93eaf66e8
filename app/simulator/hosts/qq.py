"""QQ, played within the simulator: its bot is the simulated channel, its users and the group are the phones."""

import re
from collections import deque
from datetime import UTC, datetime
from json import dumps
from typing import Any, NamedTuple

from app.channels.qq.account import Account as QQAccount
from app.channels.qq.addresses import Scene
from app.channels.qq.meanings import meaning
from app.conversations.accounts import Directory
from app.simulator.addresses import QQ_API
from app.simulator.changes import Changes
from app.simulator.exchanges import CallExchange, PushExchange
from app.simulator.faces import ACCOUNTS
from app.simulator.hosts.outcomes import told
from app.simulator.phones import Bubble, Button, Phone, QQChat, Side
from app.simulator.qq.api import PlayedQQ
from app.simulator.qq.judging import MEDIA, words
from app.simulator.qq.taking import Result
from app.simulator.qq.world import Bot, Call, World
from app.simulator.stage import Stage

PLATFORM = "qq"
CHANNEL = next(face.channel for face in ACCOUNTS.values() if face.platform == PLATFORM)
LOGGED = 100
_PLACE = re.compile(r"/(users|groups|interactions)/([^/]+)")
_TITLES = {"token": "[取凭据]", "files": "[上传文件]", "interactions": "[了结点按]", "recall": "[撤回]"}
_MINUTE = 60
Json = dict[str, Any]


def new_world(address: str) -> World:
    """``address``: of the service. The store has seen the ids of earlier processes, so they go on from the time."""
    begun = int(datetime.now(UTC).timestamp() * 1000) << 10
    return World(log=deque(maxlen=LOGGED), address=address + QQ_API, last_number=begun)


class Concerned(NamedTuple):
    phone: Phone
    chat: QQChat


class QQHost:
    def __init__(self, stage: Stage, changes: Changes, directory: Directory, world: World) -> None:
        self._stage, self._changes, self._directory = stage, changes, directory
        self.played = PlayedQQ(world, refresh=self._refresh, on_call=self._show)

    @property
    def bot(self) -> Bot | None:
        return next(iter(self.played.world.bots.values()), None)

    async def _refresh(self) -> None:
        found, bots = await self._directory.find(PLATFORM, CHANNEL), self.played.world.bots
        credentials = found.credentials if found is not None and found.simulated else None
        if not isinstance(credentials, QQAccount):
            bots.clear()
        elif credentials.app_id not in bots or bots[credentials.app_id].secret != credentials.app_secret:
            bots.clear()
            self.played.world.add(
                Bot(
                    credentials.app_id, credentials.app_secret, domains=credentials.link_domains,
                    buttons=credentials.buttons, markdown=credentials.markdown, sandbox=credentials.sandbox,
                )
            )  # fmt: skip

    # -------------------- what a call brings

    def _show(self, call: Call, result: Result) -> None:
        """The message stands on the phones of its place, the call on the wires of those whom it concerns."""
        concerned = self._concerned(call)
        for phone, chat in concerned:
            chat.exchanges.append(_exchange(phone, chat, call, arrived=result.seen is not None))
        if result.seen is not None and concerned:
            self._bring(call, result.seen.id, concerned)
        in_group = [phone.id for phone, chat in self._stage.members() if any(c.chat.group for c in concerned)]
        self._changes.publish(*dict.fromkeys([*(phone.id for phone, _ in concerned), *in_group]))

    def _concerned(self, call: Call) -> list[Concerned]:
        place = _PLACE.search(call.path)
        kind, target = (place[1], place[2]) if place else ("", "")
        chats = [
            Concerned(phone, chat) for phone in self._stage for chat in phone.chats.values() if isinstance(chat, QQChat)
        ]
        if call.api == "token":
            return [c for c in chats if c.chat.exchanges]
        if kind == "interactions":
            return [c for c in chats if _pushed(c.chat, tap=target)]
        here = [c for c in chats if c.chat.target == target and (c.chat.scene is Scene.group) == (kind == "groups")]
        asked = _names(call)
        return [c for c in here if asked and _pushed(c.chat, reply=asked)] or here

    def _bring(self, call: Call, platform_id: str, concerned: list[Concerned]) -> None:
        phone, chat = concerned[0]
        bubble = Bubble(
            chat.next(phone), Side.account, datetime.now(UTC), text=words(call.body), picture=_picture(call.body),
            buttons=_buttons(call.body), platform_id=platform_id,
        )  # fmt: skip
        if chat.group is not None and _names(call):
            bubble.quoted = phone.viewer.name
        if chat.exchanges:
            bubble.exchange = chat.exchanges[-1].number
        chat.bubbles.append(bubble)


def _pushed(chat: QQChat, *, reply: str = "", tap: str = "") -> bool:
    pushes = (exchange for exchange in chat.exchanges if isinstance(exchange, PushExchange))
    return any((reply and push.reply == reply) or (tap and push.tap == tap) for push in pushes)


def _names(call: Call) -> str:
    """The message or event that a message answers."""
    return str(call.body.get("msg_id") or call.body.get("event_id") or "")


def _exchange(phone: Phone, chat: QQChat, call: Call, *, arrived: bool) -> CallExchange:
    text = _TITLES.get(call.api) or words(call.body) or ("[图片]" if call.body.get("media") else "[空]")
    answered = call.answered is not None and call.answered < 500
    became = told(meaning(call.code), accepted=call.accepted, arrived=arrived, answered=answered)
    return CallExchange(
        phone.next(), datetime.now(UTC), text, f"{call.method} {call.path}", dumps(call.body, ensure_ascii=False),
        dumps(call.answer, ensure_ascii=False) if answered else "", call.code, became, text, lost=not answered,
        facts=_facts(chat, call), credential="", picture=_picture(call.body),
    )  # fmt: skip


def _facts(chat: QQChat, call: Call) -> tuple[tuple[str, str], ...]:
    if call.api == "token":
        lives = call.answer.get("expires_in")
        return (("有效", f"{lives} 秒；最后 60 秒再取会得到新的"),) if lives else ()
    credential = ("凭据", "请求头 Authorization: QQBot …")
    if call.api not in (Scene.c2c, Scene.group):
        return (credential,)
    asked = _names(call)
    if not asked:
        return (("方式", "主动消息：没有 msg_id，不占回复的次数"), credential)
    how = "event_id" if call.body.get("event_id") else "msg_id"
    facts = [("回复", f"{how} {asked} 的第 {call.body.get('msg_seq', 1)} 条（msg_seq）")]
    opened = chat.world.ledger.find(asked)
    if opened is not None:
        facts.append(("还能回", left_words(*opened.left(chat.world.clock.now()))))
    return (*facts, credential)


def left_words(count: int, rest: Any) -> str:
    """What a message still takes: ``rest`` is a timedelta."""
    minutes = int(rest.total_seconds() // _MINUTE)
    if not rest:
        return "0 条，窗口已经过了"
    return f"{count} 条，窗口还剩 {minutes} 分钟" if minutes else f"{count} 条，窗口还剩不到 1 分钟"


def _buttons(body: Json) -> tuple[Button, ...]:
    match body.get("keyboard"):
        case {"content": {"rows": [*rows]}}:
            found = [button for row in rows for button in row.get("buttons", ())]
            return tuple(Button(button["render_data"]["label"], button["action"]["data"]) for button in found)
    return ()


def _picture(body: Json) -> str:
    match body:
        case {"msg_type": kind, "media": {"file_info": str(file)}} if kind == MEDIA:
            return f"{QQ_API}/left/{file}"
    return ""
